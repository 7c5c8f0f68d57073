"""Lists: an incoming list matched to what the CRM knows, each row with what becomes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from predict.crm.parsing import Parsed
from predict.crm.profile import first_address, from_mail, mail_columns
from predict.crm.reader import Reader, parser, profile_value
from predict.crm.stamps import column_us
from predict.crm.tables import CRITERION, KEY, KNOWN
from predict.crm.texttable import as_text
from predict.errors import InputError, nearest
from predict.history.snapshots import standing

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.crm.texttable import TextTable

#: Why a row is not scored, as a reader is told.
STATUSES = {
    "scored": "",
    "unreadable": "the row cannot be read",
    "duplicate": "an earlier row has the same id",
    "suppressed": "this person is on the do-not-contact list",
    "customer": "this firm is a customer already",
    "converted": "this lead {reached} already",
    "closed": "this lead was closed already",
    "not open": "this lead came after the day the list is scored for",
}


_NOT_OPEN = ["customer", "converted", "closed", "duplicate", "not open"]


@dataclass(frozen=True)
class MatchedList:
    """A list, row by row, ready to be scored.

    Parameters
    ----------
    grid : Ibis table
        One record per row of the list: ``row`` (0-based, input order), ``lead_id``, ``lead_no``
        (null where the CRM does not know the lead), ``account_id``, ``created_us``, ``as_of_us``,
        ``status``, ``basis``, ``do_not_contact``, the episode at ``as_of`` (``episode``,
        ``started_us``, ``left_us``), profile (``p:…``) and criteria (``c:…``) columns.
    inputs : Ibis table
        ``row`` and the columns of the list as they came, as text.
    columns : tuple of str
        Headers of the list, in order.
    rejects : pandas.DataFrame
        Values that did not parse.
    unused : tuple of str
        Headers that nothing was made of.
    mapping : mapping of str to str
        Header of the list → our column.
    left_out : mapping of str to int
        Leads that are not open, by status, where only the open ones are scored.
    """

    grid: ir.Table
    inputs: ir.Table
    columns: tuple[str, ...]
    rejects: pd.DataFrame
    unused: tuple[str, ...]
    mapping: Mapping[str, str]
    left_out: Mapping[str, int] = field(default_factory=dict)

    def only_open(self, crm: Crm) -> MatchedList:
        """Return the rows still open and those suppressed; the others are counted by status.

        Rows without an id or a creation date are kept as unreadable.
        """
        grid = self.grid
        unusable = grid.lead_no.isnull() & (grid.status == "scored")
        grid = grid.mutate(status=unusable.ifelse("unreadable", grid.status))
        gone = grid.filter(grid.status.isin(_NOT_OPEN)).status.value_counts(name="n").to_pandas()
        kept = crm.workspace.materialise(
            grid.filter(~grid.status.isin(_NOT_OPEN)), "open_leads", order_by=["row"]
        )
        inputs = self.inputs.semi_join(kept.select("row"), "row")
        return replace(
            self,
            grid=kept,
            inputs=crm.workspace.materialise(inputs, "open_inputs", order_by=["row"]),
            left_out=dict(zip(gone["status"], gone["n"].astype(int), strict=True)),
        )


def match_list(
    crm: Crm, text: TextTable, as_of_us: int, mapping: Mapping[str, str] | None = None
) -> MatchedList:
    """Match the rows of a list to the CRM.

    Parameters
    ----------
    crm : Crm
        The opened export; its leads lend their behaviour and profile to rows with their id.
    text : TextTable
        The list as read.
    as_of_us : int
        The moment we look, exclusive, microseconds UTC.
    mapping : mapping of header to our column, optional
        From ``[lists.NAME]``; other headers stand for themselves.

    Raises
    ------
    InputError
        No column of the list is one that the model knows.
    """
    renamed = _mapped(crm, text, mapping or {})
    numbered = crm.workspace.materialise(_numbered(text), "list", order_by=["row"])
    given, rejects = _parsed(crm, text, renamed)
    grid = _statuses(crm, _grid(crm, numbered, given, as_of_us), as_of_us)
    table = crm.workspace.materialise(grid, "list_grid", order_by=["row"])
    inputs = numbered.left_join(text.table, ["_file", "_record"]).select("row", *text.columns)
    return MatchedList(
        grid=table,
        inputs=crm.workspace.materialise(inputs.order_by("row"), "list_inputs"),
        columns=text.columns,
        rejects=rejects,
        unused=tuple(c for c in text.columns if c not in renamed),
        mapping={header: ours for header, ours in renamed.items() if header != ours},
    )


def _known_columns(crm: Crm) -> list[str]:
    spec = crm.definition.leads
    roles = [spec.lead_id, spec.created_at, crm.definition.account_key]
    roles += [r.key for r in crm.definition.related.values()]
    profile = [p.name for p in crm.profile if "." not in p.name or p.name in spec.columns]
    criteria = crm.definition.criteria_fields
    mails = mail_columns(spec.of_class("personal"))
    return list(dict.fromkeys(c for c in [*roles, *profile, *criteria, *mails] if c))


def _mapped(crm: Crm, text: TextTable, mapping: Mapping[str, str]) -> dict[str, str]:
    """Return header → our column, for the headers that something is made of."""
    known = _known_columns(crm)
    missing = [h for h in mapping if h not in text.columns]
    if missing and len(missing) == len(mapping):
        near = nearest(missing[0], text.columns)
        raise InputError(
            f"the list has none of the headers that its mapping names, such as “{missing[0]}”",
            where=text.name,
            got=", ".join(text.columns[:12]),
            do=f"is it “{near}”?" if near else "correct [lists] in the definition",
        )
    renamed = {h: mapping.get(h, h) for h in text.columns}
    renamed = {h: ours for h, ours in renamed.items() if ours in known}
    if not renamed:
        hints = [f"“{h}” may be “{n}”" for h in text.columns if (n := nearest(h, known))]
        raise InputError(
            "no column of the list is one that the model knows",
            where=text.name,
            got=", ".join(text.columns[:12]),
            do="; ".join(hints[:3]) or "map its headers in [lists.NAME] of the definition",
        )
    for ours, times in Counter(renamed.values()).items():
        if times > 1:
            raise InputError(
                f"several columns of the list are read as “{ours}”",
                where=text.name,
                got=", ".join(h for h, o in renamed.items() if o == ours),
                do="keep one of them, or map only one in [lists.NAME]",
            )
    return renamed


def _numbered(text: TextTable) -> ir.Table:
    """Return file, record and row number of every record, those that cannot be read included."""
    import ibis

    rows = text.table.select("_file", "_record").mutate(readable=True)
    if text.rejects:
        ragged = ibis.memtable(
            {
                "_file": [r.file for r in text.rejects],
                "_record": [r.record for r in text.rejects],
                "readable": [False] * len(text.rejects),
            }
        ).cast({"_record": "int64"})
        rows = rows.union(ragged.distinct())
    order = ibis.window(order_by=["_file", "_record"])
    return rows.mutate(row=ibis.row_number().over(order).cast("int64"))


def _parsed(crm: Crm, text: TextTable, renamed: Mapping[str, str]) -> tuple[ir.Table, Any]:
    """Parse the list's columns as the CRM's were parsed at training."""
    definition = crm.definition
    spec = definition.leads
    types = {p.name: p.dtype for p in crm.profile}
    ids = {spec.lead_id, definition.account_key, *(r.key for r in definition.related.values())}
    parsers = {}
    for header, ours in renamed.items():
        if ours in ids:
            parsers[header] = "id"
        elif ours == spec.created_at:
            parsers[header] = "timestamp"
        else:
            parsers[header] = parser(types[ours]) if ours in types else "text"
    personal = {h for h, ours in renamed.items() if ours in spec.of_class("personal")}
    parsed = Reader(crm.workspace, definition).parse(text, parsers, personal=personal)
    return _typed(crm, parsed, renamed), parsed.rejects


def _typed(crm: Crm, parsed: Parsed, renamed: Mapping[str, str]) -> ir.Table:
    import ibis

    definition, rows = crm.definition, parsed.table
    spec = definition.leads
    headers = {ours: header for header, ours in renamed.items()}

    def column(ours: str | None) -> ir.Value:
        return rows[headers[ours]] if ours in headers else ibis.null("string")

    columns: dict[str, Any] = {
        "_file": rows["_file"],
        "_record": rows["_record"],
        "lead_id": column(spec.lead_id),
        "account_id": column(definition.account_key),
        "created_us": (
            column_us(rows[headers[spec.created_at]])
            if spec.created_at in headers
            else ibis.null("int64")
        ),
        "mail_key": ibis.null("string"),
    }
    mails = [column(c) for c in mail_columns(spec.of_class("personal")) if c in headers]
    derived: dict[str, Any] = {}
    if mails:
        columns["mail_key"] = first_address(mails).lower()
        derived = from_mail(first_address(mails), definition.reading.free_mail)
    for p in crm.profile:
        if p.name in headers:
            columns[p.column] = profile_value(column(p.name), p.dtype)
        elif p.name in derived:
            columns[p.column] = derived[p.name]
        else:
            kind = "float64" if p.dtype == "number" else "string"
            columns[p.column] = ibis.null(kind)
    for asked in definition.criteria_fields:
        columns[CRITERION + asked] = as_text(column(asked)).strip()
    for related in definition.related.values():
        columns[f"k:{related.key}"] = column(related.key).cast("string").strip()
    return rows.select(**columns)


def _grid(crm: Crm, numbered: ir.Table, given: ir.Table, as_of_us: int) -> ir.Table:
    """Lay the CRM's own columns over those of the list, for the leads it knows."""
    import ibis

    rows = crm.own_id(numbered.left_join(given, ["_file", "_record"]))
    rows = rows.select(*numbered.columns, *[c for c in given.columns if c[0] != "_"])
    for part in crm.related:
        own = [p.column for p in part.profile]
        rows = part.joined_to(rows.drop(*own))
    leads = crm.leads
    # Keys and stamps by which `predict.history.versions` finds what held at the look.
    overlaid = [c for c in leads.columns if c.startswith((KEY, KNOWN))]
    rows = rows.mutate(**{c: ibis.null(leads[c].type()) for c in overlaid if c not in rows.columns})
    overlaid += [p.column for p in crm.profile]
    overlaid += [c for c in leads.columns if c.startswith(CRITERION)]
    theirs = leads.select(
        "lead_no",
        known_id="lead_id",
        known_account="account_id",
        known_us="created_us",
        suppressed="suppressed",
        do_not_contact="no_contact",
        **{f"known {c}": c for c in overlaid},
    )
    joined = rows.left_join(theirs, rows.lead_id == theirs.known_id)
    known = joined.lead_no.notnull()
    as_of = ibis.literal(as_of_us, type="int64")
    values = {
        c: known.ifelse(joined[f"known {c}"], joined[c]) for c in overlaid if c in joined.columns
    }
    return joined.select(
        "row",
        "readable",
        "lead_id",
        "lead_no",
        "mail_key",
        suppressed=joined.suppressed.fill_null(False),
        do_not_contact=joined.do_not_contact.fill_null(""),
        account_id=known.ifelse(joined.known_account, joined.account_id),
        created_us=known.ifelse(joined.known_us, joined.created_us.fill_null(as_of)),
        as_of_us=as_of,
        **values,
    )


def _statuses(crm: Crm, grid: ir.Table, as_of_us: int) -> ir.Table:
    import ibis

    definition = crm.definition
    # Someone who came back after an end is open again: what ended before is of another episode.
    stood = standing(crm, as_of_us)
    told = [c for c in stood.columns if c != "lead_no"]
    grid = grid.left_join(stood, "lead_no").select(*grid.columns, *told)
    grid = grid.mutate(
        started_us=grid.started_us.fill_null(grid.created_us),
        episode=grid.episode.fill_null(1),
        reached=grid.reached.fill_null(False),
        closed=grid.closed.fill_null(False),
    )
    grid = grid.left_join(crm.customers, "account_id").select(*grid.columns, "customer_us")
    listed = crm.suppression.key
    order = ibis.window(group_by="lead_id", order_by="row")
    grid = grid.mutate(copy=ibis.row_number().over(order))
    suppressed = (
        grid.suppressed
        | grid.lead_id.isin(listed).fill_null(False)
        | grid.mail_key.isin(listed).fill_null(False)
    )
    status = ibis.cases(
        (~grid.readable, "unreadable"),
        (grid.lead_id.notnull() & (grid.copy > 0), "duplicate"),
        (suppressed, "suppressed"),
        ((grid.customer_us < grid.as_of_us).fill_null(False), "customer"),
        (grid.reached, "converted"),
        (grid.closed, "closed"),
        (grid.created_us > grid.as_of_us, "not open"),
        else_="scored",
    )
    no_behaviour = not definition.events
    full = grid.lead_no.notnull() | ibis.literal(no_behaviour)
    return grid.mutate(status=status, basis=full.ifelse("full", "profile")).drop(
        "readable",
        "suppressed",
        "mail_key",
        "copy",
        "customer_us",
        "reached",
        "closed",
    )
