"""Open leads, graded by a model: what a promotion changes for sales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from predict.crm.people import rows_of_leads
from predict.crm.stamps import microseconds
from predict.history.building import Recipe, catalogue, feature_chunks
from predict.jobs.run import CHUNK_ROWS, fields_of, leads_of
from predict.scoring.lists import MatchedList, match_list
from predict.scoring.scorer import Scorer

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.learning.lead_model import LeadModel


def open_leads(crm: Crm) -> MatchedList:
    """Return the leads that are open when the export was made."""
    return match_list(crm, rows_of_leads(crm), microseconds(crm.exported_at)).only_open(crm)


def graded(crm: Crm, matched: MatchedList, model: LeadModel) -> pd.DataFrame:
    """Grade open leads.

    Parameters
    ----------
    crm : Crm
        The opened export.
    matched : MatchedList
        From `open_leads`.
    model : LeadModel
        Learned under the same definition.

    Returns
    -------
    pandas.DataFrame
        ``lead_id``, ``probability``, ``grade``, ``rated_qualified`` of every open lead that can
        be scored, in the order of the export.
    """
    import pandas as pd

    scorer = Scorer(model, crm.definition, "")
    features = catalogue(crm, Recipe.from_dict(model.card["data"]["recipe"]))
    parts = []
    chunks = feature_chunks(crm, matched.grid, features, rows=CHUNK_ROWS)
    for number, X in enumerate(chunks):
        low = number * CHUNK_ROWS
        here = matched.grid.filter(
            (matched.grid["row"] >= low) & (matched.grid["row"] < low + CHUNK_ROWS)
        )
        grid = here.order_by("row").to_pandas()
        leads, fields = leads_of(grid, scorer), fields_of(grid)
        scores = scorer.score(leads, X.drop(columns="row"), fields, wanted="none").scores
        kept = scores[scores["status"] == "scored"]
        parts.append(kept[["lead_id", "probability", "grade", "rated_qualified"]])
    return pd.concat(parts, ignore_index=True)


def grade_changes(now: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Return how the grades of the same leads by two models go together.

    Parameters
    ----------
    now, new : pandas.DataFrame
        From `graded`, by the model in use and by the new one.

    Returns
    -------
    pandas.DataFrame
        ``now``, ``new`` (grades), ``leads``, and of these ``gained`` and ``lost`` the rating as
        qualified; pairs of grades without a lead are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> now = pd.DataFrame({"lead_id": ["a", "b"], "grade": ["A", "B"]}).assign(
    ...     rated_qualified=[True, False])
    >>> new = now.assign(grade=["A", "A"], rated_qualified=True)
    >>> grade_changes(now, new).values.tolist()
    [['A', 'A', 1, 0, 0], ['B', 'A', 1, 1, 0]]
    """
    columns = ["lead_id", "grade", "rated_qualified"]
    both = now[columns].merge(new[columns], on="lead_id", suffixes=("_now", "_new"))
    before = both["rated_qualified_now"].astype(bool)
    after = both["rated_qualified_new"].astype(bool)
    both = both.assign(leads=1, gained=(after & ~before).astype(int))
    both = both.assign(lost=(before & ~after).astype(int))
    pairs = both.groupby(["grade_now", "grade_new"], sort=True)[["leads", "gained", "lost"]].sum()
    return pairs.reset_index().rename(columns={"grade_now": "now", "grade_new": "new"})
