"""Lists: an incoming list matched to what the CRM knows, each row with what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from predict.crm.forgotten import among
from predict.crm.parsing import Parsed
from predict.crm.profile import (
    first_address,
    from_mail,
    mail_columns,
    mail_keys,
    site_domain,
)
from predict.crm.reader import Reader, parser, profile_value
from predict.crm.stamps import column_us
from predict.crm.tables import CRITERION, KEY, KNOWN
from predict.crm.texttable import as_text
from predict.history.snapshots import standing
from predict.scoring.contents import Known
from predict.scoring.copies import whole_rows, with_copies
from predict.scoring.countries import as_written
from predict.scoring.fates import NOT_OPEN, STATUSES, ends_of, with_status
from predict.scoring.headers import Headers, map_headers, targets_of
from predict.scoring.matching import firms, people
from predict.scoring.remarks import remarks
from predict.scoring.synonyms import meaning_of

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.crm.texttable import TextTable

__all__ = ["STATUSES", "MatchedList", "match_list"]


@dataclass(frozen=True)
class MatchedList:
    """A list, row by row, ready to be scored.

    Parameters
    ----------
    grid : Ibis table
        One record per row of the list: ``row`` (0-based, input order), ``lead_id`` (the CRM's
        where it knows the person, else the list's), ``lead_no`` (null where it does not),
        ``matched_by``, ``mail_leads``, ``owner``, ``account_id``, ``created_us``, ``as_of_us``,
        ``status``, ``basis``, ``part``, ``do_not_contact``, the episode at ``as_of``
        (``episode``, ``started_us``, ``left_us``), profile (``p:…``) and criteria (``c:…``)
        columns.
    inputs : Ibis table
        ``row`` and the columns of the list as they came, as text.
    columns : tuple of str
        Headers of the list, in order.
    rejects : pandas.DataFrame
        Values that did not parse.
    headers : Headers
        What became of each header, how that was found and how sure it is.
    remarks : tuple of str
        What a reader should know first of how the columns were read; see `scoring.remarks`.
    left_out : mapping of str to int
        Leads that are not open, by status, where only the open ones are scored.
    """

    grid: ir.Table
    inputs: ir.Table
    columns: tuple[str, ...]
    rejects: pd.DataFrame
    headers: Headers
    remarks: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def unused(self) -> tuple[str, ...]:
        """Headers that nothing was made of."""
        return self.headers.unused

    @property
    def mapping(self) -> Mapping[str, str]:
        """Header of the list → our column, where the two differ."""
        return self.headers.mapping

    def only_open(self, crm: Crm) -> MatchedList:
        """Return the rows still open and those suppressed; the others are counted by status.

        Rows without an id or a creation date are kept as unreadable.
        """
        grid = self.grid
        unusable = grid.lead_no.isnull() & (grid.status == "scored")
        grid = grid.mutate(
            status=unusable.ifelse("unreadable", grid.status),
            part=unusable.ifelse("unreadable", grid.part),
        )
        gone = grid.filter(grid.status.isin(NOT_OPEN)).status.value_counts(name="n").to_pandas()
        kept = crm.workspace.materialise(
            grid.filter(~grid.status.isin(NOT_OPEN)), "open_leads", order_by=["row"]
        )
        inputs = self.inputs.semi_join(kept.select("row"), "row")
        return replace(
            self,
            grid=kept,
            inputs=crm.workspace.materialise(inputs, "open_inputs", order_by=["row"]),
            left_out=dict(zip(gone["status"], gone["n"].astype(int), strict=True)),
        )


def match_list(
    crm: Crm,
    text: TextTable,
    as_of_us: int,
    mapping: Mapping[str, str] | None = None,
    name: str = "",
) -> MatchedList:
    """Match the rows of a list to the CRM.

    Parameters
    ----------
    crm : Crm
        The opened export; its leads lend their behaviour and profile to rows that are theirs.
    text : TextTable
        The list as read.
    as_of_us : int
        The moment we look, exclusive, microseconds UTC.
    mapping : mapping of header to our column, optional
        From ``[lists.NAME]``; other headers are recognised, see `predict.scoring.headers`.
    name : str
        NAME.

    Raises
    ------
    InputError
        No column of the list is one that the model knows.
    """
    headers = map_headers(crm, text, mapping, name)
    renamed = headers.renamed
    numbered = crm.workspace.materialise(_numbered(text), "list", order_by=["row"])
    given, rejects = _parsed(crm, text, renamed)
    given = _with_whole(given, whole_rows(text, headers))
    mails = set(mail_columns(crm.definition.leads.of_class("personal")))
    grid = _grid(crm, numbered, given, as_of_us, asks_mail=not mails.isdisjoint(renamed.values()))
    table = crm.workspace.materialise(grid, "list_grid", order_by=["row"])
    inputs = numbered.left_join(text.table, ["_file", "_record"]).select("row", *text.columns)
    return MatchedList(
        grid=table,
        inputs=crm.workspace.materialise(inputs.order_by("row"), "list_inputs"),
        columns=text.columns,
        rejects=rejects,
        headers=headers,
        remarks=remarks(text, rejects, headers),
    )


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
    return _typed(crm, parsed, renamed, _sites(text, renamed)), parsed.rejects


def _with_whole(given: ir.Table, wholes: ir.Table | None) -> ir.Table:
    import ibis

    if wholes is None:
        return given.mutate(whole=ibis.null("string"))
    return given.left_join(wholes, ["_file", "_record"]).select(*given.columns, "whole")


def _sites(text: TextTable, renamed: Mapping[str, str]) -> ir.Table | None:
    """Return ``_file``, ``_record`` and the domain of the list's web addresses, if it has any."""
    header = next((c for c in text.columns if meaning_of(renamed.get(c, c)) == "website"), None)
    if header is None:
        return None
    address = as_text(text.table[header])
    return text.table.select("_file", "_record", site_domain=site_domain(address))


def _typed(
    crm: Crm, parsed: Parsed, renamed: Mapping[str, str], sites: ir.Table | None
) -> ir.Table:
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
    }
    mails = [column(c) for c in mail_columns(spec.of_class("personal")) if c in headers]
    free = definition.reading.free_mail
    address = first_address(mails).strip().lower() if mails else ibis.null("string")
    derived = from_mail(address, free) if mails else {}
    keys = mail_keys(mails, free)
    columns |= {"mail_address": address, "mail_hash": keys["mail_key"]}
    columns |= {"mail_domain": keys["mail_domain"]}
    spelled = _countries(crm, headers)
    for p in crm.profile:
        if p.name in headers:
            columns[p.column] = profile_value(column(p.name), p.dtype)
            if p.name in spelled:
                columns[p.column] = _respelled(columns[p.column], spelled[p.name])
        elif p.name in derived:
            columns[p.column] = derived[p.name]
        else:
            kind = "float64" if p.dtype == "number" else "string"
            columns[p.column] = ibis.null(kind)
    for asked in definition.criteria_fields:
        columns[CRITERION + asked] = as_text(column(asked)).strip()
        if asked in spelled:
            columns[CRITERION + asked] = _respelled(columns[CRITERION + asked], spelled[asked])
    for related in definition.related.values():
        columns[f"k:{related.key}"] = column(related.key).cast("string").strip()
    typed = rows.select(**columns)
    if sites is None:
        return typed.mutate(site_domain=ibis.null("string"))
    return typed.left_join(sites, ["_file", "_record"]).select(*typed.columns, "site_domain")


def _countries(crm: Crm, headers: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return, for the country columns that the list brings, how the CRM writes its countries."""
    known = Known(crm)
    named = [t.name for t in targets_of(crm).values() if "country" in t.meanings]
    return {c: as_written(known.levels(c)) for c in named if c in headers}


def _respelled(column: ir.Value, spelled: Mapping[str, str]) -> ir.Value:
    """Return countries as the CRM writes them; what it does not know stays as it is."""
    if not spelled:
        return column
    text = column.strip()
    same = text.isin(sorted(set(spelled.values())))
    return same.ifelse(text, text.lower().substitute(dict(spelled), else_=column))


def _grid(
    crm: Crm, numbered: ir.Table, given: ir.Table, as_of_us: int, *, asks_mail: bool
) -> ir.Table:
    """Lay the CRM's own columns over those of the list, for the leads it knows."""
    import ibis

    definition, as_of = crm.definition, ibis.literal(as_of_us, type="int64")
    rows = crm.own_id(numbered.left_join(given, ["_file", "_record"]))
    rows = rows.select(*numbered.columns, *[c for c in given.columns if c[0] != "_"])
    # Someone who came back after an end is open again: what ended before is of another episode.
    stood = crm.workspace.materialise(standing(crm, as_of_us), "stood")
    rows = people(crm, rows, ends_of(crm, as_of_us, stood), as_of_us)
    rows = with_copies(firms(crm, rows, as_of_us))
    rows = crm.workspace.materialise(rows, "list_found")
    key = f"k:{definition.account_key}"
    if key in rows.columns:
        # The firm of a stranger lends its profile as it would to a lead of its own.
        rows = rows.mutate(**{key: rows[key].fill_null(rows.account_id)})
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
        known_no="lead_no",
        known_id="lead_id",
        known_account="account_id",
        known_us="created_us",
        known_no_contact="no_contact",
        known_bought_us="customer_us",
        **{f"known {c}": c for c in overlaid},
    )
    joined = rows.left_join(theirs, rows.lead_no == theirs.known_no)
    # A stranger whose firm is a customer is one as well.
    bought = crm.customers.select(bought_by="account_id", bought_us="customer_us")
    joined = joined.left_join(bought, joined.account_id == bought.bought_by)
    episodes = stood.select("episode", "started_us", "left_us", stood_no="lead_no")
    joined = joined.left_join(episodes, joined.lead_no == episodes.stood_no)
    known = joined.lead_no.notnull()
    values = {
        c: known.ifelse(joined[f"known {c}"], joined[c]) for c in overlaid if c in joined.columns
    }
    listed = crm.suppression.key
    suppressed = (
        joined.blocked
        | joined.lead_id.isin(listed).fill_null(False)
        | joined.mail_address.isin(listed).fill_null(False)
    )
    bought_us = joined.known_bought_us.coalesce(joined.bought_us)
    created_us = known.ifelse(joined.known_us, joined.created_us.fill_null(as_of))
    laid = joined.select(
        "row",
        "readable",
        "lead_no",
        "matched_by",
        "mail_leads",
        "owner",
        "twice",
        "open_deal",
        "reached",
        "closed",
        customer=joined.customer | (bought_us < as_of).fill_null(False),
        suppressed=suppressed,
        forgotten=among(crm, joined.lead_id, joined.mail_hash),
        # Where the list has no column of addresses, not the row lacks one, but the list.
        has_mail=joined.mail_address.notnull() | ibis.literal(not asks_mail),
        lead_id=known.ifelse(joined.known_id, joined.lead_id),
        account_id=known.ifelse(joined.known_account, joined.account_id),
        created_us=created_us,
        as_of_us=as_of,
        do_not_contact=joined.known_no_contact.fill_null(""),
        episode=joined.episode.fill_null(1),
        started_us=joined.started_us.fill_null(created_us),
        left_us=joined.left_us,
        **values,
    )
    flags = ("readable", "forgotten", "twice", "suppressed", "customer", "open_deal", "reached")
    return with_status(laid, behaviour=bool(definition.events)).drop(*flags, "closed", "has_mail")
