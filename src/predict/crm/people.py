"""People who were never a lead, such as contacts created directly: leads like the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from predict.crm.identity import read_links, resolve
from predict.crm.ids import ID, hashed
from predict.crm.profile import ProfileType, first_address, mail_columns
from predict.crm.reader import Part, Reader
from predict.crm.stamps import column_us
from predict.crm.texttable import FILE, RECORD, TextTable, as_text
from predict.findings import Finding

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.crm.tables import Crm

#: Which table a row is from: 0 is that of the leads. Decides between rows of one id and time.
ORIGIN = "_origin"


@dataclass(frozen=True)
class PeopleTables:
    """The tables of people as they were read, under the leads' headers.

    Parameters
    ----------
    texts : mapping of str to TextTable
        By name of the section.
    """

    texts: Mapping[str, TextTable]

    def agreed(
        self, reader: Reader, text: TextTable, declared: Mapping[str, str | None]
    ) -> dict[str, ProfileType]:
        """Return the types of the leads' profile columns that hold for people as well.

        A column that is a number among leads alone is a category.
        """
        types = reader.profile_types(text, declared)
        for other in self.texts.values():
            asked = {c: t for c, t in declared.items() if c in other.columns and t is None}
            theirs = reader.profile_types(other, asked)
            types |= {c: t for c, t in theirs.items() if t != types[c] and t == "category"}
        return types


def read_people(reader: Reader) -> PeopleTables:
    """Open every ``[people.…]`` as text; the columns that are named there exist."""
    definition, texts = reader.definition, {}
    for name, spec in definition.people.items():
        headers = spec.headers(definition.leads)
        text = reader.text(f"people.{name}", spec, list(headers))
        texts[name] = _under_our_headers(text, headers)
    return PeopleTables(texts)


def with_people(
    reader: Reader,
    rows: ir.Table,
    people: PeopleTables,
    parsers: Mapping[str, str],
    personal: Sequence[str],
    merged: ir.Table,
) -> tuple[ir.Table, Part]:
    """Put people below the rows of leads, typed alike, unless they are linked to a lead.

    Parameters
    ----------
    reader : Reader
        Whose definition has the tables.
    rows : Ibis table
        The leads, parsed, with ``_file`` and ``_record``.
    people : PeopleTables
        From `read_people`.
    parsers : mapping of header to type
        As the leads were parsed.
    personal : sequence of str
        Headers whose values are not shown.
    merged : Ibis table
        From `predict.crm.merged.read_merged`.

    Returns
    -------
    Ibis table, Part
        All rows, with ``_origin``; what was noticed and read.
    """
    import ibis

    every = rows.mutate(**{ORIGIN: ibis.literal(0)})
    whole = Part(rows)
    if not people.texts:
        return every, whole
    maps = _linked(reader, rows, merged)
    parts = [every]
    for i, (name, text) in enumerate(people.texts.items(), 1):
        here = {c: kind for c, kind in parsers.items() if c in text.columns}
        parsed = reader.parse(text, here, personal=[c for c in personal if c in here])
        whole.rejects.append(parsed.rejects)
        whole.findings.extend(parsed.findings)
        whole.sources[f"people.{name}"] = text
        new, total = parsed.table, int(parsed.table.count().execute())
        unless = reader.definition.people[name].unless
        if unless is not None:
            asked = new.mutate(_asked=_asked(reader, new, unless))
            found = resolve(asked, "_asked", (unless,), maps)
            found = found.filter(found.lead_no.isnull()).drop("lead_no", "_asked")
            new = reader.workspace.materialise(found, f"people_{name}")
        kept = int(new.count().execute())
        whole.counts.update(
            {f"people {name}": kept, f"people {name} linked to a lead": total - kept}
        )
        sentence = f"{kept:,} of {total:,} rows are leads too; {total - kept:,} are a lead already."
        counts = {"rows": total, "leads": kept}
        whole.findings.append(Finding("people", "note", f"people.{name}", sentence, counts))
        columns = {
            c: (new[c] if c in new.columns else ibis.null(kind)).cast(kind)
            for c, kind in rows.schema().items()
        }
        parts.append(new.select(**columns, **{ORIGIN: ibis.literal(i)}))
    return ibis.union(*parts), whole


def rows_of_leads(crm: Crm) -> TextTable:
    """Return the rows that leads and people were read from, under the leads' headers, as text.

    Records that were merged into others and people who are linked to a lead are left out. Where
    there are people, creation is written as the CRM holds it, in UTC, for two tables need not
    write dates alike; rows without an id or a date that can be read have none.
    """
    import ibis

    definition = crm.definition
    spec, reader = definition.leads, Reader(crm.workspace, definition)
    text = reader.text("leads", spec, [])
    people = read_people(reader)
    tables = [_own_rows(crm, reader, text, None)]
    for name, other in people.texts.items():
        rows = _own_rows(crm, reader, other, definition.people[name].unless)
        told = {
            c: as_text(rows[c]) if c in other.columns else ibis.null("string") for c in text.columns
        }
        # Two sections may read one file; places are kept apart.
        place = rows[FILE] + f" (people.{name})"
        tables.append(rows.select(**told, **{FILE: place, RECORD: rows[RECORD]}))
    if len(tables) == 1:
        return replace(text, table=tables[0])
    first = tables[0]
    as_read = {c: as_text(first[c]) for c in text.columns}
    tables[0] = first.select(**as_read, **{FILE: first[FILE], RECORD: first[RECORD]})
    every = ibis.union(*tables)
    known = crm.leads.select(
        known_id="lead_id",
        known_at=(crm.leads.created_us // 1_000_000)
        .as_timestamp("s")
        .strftime("%Y-%m-%d %H:%M:%S+00:00"),
    )
    joined = every.left_join(
        known, reader.formed(every[spec.lead_id].strip(), ID) == known.known_id
    )
    dated = joined.mutate(**{spec.created_at: joined.known_at}).select(*every.columns)
    rejects = (*text.rejects, *(r for t in people.texts.values() for r in t.rejects))
    table = crm.workspace.materialise(dated, "everyone", order_by=[FILE, RECORD])
    return replace(text, table=table, rejects=rejects, dates=None)


def _own_rows(crm: Crm, reader: Reader, text: TextTable, unless: str | None) -> ir.Table:
    """Leave out rows of merged records, and of people whose id is linked to another lead."""
    columns, rows = text.table.columns, text.table
    if not (unless or any(link.kind == "merged" for link in crm.definition.links.values())):
        return rows
    own = crm.leads.select(own_no="lead_no", own_id="lead_id")
    rows = rows.mutate(_own=_asked(reader, rows, None))
    for kind in ("lead", unless):
        if kind is not None:
            asked = rows.mutate(_asked=_asked(reader, rows, kind))
            found = resolve(asked, "_asked", (kind,), crm.links)
            found = found.left_join(own, found.lead_no == own.own_no)
            another = (found.own_id != found["_own"]).fill_null(False)
            rows = found.filter(~another).select(*columns, "_own")
    return rows.select(*columns)


def _asked(reader: Reader, rows: ir.Table, unless: str | None) -> ir.StringValue:
    """Return what people are looked for by in a link: their address where it holds addresses."""
    import ibis

    definition = reader.definition
    if unless in definition.links and definition.links[unless].kind == "email":
        named = mail_columns(definition.leads.of_class("personal"))
        mails = [as_text(rows[c]) for c in named if c in rows.columns]
        return hashed(first_address(mails)) if mails else ibis.null("string")
    return reader.formed(as_text(rows[definition.leads.lead_id]).strip(), ID)


def _under_our_headers(text: TextTable, headers: Mapping[str, str]) -> TextTable:
    """Rename columns; one that is not named makes way for the one that takes its name."""
    taken = set(headers.values())
    kept = [c for c in text.columns if c in headers or c not in taken]
    columns = tuple(headers.get(c, c) for c in kept)
    named = {headers.get(c, c): text.table[c] for c in kept}
    table = text.table.select(**named, **{c: text.table[c] for c in (FILE, RECORD)})
    dates = text.dates
    if isinstance(dates, Mapping):
        dates = {headers.get(c, c): said for c, said in dates.items()}
    return replace(text, table=table, columns=columns, dates=dates)


def _linked(reader: Reader, rows: ir.Table, merged: ir.Table) -> Mapping[str, ir.Table]:
    """Return the links that people are held against, resolved to the leads alone."""
    import ibis

    spec = reader.definition.leads
    only = [p.unless for p in reader.definition.people.values() if p.unless is not None]
    created = column_us(rows[spec.created_at])
    leads = rows.select(lead_id=rows[spec.lead_id], created_us=created)
    leads = leads.filter(leads.lead_id.notnull() & leads.created_us.notnull())
    leads = leads.anti_join(merged, leads.lead_id == merged.other_id)
    leads = leads.group_by("lead_id").aggregate(created_us=leads.created_us.min())
    numbered = ibis.row_number().over(ibis.window(order_by="lead_id"))
    leads = reader.workspace.materialise(leads.mutate(lead_no=numbered.cast("int64")), "leads_only")
    return read_links(reader, leads, merged, only).maps
