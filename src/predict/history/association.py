"""Association: how the values of raw columns go together with success, counted in the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from predict.crm.ids import hashed
from predict.crm.reader import Reader
from predict.crm.stamps import DAY, day_shift
from predict.crm.texttable import FILE, RECORD, TextTable, as_text
from predict.crm.typed import MISSING
from predict.history.horizons import Followed

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.crm.tables import Crm

#: A column with more different values is looked at by ranges, or by filled and blank alone.
MANY_VALUES = 200
#: Up to so many different numbers are looked at one by one.
FEW_NUMBERS = 12
#: Values that fewer leads share are not shown: they say little, and may be personal.
FEWEST = 20
_MILLION = 1_000_000


def judged(crm: Crm, followed: Followed) -> ir.Table:
    """Return the leads old enough to judge with what became of them.

    Returns
    -------
    Ibis table
        ``lead_no``, ``created_us``, ``y`` (1: reached the agreed stage in time), ``usual``
        (millionths: share of the leads created in the same month that did).
    """
    agreed = crm.definition.conversion
    leads = followed.of(agreed.stage) if not crm.definition.is_flat else _flat(crm, followed)
    window = max(round(agreed.within_days * DAY), 1)
    old = leads.filter(leads.followed_us >= window) if not crm.definition.is_flat else leads
    hit = (old.after_us < window).fill_null(False)
    rows = old.select("lead_no", "created_us", y=hit.cast("int64"))
    rows = rows.mutate(month=month_of(rows.created_us, crm))
    rates = rows.group_by("month").aggregate(wins=rows.y.sum(), n=rows.count())
    rates = rates.select("month", usual=(rates.wins * _MILLION // rates.n).cast("int64"))
    joined = rows.inner_join(rates, "month").select("lead_no", "created_us", "y", "usual")
    return crm.workspace.materialise(joined, "judged", order_by=["lead_no"])


def month_of(stamp: ir.Value, crm: Crm) -> ir.Value:
    """Return the first day of the month of a moment, on the definition's clocks."""
    shift = day_shift(crm.definition.time_zone, crm.exported_at.year)
    return ((stamp + shift) // _MILLION).as_timestamp("s").truncate("M").date()


def _flat(crm: Crm, followed: Followed) -> ir.Table:
    """Return each lead with 0 where its row is a success: a flat export waits for nothing."""
    won = crm.outcomes.filter(crm.outcomes.stage == crm.definition.conversion.stage)
    won = won.select("lead_no").distinct().mutate(after_us=0)
    return followed.leads.left_join(won, "lead_no").select(*followed.leads.columns, "after_us")


def column_cells(
    crm: Crm, text: TextTable, leads: ir.Table, names: Sequence[str], hidden: Sequence[str] = ()
) -> pd.DataFrame:
    """Count leads and successes by the values of raw columns of the leads' table.

    Parameters
    ----------
    crm : Crm
        The opened export.
    text : TextTable
        The leads' table as it was given.
    leads : Ibis table
        From `judged`.
    names : sequence of str
        Columns to look at.
    hidden : sequence of str
        Columns of which no value may be shown (personal): filled and blank alone are looked at.

    Returns
    -------
    DataFrame
        ``column``; ``kind`` ("blank", "filled", "value", "range", "later": a date more than a day
        after the lead's creation); ``value`` (text, or None); ``low``, ``high`` of a range;
        ``leads``; ``reached``; ``usual`` (how many of as many leads of the same months reach it).
        Values of fewer than `FEWEST` leads are left out.
    """
    import pandas as pd

    if not names:
        return pd.DataFrame(columns=_CELLS)
    table = _joined(crm, text, leads, names)
    facts = _facts(table, names)
    frames = [_presence(facts)]
    for i, name in enumerate(names):
        fact = facts.loc[name]
        if name in hidden or not fact["filled"]:
            continue
        if fact["numbers"] >= 0.99 * fact["filled"] and fact["distinct"] > FEW_NUMBERS:
            frames.append(_ranges(table, f"c{i}", name))
        elif fact["distinct"] <= MANY_VALUES:
            frames.append(_values(table, f"c{i}", name))
    cells = pd.concat([f for f in frames if len(f)], ignore_index=True)[_CELLS]
    return cells[cells["leads"] >= FEWEST].reset_index(drop=True)


_CELLS = ["column", "kind", "value", "low", "high", "leads", "reached", "usual"]


def _joined(crm: Crm, text: TextTable, leads: ir.Table, names: Sequence[str]) -> ir.Table:
    """Return the judged leads with the raw columns as ``c0`` …, blank as null."""
    columns = [f"c{i}" for i in range(len(names))]
    rows = raw_columns(crm, text, names).select("lead_no", *columns).inner_join(leads, "lead_no")
    kept = rows.select("lead_no", "created_us", "y", "usual", *columns)
    return crm.workspace.materialise(kept, "columns", order_by=["lead_no"])


def raw_columns(
    crm: Crm, text: TextTable, names: Sequence[str], *, archived: bool = False
) -> ir.Table:
    """Return raw columns of the leads' table, one row a lead: that of its first record.

    Parameters
    ----------
    crm : Crm
        The opened export.
    text : TextTable
        Its leads' table, or an archived one.
    names : sequence of str
        Columns.
    archived : bool
        The table is from the archive, where ids that are addresses are hashed.

    Returns
    -------
    Ibis table
        ``lead_no``, ``lead_id``, ``id_file`` and ``id_record`` (where the record stands), and the
        columns as ``c0`` …, as text without spaces around it, blank as null.
    """
    import ibis

    spec = crm.definition.leads
    ids = Reader(crm.workspace, crm.definition).parse(text, {spec.lead_id: "id"}).table
    # A column of any name must not meet one of ours, so the ids come under a name of their own.
    ids = ids.select(id_of_lead=ids[spec.lead_id], id_file=ids[FILE], id_record=ids[RECORD])
    leads = crm.leads.select("lead_id", "lead_no")
    known_as = hashed(leads.lead_id) if archived else leads.lead_id
    known = ids.inner_join(leads, ids.id_of_lead == known_as)
    order = ibis.window(group_by="lead_no", order_by=["id_file", "id_record"])
    first = known.mutate(place=ibis.row_number().over(order)).filter(lambda t: t.place == 0)
    raw = text.table.select(
        raw_file=text.table[FILE],
        raw_record=text.table[RECORD],
        **{f"c{i}": _told(text.table[name]) for i, name in enumerate(names)},
    )
    rows = first.inner_join(raw, [first.id_file == raw.raw_file, first.id_record == raw.raw_record])
    columns = [f"c{i}" for i in range(len(names))]
    return rows.select("lead_no", "lead_id", "id_file", "id_record", *columns)


def _told(column: ir.Value) -> ir.Value:
    import ibis

    text = as_text(column).strip().nullif("")
    return text.lower().isin(MISSING).ifelse(ibis.null("string"), text)


def _facts(table: ir.Table, names: Sequence[str]) -> pd.DataFrame:
    """Return counts per column, in one pass over the table."""
    import pandas as pd

    found: dict[str, ir.Value] = {
        "all": table.count(),
        "reached": table.y.sum(),
        "usual": table.usual.sum(),
    }
    for i in range(len(names)):
        text = table[f"c{i}"]
        filled = text.notnull()
        number = text.try_cast("float64")
        stamp = text.left(19).replace("T", " ").try_cast("timestamp")
        is_stamp = stamp.notnull() & number.isnull()
        created = (table.created_us // _MILLION).as_timestamp("s")
        late = (is_stamp & (stamp.epoch_seconds() > created.epoch_seconds() + 86_400)).fill_null(
            False
        )
        marks = {"filled": filled, "numbers": number.notnull(), "stamps": is_stamp, "late": late}
        found |= {f"{k}{i}": v.cast("int64").sum() for k, v in marks.items()}
        for mark, held in (("filled", filled), ("late", late)):
            found[f"{mark}_reached{i}"] = held.ifelse(table.y, 0).sum()
            found[f"{mark}_usual{i}"] = held.ifelse(table.usual, 0).sum()
        found[f"distinct{i}"] = text.nunique()
    row = table.aggregate(**found).to_pandas().fillna(0).to_dict("records")[0]
    keys = ["filled", "numbers", "stamps", "late", "distinct"]
    keys += [f"{mark}_{k}" for mark in ("filled", "late") for k in ("reached", "usual")]
    facts = {name: {k: int(row[f"{k}{i}"]) for k in keys} for i, name in enumerate(names)}
    whole = {k: int(row[k]) for k in ("all", "reached", "usual")}
    return pd.DataFrame.from_dict(
        {name: fact | whole for name, fact in facts.items()}, orient="index"
    )


def _presence(facts: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for name, fact in facts.iterrows():
        filled = {k: fact[f"filled_{k}"] for k in ("reached", "usual")}
        blank = {k: fact[k] - filled[k] for k in filled}
        rows.append([name, "filled", fact["filled"], filled])
        rows.append([name, "blank", fact["all"] - fact["filled"], blank])
        if fact["stamps"] >= 0.9 * max(fact["filled"], 1):
            late = {k: fact[f"late_{k}"] for k in filled}
            rows.append([name, "later", fact["late"], late])
    told = [
        [name, kind, None, None, None, n, k["reached"], k["usual"] / _MILLION]
        for name, kind, n, k in rows
    ]
    return pd.DataFrame(told, columns=_CELLS)


def _values(table: ir.Table, column: str, name: str) -> pd.DataFrame:
    known = table.filter(table[column].notnull())
    counted = known.group_by(value=known[column]).aggregate(**_sums(known))
    return _cells(counted.order_by("value").to_pandas(), name, "value")


def _ranges(table: ir.Table, column: str, name: str) -> pd.DataFrame:
    """Count by tenths of the values; many leads with one number make a range of their own."""
    import ibis

    known = table.mutate(number=table[column].try_cast("float64"))
    known = known.filter(known.number.notnull())
    cuts = {f"q{i}": known.number.quantile(i / 10) for i in range(11)}
    row = known.aggregate(**cuts).to_pandas().to_dict("records")[0]
    edges = [float(v) for v in row.values()]
    place: ir.Value = ibis.literal(0)
    for edge in sorted(set(edges)):
        many = edges.count(edge) > 1
        if many or edge > edges[0]:
            place = place + (known.number > edge).cast("int64")
        if many:
            place = place + (known.number >= edge).cast("int64")
    known = known.mutate(place=place)
    counted = known.group_by("place").aggregate(
        low=known.number.min(), high=known.number.max(), **_sums(known)
    )
    return _cells(counted.order_by("place").to_pandas(), name, "range")


def _sums(table: ir.Table) -> Mapping[str, ir.Value]:
    return {"leads": table.count(), "reached": table.y.sum(), "usual": table.usual.sum()}


def _cells(counted: pd.DataFrame, name: str, kind: str) -> pd.DataFrame:
    frame = counted.assign(column=name, kind=kind, usual=counted["usual"] / _MILLION)
    for missing in {"value", "low", "high"} - set(frame.columns):
        frame[missing] = None
    return frame[_CELLS]
