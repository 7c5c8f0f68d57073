"""Recent: the first looks of the leads that came lately, old enough to judge or not."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from predict.crm.stamps import microseconds
from predict.history.building import Recipe, all_looks, catalogue, feature_chunks
from predict.history.snapshots import not_customers

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.tables import Crm


def recent_first_looks(
    crm: Crm, recipe: Recipe, *, since: datetime
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the first look of each lead whose first look is not before ``since``.

    Parameters
    ----------
    crm : Crm
        An opened export.
    recipe : Recipe
        Of the model: which columns there are.
    since : datetime
        Naive UTC, inclusive.

    Returns
    -------
    keys : pandas.DataFrame
        ``lead_id``, ``as_of`` (naive UTC), by time, then lead.
    X : pandas.DataFrame
        Features of the same rows; what a column of the model's that the export has no longer
        would hold is not there.
    """
    import ibis
    import pandas as pd

    exported_us = microseconds(crm.exported_at)
    looks = not_customers(all_looks(crm))
    by_lead = ibis.window(group_by="lead_no", order_by=["as_of_us"])
    first = looks.mutate(place=ibis.row_number().over(by_lead)).filter(lambda t: t.place == 0)
    first = first.filter((first.as_of_us >= microseconds(since)) & (first.as_of_us < exported_us))
    order = ibis.window(order_by=["as_of_us", "lead_id"])
    numbered = first.drop("place").mutate(row=ibis.row_number().over(order).cast("int64"))
    grid = crm.workspace.materialise(numbered, "recent", order_by=["row"])
    keys = grid.select("lead_id", "as_of_us").order_by("as_of_us", "lead_id").to_pandas()
    chunks = list(feature_chunks(crm, grid, catalogue(crm, recipe)))
    X = pd.concat(chunks, ignore_index=True).sort_values("row", ignore_index=True)
    keys["as_of"] = keys.pop("as_of_us").astype("datetime64[us]")
    return keys, X.drop(columns="row")
