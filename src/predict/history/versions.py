"""Versions: what each profile column held at a look, not what the export holds today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from predict.crm.changes import LEAD, Changes, Tracked
from predict.crm.overwritten import declared
from predict.crm.stamps import start_of_day
from predict.crm.tables import KNOWN
from predict.history.snapshots import held

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.crm.tables import Crm

#: Before and after all moments.
ALWAYS, NEVER = -(2**62), 2**62


@dataclass(frozen=True)
class Spans:
    """The spans of time over which columns of the records of one key held their values.

    Parameters
    ----------
    key : str
        Column of the grid that points to the records.
    table : Ibis table
        ``column``, ``key``, ``from_us`` (the change), ``until_us`` (the next one), ``text``,
        ``number``. A change counts at looks *after* its moment.
    tracked : tuple of Tracked
        The columns.
    """

    key: str
    table: ir.Table
    tracked: tuple[Tracked, ...]


@dataclass(frozen=True)
class Begin:
    """Since when a profile column is known.

    Parameters
    ----------
    column : str
        Column of the grid.
    own : bool
        Whether it describes the lead itself: then what a list says of a person whom the CRM does
        not know is known, whatever the CRM's own columns went through.
    from_us : int or None
        The day from which it was filled.
    fixed : bool
        Whether it was filled at creation, so that leads created before that day have none, however
        late they are looked at.
    when : str or None
        Column of the grid with the moment at which the value became known.
    """

    column: str
    own: bool
    from_us: int | None
    fixed: bool
    when: str | None

    def value(self, grid: ir.Table) -> ir.Value:
        """Return the column where it was known at the look."""
        import ibis

        if self.when is not None:
            known = (grid[self.when] < grid.as_of_us).fill_null(False)
        else:
            known = (grid.created_us if self.fixed else grid.as_of_us) >= self.from_us
        if self.own:
            known = known | grid.lead_no.isnull()
        value = grid[self.column]
        return known.ifelse(value, ibis.null(value.type()))


@dataclass(frozen=True)
class Versions:
    """The past of the profile columns of one export.

    Parameters
    ----------
    spans : tuple of Spans
        Of mutable columns.
    begins : tuple of Begin
        Of columns with ``known_from``.
    """

    spans: tuple[Spans, ...]
    begins: tuple[Begin, ...]

    def at(self, grid: ir.Table) -> ir.Table:
        """Return the grid with its profile columns as they stood at each look.

        Parameters
        ----------
        grid : Ibis table
            ``row``, ``lead_no``, ``created_us``, ``as_of_us``, profile columns as the export holds
            them, keys of related profiles. A row without ``lead_no``, of a list, is a person whom
            the CRM does not know: what the list says of them holds.
        """
        for spans in self.spans:
            grid = _as_it_stood(grid, spans)
        known = {begin.column: begin.value(grid) for begin in self.begins}
        return grid.mutate(**known) if known else grid


def versions(crm: Crm) -> Versions:
    """Return the past of the profile columns of an export, laid out once for many grids."""
    definition = crm.definition
    begins = []
    for profile in crm.profile:
        said = declared(definition, profile.name)
        if said is None or said.known_from is None:
            continue
        day = said.known_from if isinstance(said.known_from, date) else None
        begins.append(
            Begin(
                profile.column,
                profile.name in definition.leads.columns,
                start_of_day(day, definition.time_zone) if day else None,
                said.cls == "fixed",
                None if day else KNOWN + profile.name,
            )
        )
    spans = tuple(Spans(c.key, _spans(crm, c), c.tracked) for c in crm.changes)
    return Versions(spans, tuple(begins))


def _spans(crm: Crm, changes: Changes) -> ir.Table:
    """Turn changes into spans of time.

    Of several changes at one moment the last of the chain holds (a → b, b → c: c), else the text
    that sorts last; and before them the first of the chain, else the text that sorts first. Thus
    the order of rows does not matter.
    """
    import ibis

    record = ["column", "key"]
    rows = changes.table.mutate(was=_marked(changes.table.old), now=_marked(changes.table.new))
    moment = [*record, "changed_us"]
    after = _of_moment(rows, moment, "now", "was", last=True)
    before = _of_moment(rows, moment, "was", "now", last=False)
    order = ibis.window(group_by=record, order_by="changed_us")
    after = after.select(
        *record,
        from_us=after.changed_us,
        until_us=after.changed_us.lead().over(order).fill_null(NEVER),
        text=after.new,
        number=after.new_number,
    )
    earlier = before.mutate(place=ibis.row_number().over(order))
    earlier = earlier.filter(
        (earlier.place == 0) & earlier.column.isin([t.column for t in changes.tracked if t.olds])
    )
    earlier = earlier.select(
        *record,
        from_us=ibis.literal(ALWAYS, type="int64"),
        until_us=earlier.changed_us,
        text=earlier.old,
        number=earlier.old_number,
    )
    return crm.workspace.materialise(
        after.union(earlier), "spans", order_by=["key", "column", "from_us"]
    )


def _marked(value: ir.Value) -> ir.Value:
    """Return a text that is never missing, so that no value equals no value."""
    return value.isnull().ifelse("", "=" + value.fill_null(""))


def _of_moment(
    rows: ir.Table, moment: Sequence[str], end: str, start: str, *, last: bool
) -> ir.Table:
    """Keep of the changes at one moment the one that nothing follows (or precedes)."""
    import ibis

    moved = rows.filter(rows[end] != rows[start])
    links = moved.select(
        **{f"link_{c}": moved[c] for c in moment}, link=moved[start], linked=ibis.literal(True)
    ).distinct()
    joined = rows.left_join(
        links,
        [*(rows[c] == links[f"link_{c}"] for c in moment), rows[end] == links.link],
    )
    free = joined.linked.isnull().ifelse(0, 1)
    value = ibis.desc(joined[end]) if last else joined[end]
    order = ibis.window(group_by=list(moment), order_by=[free, value])
    ranked = joined.mutate(place=ibis.row_number().over(order))
    return ranked.filter(ranked.place == 0).select(*rows.columns)


def _as_it_stood(grid: ir.Table, spans: Spans) -> ir.Table:
    import ibis

    past = held(spans.table, grid, spans.key)
    found: dict[str, Any] = {}
    for i, tracked in enumerate(spans.tracked):
        own = past.column == tracked.column
        value = past.number if tracked.dtype == "number" else past.text
        found[f"has {i}"] = own.any()
        found[f"held {i}"] = own.ifelse(value, ibis.null(value.type())).max()
    wide = past.group_by("row").aggregate(**found).rename({"held row": "row"})
    joined = grid.left_join(wide, grid["row"] == wide["held row"])
    values = {}
    for i, tracked in enumerate(spans.tracked):
        current = grid[tracked.column]
        none = ibis.null(current.type())
        otherwise = current if tracked.olds else none
        value = joined[f"has {i}"].fill_null(False).ifelse(joined[f"held {i}"], otherwise)
        if tracked.since_us is not None:
            value = (grid.as_of_us < tracked.since_us).ifelse(none, value)
        if spans.key == LEAD:
            value = grid.lead_no.isnull().ifelse(current, value)
        values[tracked.column] = value
    kept = [c for c in grid.columns if c not in values]
    return joined.select(*kept, **values)
