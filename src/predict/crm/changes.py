"""Changes: histories of overwritten columns, each row resolved to the record that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from predict.crm.identity import resolve
from predict.crm.overwritten import overwritten
from predict.crm.profile import ProfileColumn, ProfileType
from predict.crm.reader import Part, Reader
from predict.crm.stamps import column_us, start_of_day
from predict.crm.tables import KEY
from predict.crm.texttable import FILE, RECORD, TextTable
from predict.findings import Finding

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.definition.schema import Definition

#: A moment that never comes: nothing shows since when a field was tracked.
NEVER = 2**61
#: The key of leads in the grid; related profiles go by the column ``k:…`` that joins them.
LEAD = "lead_no"
_SHAPE = {
    "column": "string",
    "changed_us": "int64",
    "old": "string",
    "new": "string",
    "old_number": "float64",
    "new_number": "float64",
}


@dataclass(frozen=True)
class Tracked:
    """A column whose past is on record.

    Parameters
    ----------
    name : str
        Feature name, as in the profile.
    column : str
        Column of the grid with the value of the export.
    dtype : {"number", "category", "text"}
        How its values are read.
    olds : bool
        Whether changes hold the value before them; then a record without any change has always
        held what the export holds. Otherwise nothing is known before the first row.
    since_us : int or None
        Since when changes are on record; None where they always were.
    """

    name: str
    column: str
    dtype: ProfileType
    olds: bool
    since_us: int | None = None


@dataclass(frozen=True)
class Changes:
    """The changes of the records that one column of the grid points to.

    Parameters
    ----------
    key : str
        ``lead_no``, or ``k:…`` of a related profile.
    table : Ibis table
        ``column`` (of the grid), ``key``, ``changed_us``, ``old`` and ``new`` as text, and as
        ``old_number`` and ``new_number`` where the column holds numbers.
    tracked : tuple of Tracked
        The columns.
    """

    key: str
    table: ir.Table
    tracked: tuple[Tracked, ...]


@dataclass(frozen=True)
class Story:
    """One history table as it was read: which columns it tells of.

    Parameters
    ----------
    name : str
        Of ``[history.NAME]``.
    text : TextTable
        Its rows.
    fields : mapping of column to tuple of str
        What it calls each tracked column of its profile.
    """

    name: str
    text: TextTable
    fields: Mapping[str, tuple[str, ...]]


def read_stories(reader: Reader) -> tuple[Story, ...]:
    """Open the history tables and find which columns they track; their rows are read later.

    A column is tracked where ``fields`` names it, else where rows do, else where it was tracked
    when the model was trained. Of several tables the first tells.
    """
    definition = reader.definition
    texts: dict[str, TextTable] = {}
    said: dict[str, set[str]] = {}
    for name, spec in definition.history.items():
        old = [] if spec.old == "old" else [spec.old]
        needed = [spec.id, spec.field, *old, spec.new, spec.changed_at]
        text = texts[name] = reader.text(f"history.{name}", spec, needed)
        seen = text.table.select(field=text.table[spec.field].cast("string").strip()).distinct()
        said[name] = set(seen.to_pandas()["field"].dropna())
    told: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in texts}
    for feature, whose in overwritten(definition).items():
        column = feature.removeprefix(f"{whose.removeprefix('related.')}.")
        tables = {n: spec for n, spec in definition.history.items() if spec.of == whose}
        by_fields = [n for n, spec in tables.items() if column in spec.fields.values()]
        by_rows = [n for n in tables if column in said[n] and column not in tables[n].fields]
        by_model = list(tables) if feature in reader.types else []
        for name in [*by_fields, *by_rows, *by_model][:1]:
            theirs = tuple(n for n, ours in tables[name].fields.items() if ours == column)
            own = () if column in tables[name].fields else (column,)
            told[name][column] = (*theirs, *own)
    return tuple(Story(name, text, told[name]) for name, text in texts.items())


def tracked_names(definition: Definition, stories: Sequence[Story]) -> set[str]:
    """Return the feature names of the columns that history tables track."""
    return {
        f"{related}.{column}" if (related := definition.history[story.name].related) else column
        for story in stories
        for column in story.fields
    }


def read_changes(
    reader: Reader,
    stories: Sequence[Story],
    maps: Mapping[str, ir.Table],
    profile: Sequence[ProfileColumn],
) -> tuple[Part, tuple[Changes, ...]]:
    """Read the rows about tracked columns and resolve them to leads and related records.

    Parameters
    ----------
    reader : Reader
        Opens and parses.
    stories : sequence of Story
        From `read_stories`.
    maps : mapping
        From `read_links`.
    profile : sequence of ProfileColumn
        Types and grid columns of the profile.
    """
    whole = Part(reader.workspace.empty("changes", _SHAPE))
    columns = {p.name: p for p in profile}
    found: list[Changes] = []
    for story in stories:
        whole.sources[f"history.{story.name}"] = story.text
        own = {c: columns[n] for c in story.fields if (n := _feature(reader, story, c)) in columns}
        if own:
            found.append(_read_one(reader, story, own, maps, whole))
        else:
            sentence = "No row names a mutable column of the definition, so nothing is read of it."
            whole.findings.append(Finding("no-history", "note", f"history.{story.name}", sentence))
    return whole, together(found)


def together(changes: Sequence[Changes]) -> tuple[Changes, ...]:
    """Return changes with one table per key of the grid."""
    import ibis

    joined = []
    for key in dict.fromkeys(c.key for c in changes):
        same = [c for c in changes if c.key == key]
        table = ibis.union(*[c.table for c in same]) if len(same) > 1 else same[0].table
        joined.append(Changes(key, table, tuple(t for c in same for t in c.tracked)))
    return tuple(joined)


def _feature(reader: Reader, story: Story, column: str) -> str:
    related = reader.definition.history[story.name].related
    return f"{related}.{column}" if related else column


def _read_one(
    reader: Reader,
    story: Story,
    own: Mapping[str, ProfileColumn],
    maps: Mapping[str, ir.Table],
    whole: Part,
) -> Changes:

    spec = reader.definition.history[story.name]
    olds = spec.old in story.text.columns
    rows = _values(reader, story, own, olds, whole)
    rows = rows.mutate(column=_column_of(rows, story, own))
    dated = rows.filter(rows.changed_us.notnull())
    declared = spec.covers_from and start_of_day(spec.covers_from, reader.definition.time_zone)
    if declared:
        dated = dated.filter(dated.changed_us >= declared)
    if spec.related is None:
        found = resolve(dated, "carrier", spec.id_of, maps)
        found = found.mutate(key=found.lead_no)
        key = LEAD
    else:
        found = dated.mutate(key=dated.carrier)
        key = f"{KEY}{reader.definition.related[spec.related].key}"
    kept = found.filter(found.key.notnull()).select("column", "key", *list(_SHAPE)[1:])
    table = reader.workspace.materialise(kept, f"history_{story.name}")
    _tell(whole, story, rows, table, len(own))
    begun = dated.group_by("column").aggregate(since=dated.changed_us.min()).to_pandas()
    first = dict(zip(begun["column"], begun["since"].astype(int), strict=True))
    tracked = tuple(
        Tracked(
            p.name,
            p.column,
            p.dtype,
            olds,
            declared or (first.get(p.column, NEVER) if olds else None),
        )
        for p in own.values()
    )
    unseen = [t.name for t in tracked if t.since_us == NEVER]
    if unseen:
        sentence = (
            f"No change of {', '.join(unseen)} is on record, so nothing shows since when it is "
            "tracked; say covers_from, and what the export holds counts from that day on."
        )
        whole.findings.append(Finding("no-change", "warn", f"history.{story.name}", sentence))
    return Changes(key, table, tracked)


def _values(
    reader: Reader, story: Story, own: Mapping[str, ProfileColumn], olds: bool, whole: Part
) -> ir.Table:
    """Return the rows about own columns, parsed: numbers per column, for each its own notation."""
    import ibis

    spec = reader.definition.history[story.name]
    raw = story.text.table
    field = raw[spec.field].cast("string").strip()
    names = [n for c in own for n in story.fields[c]]
    text = replace(story.text, table=raw.filter(field.isin(names)))
    told = [spec.old, spec.new] if olds else [spec.new]
    parsers = dict.fromkeys([*told, spec.field], "text") | {spec.id: "id"}
    parsed = reader.parse(text, parsers | {spec.changed_at: "timestamp"}, stamps=[spec.changed_at])
    whole.rejects.append(parsed.rejects)
    whole.findings.extend(parsed.findings)
    rows = parsed.table
    none = ibis.null("string")
    rows = rows.select(
        FILE,
        RECORD,
        field=rows[spec.field],
        carrier=rows[spec.id],
        changed_us=column_us(rows[spec.changed_at]),
        old=rows[spec.old].nullif("") if olds else none,
        new=rows[spec.new].nullif(""),
    )
    numbers = []
    for column in [c for c, p in own.items() if p.dtype == "number"]:
        part = replace(text, table=raw.filter(field.isin(story.fields[column])), rejects=())
        read = reader.parse(part, dict.fromkeys(told, "number"))
        whole.rejects.append(read.rejects)
        numbers.append(
            read.table.select(
                number_file=read.table[FILE],
                number_record=read.table[RECORD],
                old_number=read.table[spec.old] if olds else ibis.null("float64"),
                new_number=read.table[spec.new],
            )
        )
    if not numbers:
        empty = ibis.null("float64")
        return rows.mutate(old_number=empty, new_number=empty)
    read_as = ibis.union(*numbers) if len(numbers) > 1 else numbers[0]
    joined = rows.left_join(
        read_as, [rows[FILE] == read_as.number_file, rows[RECORD] == read_as.number_record]
    )
    return joined.drop("number_file", "number_record")


def _column_of(rows: ir.Table, story: Story, own: Mapping[str, ProfileColumn]) -> ir.Value:
    import ibis

    branches: list[Any] = [
        (rows.field.isin(story.fields[column]), p.column) for column, p in own.items()
    ]
    return ibis.cases(*branches, else_=ibis.null("string"))


def _tell(whole: Part, story: Story, rows: ir.Table, kept: ir.Table, columns: int) -> None:
    total, used = int(rows.count().execute()), int(kept.count().execute())
    counts = {"rows": total, "used": used, "columns": columns}
    whole.counts.update({f"history {story.name}": total, f"history {story.name} used": used})
    sentence = (
        f"{used:,} of {total:,} changes of {columns} columns are used; the others belong to no "
        "record of this export, have no time, or lie before covers_from."
        if used < total
        else f"{used:,} changes of {columns} columns are used."
    )
    severity: Any = "warn" if used < total / 2 else "note"
    whole.findings.append(Finding("history", severity, f"history.{story.name}", sentence, counts))
