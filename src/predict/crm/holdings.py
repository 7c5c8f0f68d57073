"""Holdings: what an export consists of, as it was given: rows, spans, gaps of each table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.crm.reader import Reader
from predict.crm.stamps import DAY, column_us, day_shift, microseconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.crm.texttable import TextTable
    from predict.definition.exports import Export

#: What tables call the column that says when a row came to be.
_MOMENTS = ("created_at", "occurred_at", "entered_at", "changed_at")
#: Up to so many days a time line is drawn by week, beyond by month.
BY_WEEK_DAYS = 26 * 7
_COLUMNS = ["table", "role", "by", "file", "rows", "held", "columns", "first_us", "last_us"]
_COLUMNS += ["silent_days", "silent_us"]


def raw_tables(crm: Crm, *, frames: bool = False) -> Iterator[tuple[str, Export, TextTable]]:
    """Yield every table of files or SQL once more as text, as it was given.

    Nothing is converted twice.

    Parameters
    ----------
    crm : Crm
        An opened export.
    frames : bool
        Tables handed over as data frames too, from the files that they were written to.
    """
    reader = Reader(crm.workspace, crm.definition)
    for name, spec in crm.definition.tables():
        if spec.path is not None or spec.sql is not None:
            yield name, spec, reader.text(name, spec, [])
        elif frames:
            files = [str(s["path"]) for s in crm.sources if s["table"] == name]
            if files and all(Path(f).is_file() for f in files):
                yield name, spec, reader.text(name, spec.model_copy(update={"path": files}), [])


def holdings(crm: Crm) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what was given, and how its rows lie in time.

    Returns
    -------
    tables : DataFrame
        One row a table of the definition: ``table`` (key path), ``role`` (its section), ``by``,
        ``file``, ``rows`` that count, ``held`` (all, those left out by ``where`` too),
        ``columns``, ``first_us`` and ``last_us`` of its moments, and the longest run of whole days
        without a row: ``silent_days``, from ``silent_us``. Missing where a table has no moments.
    rows : DataFrame
        ``table``, ``period`` (first day of a week or month on the definition's clocks), ``rows``;
        periods without rows are absent. By week where all tables together span half a year at most.
    """
    import pandas as pd

    reader = Reader(crm.workspace, crm.definition)
    shift = day_shift(crm.definition.time_zone, crm.exported_at.year)
    told, dated = [], {}
    for name, spec, text in raw_tables(crm):
        role, _, _ = name.partition(".")
        column = next((c for m in _MOMENTS if (c := getattr(spec, m, None))), None)
        facts: dict[str, Any] = {
            "table": name,
            "role": role,
            "by": getattr(spec, "by", None),
            "file": text.name,
            "rows": int(text.table.count().execute()),
            "held": _held(reader, name, spec),
            "columns": len(text.columns),
        }
        if column is not None and column in text.columns:
            # A day without a time is shown as that day, so it is not put at its end here.
            rows = reader.parse(text, {column: "timestamp"}).table
            days = _days(rows.filter(rows[column].notnull()), column, shift)
            dated[name] = crm.workspace.materialise(days, f"{name} days", order_by=["day"])
            facts |= _span(dated[name], shift)
        told.append(facts)
    tables = pd.DataFrame(told, columns=_COLUMNS)
    return tables, _periods(dated, tables)


def _held(reader: Reader, name: str, spec: Export) -> int:
    """Return the rows of a table, those that the definition does not ask for too."""
    whole = reader.text(name, spec.model_copy(update={"where": {}}), []).table
    return int(whole.count().execute())


def _days(rows: ir.Table, column: str, shift: int) -> ir.Table:
    stamp = column_us(rows[column])
    return rows.group_by(day=(stamp + shift) // DAY).aggregate(
        rows=rows.count(), first_us=stamp.min(), last_us=stamp.max()
    )


def _span(days: ir.Table, shift: int) -> dict[str, int]:
    """Return first and last moment, and the longest silence between them."""
    import ibis

    before = days.day.lag().over(ibis.window(order_by="day"))
    gaps = days.mutate(silent=(days.day - before - 1).fill_null(0))
    row = gaps.aggregate(
        first_us=gaps.first_us.min(),
        last_us=gaps.last_us.max(),
        silent_days=gaps.silent.max(),
        silent_us=(gaps.day - gaps.silent).argmax(gaps.silent) * DAY - shift,
    ).to_pandas()
    if row["first_us"].isna()[0]:
        return {}
    return {name: int(row[name][0]) for name in row.columns}


def _periods(dated: dict[str, ir.Table], tables: pd.DataFrame) -> pd.DataFrame:
    import ibis
    import pandas as pd

    columns = ["table", "period", "rows"]
    if not dated or tables["first_us"].isna().all():
        return pd.DataFrame(columns=columns)
    span = (tables["last_us"].max() - tables["first_us"].min()) / DAY
    unit = "W" if span <= BY_WEEK_DAYS else "M"
    parts = []
    for name, days in dated.items():
        day = (days.day * (DAY // 1_000_000)).as_timestamp("s").truncate(unit).date()
        part = days.group_by(period=day).aggregate(rows=days.rows.sum().cast("int64"))
        parts.append(part.mutate(table=ibis.literal(name)).order_by("period").to_pandas())
    frame = pd.concat(parts, ignore_index=True)[columns]
    frame["period"] = [pd.Timestamp(p).date() for p in frame["period"]]
    frame.attrs["unit"] = "week" if unit == "W" else "month"
    return frame


def known_until(crm: Crm) -> int:
    """Return the moment up to which outcomes are in the export, in microseconds."""
    return microseconds(crm.exported_at) - round(crm.definition.conversion.export_lag_days * DAY)
