"""A survey of exports: per table its rows and columns, per column what it seems to hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.crm import calendars
from predict.crm.formats import date_formats, number_format, stripped
from predict.crm.gathering import Place
from predict.crm.guessing import GuessedType, guess_types
from predict.crm.sources import Workspace, read_text
from predict.crm.texttable import TextTable, as_text
from predict.errors import PredictError

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: Columns with at most so many different values are listed with them.
_FEW = 60
#: Ids of Salesforce: 15 characters in reports, 18 elsewhere.
_ID = r"^[a-zA-Z0-9]{5}0[a-zA-Z0-9]{9}(?:[A-Z0-5]{3})?$"
_PREFIX = 3
#: Share of a table that does not count as new.
_OLDER = 0.95


@dataclass(frozen=True)
class ColumnLook:
    """What a column seems to hold.

    Parameters
    ----------
    name : str
        Its header.
    kind : str
        As `predict.crm.guessing.guess_types` says.
    filled, distinct : int
        Values, different values.
    values : mapping of str to int
        The values with their rows, most frequent first; empty where there are many.
    first, last : datetime or None
        Of moments: the earliest and the latest, naive.
    dates_only : bool
        Of moments: none has a time of day.
    prefixes : tuple of str
        Of Salesforce ids: the three characters that tell whose ids they are.
    """

    name: str
    kind: GuessedType
    filled: int
    distinct: int
    values: Mapping[str, int] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None
    dates_only: bool = False
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableLook:
    """What a table holds.

    Parameters
    ----------
    place : Place
        Where it is.
    rows : int
        Rows that can be read.
    columns : mapping of str to ColumnLook
        By header, in the order of the file.
    options : mapping of str to str
        ``dates`` and ``decimal``, where the file can be read in two ways and one had to be assumed.
    notes : tuple of str
        What was noticed while reading, and what was assumed.
    problem : str or None
        Why it cannot be read; then there are no columns.
    """

    place: Place
    rows: int = 0
    columns: Mapping[str, ColumnLook] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    problem: str | None = None
    text: TextTable | None = field(default=None, repr=False, compare=False)
    _moments: Mapping[str, ir.TimestampValue] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def name(self) -> str:
        """How people call it."""
        return self.place.name

    def is_key(self, column: str) -> bool:
        """Say whether each row has a value of its own in a column."""
        look = self.columns[column]
        return 0 < self.rows == look.filled == look.distinct

    def moment(self, column: str) -> ir.TimestampValue | None:
        """Return a column as moments, those without a time zone as if in UTC; None if it is not."""
        return self._moments.get(column)

    def cell(self, column: str) -> ir.StringValue:
        """Return a column as text without outer blanks."""
        assert self.text is not None
        return stripped(as_text(self.text.table[column]))


@dataclass(frozen=True)
class Fill:
    """Shares of rows that have a value: among the newest leads and older ones, won and others."""

    young: float
    old: float
    won: float
    other: float


class Survey:
    """Looks at exports, as text, and counts; nothing is interpreted for good.

    Parameters
    ----------
    places : sequence of Place
        From `predict.crm.gathering.gather`.
    folder : Path
        Where their paths start.

    Attributes
    ----------
    tables : list of TableLook
        One per place, in order.
    """

    def __init__(self, places: Sequence[Place], folder: Path) -> None:
        self.folder = folder
        self.workspace = Workspace()
        try:
            self.tables = [self._look(place) for place in places]
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Survey:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the working files; the looks stay."""
        self.workspace.close()

    def shared(self, one: TableLook, column: str, other: TableLook, key: str) -> int:
        """Return how many different values of a column stand in a column of another table."""
        return self._shared(one.cell(column), other.cell(key))

    def addresses(self, one: TableLook, column: str, other: TableLook, key: str) -> tuple[int, int]:
        """Return how many different addresses a column holds, and how many another table knows.

        Upper and lower case are the same; values without an @ are nobody's address.
        """
        cell = one.cell(column).lower()
        cell = cell.contains("@").ifelse(cell, None)
        return int(cell.nunique().execute()), self._shared(cell, other.cell(key).lower())

    def _shared(self, cell: ir.StringValue, known: ir.StringValue) -> int:
        theirs = known.name("theirs").as_table().distinct()
        ours = cell.name("ours").as_table().distinct()
        return int(ours.filter(ours.ours.isin(theirs.theirs)).count().execute())

    def pairs(self, table: TableLook, columns: Sequence[str]) -> list[tuple[tuple[str, ...], int]]:
        """Return the combinations of values of some columns, with their rows."""
        assert table.text is not None
        cells = {f"c{i}": table.cell(c) for i, c in enumerate(columns)}
        rows = table.text.table.select(**cells)
        counted = rows.group_by(list(cells)).aggregate(n=rows.count()).order_by(list(cells))
        frame = counted.to_pandas()
        return [
            (tuple("" if row[c] is None else str(row[c]) for c in cells), int(row["n"]))
            for row in frame.astype(object).where(frame.notna(), None).to_dict("records")
        ]

    def fills(
        self, table: TableLook, columns: Sequence[str], created: str, won: ir.BooleanValue | None
    ) -> dict[str, Fill]:
        """Return how full columns are, among the newest leads and the others, won and not.

        Parameters
        ----------
        created : str
            The column by which the newest twentieth of the rows is told.
        won : ibis boolean, optional
            Of rows of the table.
        """
        if not columns or created not in table._moments:
            return {}
        assert table.text is not None
        cells = {f"c{i}": table.cell(c).notnull() for i, c in enumerate(columns)}
        moment = table._moments[created].epoch_seconds()
        rows = table.text.table.select(
            **cells, at=moment, won=won.fill_null(False) if won is not None else moment.isnull()
        )
        limit = rows["at"].quantile(_OLDER).execute()
        rows = rows.mutate(young=rows["at"] >= limit)
        sides = {}
        for side in ("young", "won"):
            for yes in (True, False):
                held = rows.filter(rows[side] == yes)
                means = held.aggregate(**{c: held[c].cast("int64").mean() for c in cells})
                sides[side, yes] = means.to_pandas().fillna(0.0).to_dict("records")[0]
        return {
            column: Fill(*(float(sides[k][f"c{i}"]) for k in sides))
            for i, column in enumerate(columns)
        }

    def _look(self, place: Place) -> TableLook:
        spec = _Spec(place.path, place.sheet)
        try:
            text = read_text(self.workspace, spec, folder=self.folder)
            return _looked_at(place, text)
        except PredictError as error:
            found = f" ({error.got})" if error.got is not None else ""
            return TableLook(place, problem=f"{error.what}{found}")
        except OSError as error:
            return TableLook(place, problem=f"it cannot be opened ({error.strerror or error})")


@dataclass(frozen=True)
class _Spec:
    path: str
    sheet: str | None


def _looked_at(place: Place, text: TextTable) -> TableLook:
    names = list(text.columns)
    kinds = guess_types(text, names)
    cells = {name: stripped(as_text(text.table[name])) for name in names}
    sums: dict[str, Any] = {"rows": text.table.count()}
    for i, name in enumerate(names):
        sums[f"filled{i}"] = cells[name].count()
        sums[f"distinct{i}"] = cells[name].nunique()
        sums[f"ids{i}"] = cells[name].re_search(_ID).cast("int64").sum().fill_null(0)
    counted = text.table.aggregate(**sums).to_pandas().to_dict("records")[0]
    rows = int(counted["rows"])
    moments, only, options, assumed = _moments(text, [n for n in names if kinds[n] == "timestamp"])
    spans = _spans(text, moments)
    numbers = [n for n in names if kinds[n] == "number" and text.table[n].type().is_string()]
    try:
        number_format(text, numbers)
    except PredictError as error:
        options["decimal"] = "."
        assumed.append(f"{error.what}: the point is taken for the decimal sign")
    few, ids = {}, {}
    for i, name in enumerate(names):
        filled, distinct = int(counted[f"filled{i}"]), int(counted[f"distinct{i}"])
        if 0 < distinct <= _FEW and kinds[name] != "timestamp":
            few[name] = cells[name]
        if filled and int(counted[f"ids{i}"]) > 0.99 * filled:
            ids[name] = cells[name].substr(0, _PREFIX)
    values, prefixes = _frequent(text, few), _frequent(text, ids)
    looks = {
        name: ColumnLook(
            name,
            kinds[name],
            int(counted[f"filled{i}"]),
            int(counted[f"distinct{i}"]),
            values.get(name, {}),
            *spans.get(name, (None, None)),
            only.get(name, False),
            tuple(sorted(prefixes.get(name, ()))),
        )
        for i, name in enumerate(names)
    }
    notes = [f.sentence for f in text.findings] + assumed
    if text.rejects:
        notes.append(f"{len(text.rejects):,} records do not have the header's number of fields")
    return TableLook(place, rows, looks, options, tuple(notes), None, text, moments)


def _moments(
    text: TextTable, names: Iterable[str]
) -> tuple[dict[str, ir.TimestampValue], dict[str, bool], dict[str, str], list[str]]:
    """Return columns as moments, which of them hold days only, and what had to be assumed."""
    moments, only, options, assumed = {}, {}, {}, []
    written = [n for n in names if text.table[n].type().is_string()]
    try:
        told = date_formats(text, written)
    except PredictError:  # one column can be read in two ways: ask each for itself
        told = {}
    for name in names:
        column = text.table[name]
        if not column.type().is_string():
            moments[name], only[name] = column.cast("timestamp"), column.type().is_date()
            continue
        try:
            known = told.get(name) or date_formats(text, [name])[name]
            notation, only[name] = known.notation, known.dates_only
        except PredictError as error:
            notation, only[name] = calendars.sniffed(calendars.MONTH_FIRST), False
            options["dates"] = "%m/%d/%Y"
            assumed.append(f"{name}: {error.what}; the month is taken to come first")
        moments[name] = calendars.instant(stripped(column), notation)
    return moments, only, options, assumed


def _spans(
    text: TextTable, moments: Mapping[str, ir.TimestampValue]
) -> dict[str, tuple[datetime | None, datetime | None]]:
    if not moments:
        return {}
    sums: dict[str, Any] = {}
    for i, moment in enumerate(moments.values()):
        sums |= {f"first{i}": moment.min(), f"last{i}": moment.max()}
    row = text.table.aggregate(**sums).to_pandas().to_dict("records")[0]
    return {n: (_naive(row[f"first{i}"]), _naive(row[f"last{i}"])) for i, n in enumerate(moments)}


def _naive(value: Any) -> datetime | None:
    import pandas as pd

    return None if pd.isna(value) else pd.Timestamp(value).to_pydatetime().replace(tzinfo=None)


def _frequent(text: TextTable, cells: Mapping[str, ir.StringValue]) -> dict[str, dict[str, int]]:
    """Return, per column, its values with their rows, the most frequent first."""
    import ibis
    from ibis import selectors

    if not cells:
        return {}
    numbered = {f"c{i}": cell for i, cell in enumerate(cells.values())}
    long = text.table.select(**numbered).pivot_longer(
        selectors.all(), names_to="column", values_to="value"
    )
    held = long.filter(long.value.notnull())
    counted = held.group_by(["column", "value"]).aggregate(n=held.count())
    frame = counted.order_by(["column", ibis.desc("n"), "value"]).to_pandas()
    found: dict[str, dict[str, int]] = {name: {} for name in cells}
    names = dict(zip(numbered, cells, strict=True))
    for column, value, n in zip(frame["column"], frame["value"], frame["n"], strict=True):
        found[names[str(column)]][str(value)] = int(n)
    return found
