"""Related profiles: accounts, contacts, companies joined to the lead by a key."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import ibis.expr.types as ir

from predict.crm.known_from import with_stamps
from predict.crm.profile import ProfileColumn, site_domain
from predict.crm.reader import Part, Reader, parser, profile_value
from predict.crm.tables import KEY, PROFILE
from predict.findings import Finding, Severity

#: Headers of columns that hold the web address of a firm, letters only.
SITES = ("website", "websiteurl", "companydomainname", "companydomain", "webdomain", "homepage")


@dataclass(frozen=True)
class RelatedPart(Part):
    """One related profile, ready to be joined.

    Parameters
    ----------
    name, key : str
        Name of the section; column of leads (``k:…``) that holds the id.
    profile : tuple of ProfileColumn
        Its columns that become features.
    tracked : bool
        Whether some of them are mutable, so that their past is looked up by the key.
    sites : Ibis table or None
        ``domain`` → ``key``, where the table has a column of web addresses.
    """

    name: str = ""
    key: str = ""
    profile: tuple[ProfileColumn, ...] = ()
    tracked: bool = False
    sites: ir.Table | None = None

    def joined_to(self, leads: ir.Table) -> ir.Table:
        """Return the leads with this profile's columns; leads without a row get nulls."""
        mark = f"r:{self.name}"
        theirs = self.table.mutate(**{mark: True})
        joined = leads.left_join(theirs, leads[self.key] == theirs[f"their:{self.name}"])
        return joined.drop(f"their:{self.name}")

    def findings_on(self, leads: ir.Table) -> list[Finding]:
        """Return what was noticed, with the number of joined leads that found their row."""
        total = int(leads.count().execute())
        found = int(leads[f"r:{self.name}"].count().execute())
        sentence = f"{found:,} of {total:,} leads found their row of {self.name}."
        severity: Severity = "warn" if found < total / 2 else "note"
        counts = {"leads": total, "found": found}
        subject = f"related.{self.name}"
        return [*self.findings, Finding("related-join", severity, subject, sentence, counts)]


def join_related(reader: Reader, name: str, tracked: Collection[str] = ()) -> RelatedPart:
    """Read the related profile ``name``; of rows that share a key the first counts.

    Mutable columns are read where their feature names are among the ``tracked`` ones.
    """
    definition = reader.definition
    spec = definition.related[name]
    subject = f"related.{name}"
    text = reader.text(subject, spec, [spec.their_key, *spec.columns])
    never = set(definition.never_use.columns)
    fixed = [c for c in spec.of_class("fixed") if not {c, f"{name}.{c}"} & never]
    learned = [*fixed, *(c for c in spec.of_class("mutable") if f"{name}.{c}" in tracked)]
    types = reader.profile_types(text, {c: spec.columns[c].type for c in learned}, f"{name}.")
    parsers = {c: parser(t) for c, t in types.items()} | {spec.their_key: "id"}
    site = next((c for c in text.columns if _letters(c) in SITES), None)
    parsers |= {site: "text"} if site else {}
    parsed = reader.parse(text, parsers)
    rows = parsed.table.filter(parsed.table[spec.their_key].notnull())
    first, repeated = _first_rows(rows, spec.their_key)
    table = first.select(
        file=first["_file"],
        record=first["_record"],
        **{f"their:{name}": first[spec.their_key]},
        **{f"{PROFILE}{name}.{c}": profile_value(first[c], t) for c, t in types.items()},
    )
    told_of = {c: spec.columns[c] for c in types}
    table, undated = with_stamps(reader, text, told_of, table, f"{name}.")
    table = table.drop("file", "record")
    findings = list(parsed.findings)
    if repeated:
        sentence = f"{repeated:,} keys stand in more than one row of {name}; the first row counts."
        findings.append(Finding("related-twice", "warn", subject, sentence, {"keys": repeated}))
    profile = tuple(
        ProfileColumn(f"{name}.{c}", f"{PROFILE}{name}.{c}", t, spec.columns[c].words)
        for c, t in types.items()
    )
    staged = reader.workspace.materialise(table, f"related_{name}")
    sites = None
    if site:
        addresses = first.select(domain=site_domain(first[site]), key=first[spec.their_key])
        addresses = addresses.filter(addresses.domain.notnull())
        sites = reader.workspace.materialise(addresses, f"sites_{name}")
    return RelatedPart(
        staged,
        findings,
        [parsed.rejects, *undated],
        {},
        {subject: text},
        name,
        f"{KEY}{spec.key}",
        profile,
        len(learned) > len(fixed),
        sites,
    )


def _letters(header: str) -> str:
    return "".join(c for c in header.lower() if c.isalnum())


def _first_rows(rows: ir.Table, key: str) -> tuple[ir.Table, int]:
    import ibis

    order = ibis.window(group_by=key, order_by=["_file", "_record"])
    ranked = rows.mutate(place=ibis.row_number().over(order))
    repeated = ranked.filter(ranked.place == 1)[key].nunique()
    return ranked.filter(ranked.place == 0).drop("place"), int(repeated.execute())
