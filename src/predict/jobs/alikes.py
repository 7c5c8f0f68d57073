"""Alikes: past leads like those of a list, and what became of them; no name leaves the export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from predict.crm.stamps import DAY, microseconds
from predict.definition.stages import stage_words
from predict.history.building import Recipe, all_looks, catalogue, feature_chunks
from predict.history.outcomes import matured_until
from predict.history.snapshots import not_customers
from predict.report.folded import became, named
from predict.scoring import figures
from predict.scoring.alike import Alike, alike
from predict.scoring.reasons import by_concept
from predict.scoring.sides import side_grades, sides

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

    from predict.crm.tables import Crm
    from predict.scoring.scorer import Scorer

#: Past looks that are compared with, the newest: the features of each are computed anew.
MOST_LOOKS = 2_000


def alikes(
    crm: Crm,
    scorer: Scorer,
    concepts: pd.DataFrame,
    fits: Mapping[int, str],
    sources: Mapping[int, str],
    as_of: datetime,
) -> dict[int, tuple[str, ...]]:
    """Return, by row, a sentence for each of the past leads most like a lead.

    Parameters
    ----------
    crm : Crm
        The opened export.
    scorer : Scorer
        Model and words.
    concepts : pandas.DataFrame of shape (n, n_concepts)
        What each concept adds, in log-odds; index = row of the list. Leads scored on all features.
    fits, sources : mapping of row to str
        Fit and source, which a past lead must share.
    as_of : datetime
        The moment we look: of past leads only what was known and old enough to judge then is told.
    """
    if concepts.empty:
        return {}
    looks = _past(crm, as_of)
    if looks is None:
        return {}
    keys = looks.select("row", "lead_no", "created_us", "as_of_us", "won_us").to_pandas()
    keys["source"] = _source(crm, looks)
    features = catalogue(crm, Recipe.from_dict(scorer.model.card["data"]["recipe"]))
    X = pd.concat(feature_chunks(crm, looks, features), ignore_index=True)
    keys = keys.set_index("row").loc[X["row"]]
    fit, specs = scorer.model.full, scorer.specs("full")
    added = fit.contributions(X[fit.columns_.names])
    limits = scorer.model.card.get("sides", {}).get("full", {})
    letters, _ = side_grades(sides(added, specs), limits)
    own = [(fits.get(row, ""), sources.get(row, "")) for row in concepts.index]
    theirs = list(zip([letter or "" for letter in letters], keys["source"], strict=True))
    nearest = alike(concepts, own, by_concept(added, specs), theirs, keys["lead_no"].tolist())
    words = {spec.concept: spec.concept_words for spec in reversed(specs) if spec.reason}
    told = [_sentence(found, keys, words, scorer) for found in _flat(nearest)]
    return dict(zip(concepts.index, _grouped(told, nearest), strict=True))


def _past(crm: Crm, as_of: datetime) -> ir.Table | None:
    """Return the newest looks old enough to judge, with the moment the lead got there in time."""
    import ibis

    agreed = crm.definition.conversion
    now = min(microseconds(as_of), microseconds(crm.exported_at))
    limit = matured_until(now, agreed.within_days, agreed.export_lag_days)
    looks = not_customers(all_looks(crm))
    looks = looks.filter(looks.as_of_us <= limit)
    looks = looks.order_by([ibis.desc("as_of_us"), "lead_no"]).limit(MOST_LOOKS)
    reached = crm.outcomes.filter(crm.outcomes.stage == agreed.stage)
    reached = reached.select(reached_lead="lead_no", reached_us="occurred_us")
    window = max(round(agreed.within_days * DAY), 1)
    hits = looks.inner_join(reached, looks.lead_no == reached.reached_lead)
    hits = hits.filter(
        (hits.reached_us >= hits.as_of_us) & (hits.reached_us < hits.as_of_us + window)
    )
    first = hits.group_by(["lead_no", "as_of_us"]).aggregate(won_us=hits.reached_us.min())
    joined = looks.left_join(first, ["lead_no", "as_of_us"]).select(*looks.columns, "won_us")
    order = ibis.window(order_by=["lead_no", "as_of_us"])
    numbered = joined.mutate(row=ibis.row_number().over(order).cast("int64"))
    made = crm.workspace.materialise(numbered, "looks_alike", order_by=["row"])
    return made if int(made.count().execute()) else None


def _source(crm: Crm, looks: ir.Table) -> Sequence[str]:
    column = f"p:{crm.definition.leads.source}"
    if column not in looks.columns:
        return [""] * int(looks.count().execute())
    values = looks.order_by("row")[column].to_pandas()
    return [value if isinstance(value, str) else "" for value in values]


def _sentence(found: Alike, keys: pd.DataFrame, words: Mapping[str, str], scorer: Scorer) -> str:
    """Return what is told of a past lead: when it came, in what it is alike, what became of it."""
    past = keys.iloc[found.position]
    age = int(past["as_of_us"] - past["created_us"]) // DAY
    came = figures.day(pd.Timestamp(int(past["created_us"]), unit="us")).split(" ", 1)[1]
    seen = "on its first day" if age == 0 else f"after {age} day{'' if age == 1 else 's'}"
    shared = named([words[c] for c in found.shared if c in words])
    won = past["won_us"]
    days = None if won is None or np.isnan(won) else (int(won) - int(past["as_of_us"])) / DAY
    end = became(stage_words(scorer.goal.stage)[0], scorer.goal.reach, days)
    alike_in = f", alike in {shared}" if shared else ""
    return f"Came in {came}, looked at {seen}{alike_in}: {end}."


def _flat(nearest: Sequence[tuple[Alike, ...]]) -> list[Alike]:
    return [found for group in nearest for found in group]


def _grouped(told: Sequence[str], nearest: Sequence[tuple[Alike, ...]]) -> list[tuple[str, ...]]:
    groups, at = [], 0
    for group in nearest:
        groups.append(tuple(told[at : at + len(group)]))
        at += len(group)
    return groups
