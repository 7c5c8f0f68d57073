"""Counts: how many leads, looks and conversions a dataset is made of, and which are too young."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.crm.tables import Crm


def counted(crm: Crm, looks: ir.Table) -> dict[str, int]:
    """Return the counts of the export and of the looks at its leads.

    Parameters
    ----------
    crm : Crm
        The opened export.
    looks : Ibis table
        All looks before the export: ``lead_no``, ``young`` (not old enough to judge).

    Returns
    -------
    dict of str to int
        In the words of the manifest.
    """
    closing = list(crm.definition.closing_stages)
    ended = crm.outcomes.filter(crm.outcomes.stage.isin(closing)).lead_no.nunique()
    row = looks.aggregate(
        leads=looks.lead_no.nunique(),
        looks=looks.count(),
        young=looks.young.sum().fill_null(0),
        matured=looks.lead_no.nunique(where=~looks.young),
        ended=ended.as_scalar(),
    ).to_pandas()
    figures = {name: int(row[name][0]) for name in row.columns}
    return {
        **crm.counts,
        "leads looked at": figures["leads"],
        "leads without outcome": crm.counts["leads"] - figures["ended"],
        "looks": figures["looks"],
        "immature looks": figures["young"],
        "matured looks": figures["looks"] - figures["young"],
        "matured leads": figures["matured"],
    }


def cohorts(looks: ir.Table, keys: pd.DataFrame, time_zone: str) -> list[dict[str, object]]:
    """Return per month of creation: leads looked at, old enough to judge, converted.

    Parameters
    ----------
    looks : Ibis table
        All looks before the export: ``lead_no``, ``created_us``.
    keys : pandas.DataFrame
        The looks old enough to judge, sorted by time: ``lead_id``, ``created_at`` (naive UTC),
        ``y``. A lead counts as converted as of its first look.
    time_zone : str
        Whose months.
    """
    import pandas as pd

    every = looks.group_by("lead_no").aggregate(created_us=looks.created_us.min()).to_pandas()
    created = _months(every["created_us"].astype("datetime64[us]"), time_zone)
    first = keys.drop_duplicates("lead_id")
    judged = first.groupby(_months(first["created_at"], time_zone))["y"].agg(["size", "sum"])
    table = pd.concat([created.value_counts().rename("leads"), judged], axis=1)
    table = table.fillna(0).astype(int).sort_index()
    return [
        {
            "month": month,
            "leads": int(row["leads"]),
            "matured": int(row["size"]),
            "converted": int(row["sum"]),
        }
        for month, row in table.iterrows()
    ]


def _months(stamps: pd.Series, time_zone: str) -> pd.Series:
    return stamps.dt.tz_localize("UTC").dt.tz_convert(time_zone).dt.strftime("%Y-%m")
