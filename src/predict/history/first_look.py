"""First look: everything worth knowing about an export before a definition is agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from predict.crm.holdings import holdings, raw_tables
from predict.crm.personal import may_be_personal
from predict.crm.unlocks import Unlock, unlocks
from predict.history.association import column_cells, judged, month_of
from predict.history.coverage import joins, kinds
from predict.history.horizons import (
    HORIZONS,
    Followed,
    delay_curve,
    follow,
    horizon_table,
    seen_days,
    share_by,
    stage_delays,
)
from predict.history.suspects import suspects

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.crm.tables import Crm

#: Stages told with counts and delays, and those of them that get a table of horizons.
MOST_STAGES, MOST_TABLES = 12, 4
#: A stage that fewer leads reached is no candidate for success.
FEWEST_ARRIVALS = 20


@dataclass(frozen=True)
class FirstLook:
    """What an export holds, as frames; a page tells it.

    Parameters
    ----------
    crm : Crm
        The opened export: its definition, counts and findings.
    tables, periods : DataFrame
        From `predict.crm.holdings.holdings`.
    joins, kinds : DataFrame
        From `predict.history.coverage`.
    stages : DataFrame
        From `predict.history.horizons.stage_delays`, with ``role`` ("agreed", "lost", "other")
        and ``eventual``: the share of leads that get there as far as the export sees.
    horizons : mapping of str to DataFrame
        Stage → `predict.history.horizons.horizon_table`; the agreed stage first.
    curve : DataFrame
        Of the agreed stage, from `predict.history.horizons.delay_curve`.
    months : DataFrame
        ``month`` of creation, ``leads`` old enough to judge, ``reached`` the agreed stage in time.
    suspects : DataFrame
        From `predict.history.suspects.suspects`.
    columns : mapping of str to str
        Column of the leads' table → its class, "role", "protected" or "undeclared".
    unlocks : list of Unlock
        What one more export would add.
    followed : int
        Leads that could be learned from.
    """

    crm: Crm
    tables: pd.DataFrame
    periods: pd.DataFrame
    joins: pd.DataFrame
    kinds: pd.DataFrame
    stages: pd.DataFrame
    horizons: Mapping[str, pd.DataFrame]
    curve: pd.DataFrame
    months: pd.DataFrame
    suspects: pd.DataFrame
    columns: Mapping[str, str]
    unlocks: Sequence[Unlock]
    followed: int

    @property
    def agreed(self) -> dict[str, Any] | None:
        """The row of the agreed stage and time in ``horizons``; None where there is none."""
        conversion = self.crm.definition.conversion
        table = self.horizons.get(conversion.stage)
        if table is None:
            return None
        rows = table[table["days"] == conversion.within_days]
        whole = rows.astype(object).where(rows.notna(), None)
        found: list[dict[str, Any]] = whole.to_dict("records")  # type: ignore[assignment]
        return found[0] if found else None


def look(crm: Crm) -> FirstLook:
    """Look at an opened export.

    Parameters
    ----------
    crm : Crm
        From `predict.crm.opening.open_crm`; stays open.

    Returns
    -------
    FirstLook
        Raw columns are read once more from the files; of a table handed over as a data frame only
        what the definition maps is told.
    """
    followed = follow(crm)
    leads = judged(crm, followed)
    stages, horizons, curve = _success(crm, followed)
    tables, periods = holdings(crm)
    columns, found = _columns(crm, leads)
    return FirstLook(
        crm=crm,
        tables=tables,
        periods=periods,
        joins=joins(crm, leads),
        kinds=kinds(crm, followed),
        stages=stages,
        horizons=horizons,
        curve=curve,
        months=_months(crm, leads),
        suspects=found,
        columns=columns,
        unlocks=unlocks(crm, columns),
        followed=int(followed.leads.count().execute()),
    )


def _success(
    crm: Crm, followed: Followed
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], pd.DataFrame]:
    """Return stages, tables of horizons, and the curve of the agreed stage."""
    agreed = crm.definition.conversion
    roles = {agreed.stage: "agreed", **dict.fromkeys(agreed.lost_stages, "lost")}
    stages = stage_delays(followed).head(MOST_STAGES)
    stages = stages.assign(role=[roles.get(s, "other") for s in stages["stage"]])
    curve = delay_curve(followed, agreed.stage)
    if crm.definition.is_flat:
        return stages.assign(eventual=None), {}, curve
    curves = {s: delay_curve(followed, s) for s in stages["stage"]}
    stages["eventual"] = [share_by(c, seen_days(c)) for c in curves.values()]
    enough = (stages["leads"] >= FEWEST_ARRIVALS) & (stages["role"] == "other")
    others = list(stages.loc[enough, "stage"])[: MOST_TABLES - 1]
    days = (*HORIZONS, agreed.within_days)
    tables = {s: horizon_table(followed, s, days) for s in (agreed.stage, *others)}
    return stages, {s: t for s, t in tables.items() if len(t)}, curve


def _columns(crm: Crm, leads: ir.Table) -> tuple[dict[str, str], pd.DataFrame]:
    """Return the class of every column of the leads' table, and what its values say."""
    spec = crm.definition.leads
    roles = ("source", "campaign", "list", "account_id", "owner")
    keys = {spec.lead_id, spec.created_at, spec.outcome_column}
    text = next((t for name, _, t in raw_tables(crm) if name == "leads"), None)
    names = [c for c in (text.columns if text else ()) if c not in keys]
    classes = {getattr(spec, r): "role" for r in roles if getattr(spec, r)}
    classes |= {r.key: "role" for r in crm.definition.related.values()}
    classes |= {name: column.cls for name, column in spec.columns.items()}
    classes |= dict.fromkeys(crm.definition.never_use.columns, "protected")
    told = {name: classes.get(name, "undeclared") for name in names}
    hidden = [c for c, cls in told.items() if cls == "personal" or _hides(c, cls)]
    row = leads.aggregate(n=leads.count(), won=leads.y.sum().fill_null(0)).to_pandas()
    overall = int(row["n"][0]), int(row["won"][0])
    seen = {n: c for n, c in told.items() if c != "protected"}  # the others are not looked into
    whole = {n: c for n, c in seen.items() if text is not None and n not in text.lacking}
    cells = column_cells(crm, text, leads, list(whole), hidden) if text else None
    if cells is None or not len(cells):
        import pandas as pd

        cells = pd.DataFrame(
            columns=["column", "kind", "value", "low", "high", "leads", "reached", "usual"]
        )
    return told, suspects(cells, overall, told)


def _hides(column: str, cls: str) -> bool:
    """Tell whether values of a column stay off the page though nobody called it personal."""
    return cls in ("undeclared", "mutable", "hindsight") and may_be_personal(column)


def _months(crm: Crm, leads: ir.Table) -> pd.DataFrame:
    import pandas as pd

    month = month_of(leads.created_us, crm)
    counted = leads.group_by(month=month).aggregate(leads=leads.count(), reached=leads.y.sum())
    frame = counted.order_by("month").to_pandas().astype({"leads": int, "reached": int})
    return frame.assign(month=[pd.Timestamp(m).date() for m in frame["month"]])
