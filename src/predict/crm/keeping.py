"""Keeping: what of an export goes into the archive: typed, pseudonymous, in one order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from predict.crm.ids import hashed
from predict.crm.layout import roles_of
from predict.crm.leads import undeclared_columns
from predict.crm.personal import may_be_personal, names_somebody
from predict.crm.reader import Reader
from predict.crm.tables import value_column
from predict.crm.texttable import FILE, RECORD

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.crm.tables import Crm
    from predict.crm.texttable import TextTable
    from predict.definition.profiles import Profile

#: Classes of columns that are kept. Personal ones are not, nor who may be contacted.
KEPT_CLASSES = ("fixed", "mutable", "first_of", "last_of", "hindsight", "incumbent")
#: An undeclared column of words in which more than this share of the values differ from each other
#: is nobody's category: it names people, or holds free text.
_WORDS, _MOSTLY = r"\pL{2}", 0.5


@dataclass(frozen=True)
class Kept:
    """The rows of one table that are kept, of one of its files.

    Parameters
    ----------
    table : str
        Key path of the table: ``leads``, ``events.web``.
    rows : Ibis table
        Ordered by keys without ties. Texts are those of the export, since their type is decided
        over all values of the export that reads them; ids are in one form, moments microseconds.
    ids : tuple of str
        Columns with ids of leads, or of related profiles: whose rows these are.
    key : str or None
        Of a related profile that is no firm's: the column of leads that holds its id.
    decimal : str or None
        Decimal sign that was declared, or fixed by the source.
    named : Ibis table or None
        One row: per column, how many cells are kept empty since they name somebody.
    """

    table: str
    rows: ir.Table
    ids: tuple[str, ...]
    key: str | None = None
    decimal: str | None = None
    named: ir.Table | None = None

    def emptied(self) -> dict[str, int]:
        """Return how many cells of which column are kept empty, where there are any."""
        if self.named is None:
            return {}
        row = self.named.to_pandas().to_dict("records")[0]
        return {f"{self.table}.{column}": int(n) for column, n in row.items() if n}


def kept_tables(crm: Crm) -> Iterator[Kept]:
    """Yield what is kept of each table, table by table and file by file.

    No personal columns, no e-mail addresses, no histories of fields (they quote any field), no
    list of who must not be contacted. Who works on a lead is kept as a hash: only that it changed
    matters. Rows that belong to no lead of the export are left out.
    """
    read = _lead_rows(crm)
    yield from _leads(crm, read)
    yield from _related(crm, list(read.values()))
    for name, spec in crm.definition.events.items():
        yield _events(crm, name, spec.values)
    for name in crm.definition.outcomes:
        yield _outcomes(crm, name)
    for name, link in crm.definition.links.items():
        if link.kind != "email" and name in crm.links:
            yield _links(crm, name)


def _lead_rows(crm: Crm) -> dict[str, ir.Table]:
    """Return the rows of leads and people, by table: ids and creation, typed."""
    definition, reader = crm.definition, Reader(crm.workspace, crm.definition)
    roles = roles_of(definition)
    read = {}
    for name, text in crm.texts.items():
        if name == "leads" or name.startswith("people."):
            here = [c for c in _ids(crm) if c in text.columns]
            parsers = dict.fromkeys(here, "id") | {roles["created_at"]: "timestamp"}
            read[name] = reader.parse(text, parsers, personal=list(parsers)).table
    return read


def _ids(crm: Crm) -> list[str]:
    """Return the columns of leads that hold ids."""
    roles = roles_of(crm.definition)
    keys = [r.key for r in crm.definition.related.values()]
    return list(dict.fromkeys([roles["lead_id"], *_some(roles, "account_id"), *keys]))


def _leads(crm: Crm, read: Mapping[str, ir.Table]) -> Iterator[Kept]:
    definition = crm.definition
    spec, roles = definition.leads, roles_of(definition)
    ids = _ids(crm)
    own = crm.texts["leads"]
    columns = [*_declared(spec, definition.never_use.columns), *_some(roles, "source", "campaign")]
    columns += [*_some(roles, "list"), *([spec.outcome_column] if spec.outcome_column else [])]
    columns += [c.known_from for c in spec.columns.values() if isinstance(c.known_from, str)]
    asked = [
        c for c in undeclared_columns(definition, own) if c not in definition.never_use.columns
    ]
    columns += _harmless(own, [c for c in asked if not may_be_personal(c)])
    personal = {*spec.of_class("personal"), *definition.never_use.columns, *ids}
    known = crm.leads.select(known_id="lead_id")
    for name, rows in read.items():
        text = crm.texts[name]
        here = [c for c in ids if c in text.columns]
        parsed = rows.semi_join(known, rows[roles["lead_id"]] == known.known_id)
        made = {c: hashed(parsed[c]) for c in here}
        made |= {roles["created_at"]: parsed[roles["created_at"]]}
        owner = roles.get("owner")
        raw = [c for c in dict.fromkeys(columns) if c in text.columns and c not in personal]
        raw = [c for c in raw if c not in (owner, roles["created_at"])]
        whole = [*raw, owner] if owner in text.columns and owner not in personal else raw
        yield from _by_file(crm, name, text, parsed, made, whole, (roles["lead_id"],), owner=owner)


def _related(crm: Crm, leads: Sequence[ir.Table]) -> Iterator[Kept]:
    definition, reader = crm.definition, Reader(crm.workspace, crm.definition)
    never = set(definition.never_use.columns)
    for name, spec in definition.related.items():
        text = crm.texts[f"related.{name}"]
        parsed = reader.parse(text, {spec.their_key: "id"}).table
        parsed = parsed.filter(parsed[spec.their_key].notnull())
        made = {spec.their_key: hashed(parsed[spec.their_key])}
        raw = [c for c in _declared(spec, never) if f"{name}.{c}" not in never]
        raw = [c for c in raw if c in text.columns and c != spec.their_key]
        firm = spec.key == definition.account_key
        if not firm and crm.forgotten:
            parsed = _without_forgotten(crm, parsed, spec.their_key, leads, spec.key)
            made = {spec.their_key: hashed(parsed[spec.their_key])}
        ids, key = ((), None) if firm else ((spec.their_key,), spec.key)
        yield from _by_file(crm, f"related.{name}", text, parsed, made, raw, ids, key=key)


def _without_forgotten(
    crm: Crm, rows: ir.Table, their_key: str, leads: Sequence[ir.Table], key: str
) -> ir.Table:
    """Leave out the related rows of forgotten leads, unless another lead has them too."""
    import ibis

    lead_id = roles_of(crm.definition)["lead_id"]
    theirs = crm.forgotten.holds(rows[their_key])
    others = ibis.literal(False)
    for table in [t for t in leads if key in t.columns]:
        if crm.gone is not None:
            gone = table.filter(table[lead_id].isin(crm.gone.lead_id) & table[key].notnull())
            theirs = theirs | rows[their_key].isin(gone[key])
        known = table.filter(table[lead_id].isin(crm.leads.lead_id) & table[key].notnull())
        others = others | rows[their_key].isin(known[key])
    return rows.filter(~theirs | others)


def _by_file(
    crm: Crm,
    table: str,
    text: TextTable,
    parsed: ir.Table,
    made: Mapping[str, ir.Value],
    raw: Sequence[str],
    ids: tuple[str, ...],
    *,
    key: str | None = None,
    owner: str | None = None,
) -> Iterator[Kept]:
    """Yield the rows of each file of a table, for each writes numbers in its own way."""
    typed = parsed.select(**made, kept_file=parsed[FILE], kept_record=parsed[RECORD])
    given = text.table.select(*raw, FILE, RECORD)
    rows = typed.inner_join(
        given, [typed.kept_file == given[FILE], typed.kept_record == given[RECORD]]
    )
    texts = [c for c in raw if rows[c].type().is_string() and c != owner]
    shown: dict[str, Any] = {c: _unnamed(rows[c]) for c in texts}
    if owner in raw:
        shown[str(owner)] = rows[owner].cast("string").strip().hexdigest("sha256")
    names = sorted({f.name for f in text.files})
    staged = crm.workspace.materialise(
        rows.select(*made, **{c: shown.get(c, rows[c]) for c in raw}, **_place(rows)),
        f"{table} kept",
    )
    named = _named(rows, texts)
    for i, file in enumerate(names):
        part = staged.filter(staged[FILE] == file).order_by(RECORD).drop(FILE, RECORD)
        yield Kept(table, part, ids, key, text.decimal, None if i else named)


def _place(rows: ir.Table) -> dict[str, ir.Value]:
    return {FILE: rows.kept_file, RECORD: rows.kept_record}


def _events(crm: Crm, name: str, values: Iterable[str]) -> Kept:
    rows = crm.events.filter(crm.events.table == name)
    numbers = {f"value.{v}": rows[value_column(v)] for v in values}
    columns = {"kind": _unnamed(rows.kind), "asset": _unnamed(rows.asset)} | numbers
    return _of_leads(crm, f"events.{name}", rows, columns, _named(rows, ["kind", "asset"]))


def _outcomes(crm: Crm, name: str) -> Kept:
    rows = crm.outcomes.filter(crm.outcomes.table == name)
    columns = {"stage": rows.stage, "amount": rows.amount, "reason": _unnamed(rows.reason)}
    return _of_leads(crm, f"outcomes.{name}", rows, columns, _named(rows, ["reason"]))


def _of_leads(
    crm: Crm,
    table: str,
    rows: ir.Table,
    columns: Mapping[str, ir.Value],
    named: ir.Table | None,
) -> Kept:
    own = crm.leads.select(own_no="lead_no", own_id="lead_id")
    moments = {"occurred_us": rows.occurred_us, "known_us": rows.known_us}
    told = rows.select(told_no=rows.lead_no, **moments, **columns)
    joined = told.inner_join(own, told.told_no == own.own_no)
    kept = joined.select(
        lead_id=hashed(joined.own_id), **{c: joined[c] for c in (*moments, *columns)}
    )
    return Kept(table, kept.order_by(list(kept.columns)), ("lead_id",), named=named)


def _links(crm: Crm, name: str) -> Kept:
    own = crm.leads.select(own_no="lead_no", own_id="lead_id")
    pairs = crm.links[name]
    joined = pairs.inner_join(own, pairs.lead_no == own.own_no)
    rows = joined.select(lead_id=hashed(joined.own_id), other_id=hashed(joined.other_id))
    return Kept(f"links.{name}", rows.order_by("lead_id", "other_id"), ("lead_id",))


def _declared(spec: Profile, never: Iterable[str]) -> list[str]:
    return [c for cls in KEPT_CLASSES for c in spec.of_class(cls) if c not in set(never)]


def _some(roles: Mapping[str, str], *names: str) -> list[str]:
    return [roles[n] for n in names if n in roles]


def _named(rows: ir.Table, columns: Sequence[str]) -> ir.Table | None:
    """Count the cells of each column that name somebody."""
    sums = {c: names_somebody(rows[c]).cast("int64").sum().fill_null(0) for c in columns}
    return rows.aggregate(**sums) if sums else None


def _unnamed(text: ir.StringValue) -> ir.Value:
    """Return a text, without the cells that name somebody."""
    import ibis

    return names_somebody(text).ifelse(ibis.null("string"), text)


def _harmless(text: TextTable, names: Sequence[str]) -> list[str]:
    """Return the undeclared columns that hold neither a word per lead nor addresses."""
    table = text.table
    words = [c for c in names if table[c].type().is_string()]
    if not words:
        return list(names)
    sums: dict[str, Any] = {}
    for i, column in enumerate(words):
        said = table[column].re_search(_WORDS).fill_null(False)
        sums[f"n{i}"] = said.cast("int64").sum().fill_null(0)
        sums[f"d{i}"] = table[column].nunique(where=said)
        sums[f"f{i}"] = table[column].count()
        sums[f"p{i}"] = names_somebody(table[column]).cast("int64").sum().fill_null(0)
    row = table.aggregate(**sums).to_pandas().to_dict("records")[0]
    free = {
        c
        for i, c in enumerate(words)
        if row[f"d{i}"] > max(1, _MOSTLY * row[f"n{i}"]) or row[f"p{i}"] > _MOSTLY * row[f"f{i}"]
    }
    return [c for c in names if c not in free]
