"""Crm: the typed tables of one export, and what was noticed while reading them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from predict.crm.forgotten import Forgotten

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.crm.carriers import Carriers
    from predict.crm.changes import Changes
    from predict.crm.profile import ProfileColumn
    from predict.crm.related import RelatedPart
    from predict.crm.sources import Workspace
    from predict.crm.texttable import TextTable
    from predict.definition.schema import Definition
    from predict.findings import Finding

#: Prefixes that keep the columns of the export apart from our own.
PROFILE, INCUMBENT, CRITERION = "p:", "i:", "c:"
#: Prefixes of since when a profile column is known, and of the keys of related profiles.
KNOWN, KEY = "w:", "k:"


def value_column(name: str) -> str:
    """Return the column of events that holds a numeric value.

    Capitals are marked, for to some engines ``Seconds`` and ``seconds`` are one name.

    Examples
    --------
    >>> value_column("Seconds"), value_column("seconds")
    ('v:^seconds', 'v:seconds')
    """
    return "v:" + "".join(c if c == c.lower() else f"^{c.lower()}" for c in name)


@dataclass(frozen=True)
class Crm:
    """Leads, events and outcomes as lazy tables of any size; one person is one lead.

    Parameters
    ----------
    definition : Definition
        What was agreed.
    workspace : Workspace
        The engine behind the tables; closing it ends them.
    leads : Ibis table
        One row a lead: ``lead_no`` (dense integer in the order of ``lead_id``), ``lead_id``,
        ``account_id``, ``owner``, ``created_us``, ``suppressed``, ``mail_key`` and ``mail_domain``
        (hashed e-mail address and business domain, by which lists are matched; never a feature,
        never written out), ``born_converted`` (created with or after its own success),
        ``customer_us`` (since when its firm is known as a customer),
        ``no_contact`` (names of the columns that refuse contact, joined with "; "), and the
        profile (``p:…``), incumbent (``i:…``) and criteria (``c:…``, as text) columns; since when
        a profile column is known (``w:…``) and the keys of related profiles with a history
        (``k:…``).
    events : Ibis table
        ``lead_no``, its ``account_id`` and ``created_us``, ``table``, ``by``, ``kind``, ``asset``,
        ``occurred_us``, ``known_us``, ``day`` and one decimal `value_column` per value.
    outcomes : Ibis table
        ``lead_no``, its ``account_id`` and ``created_us``, ``table``, ``stage``, ``occurred_us``,
        ``known_us``, ``amount``, ``reason``.
    customers : Ibis table
        ``account_id`` and ``customer_us`` of the firms that are customers.
    suppression : Ibis table
        ``key``: ids and lower-case e-mails not to be contacted.
    related : tuple of RelatedPart
        Related profiles, for leads of a list that the CRM does not know.
    profile : tuple of ProfileColumn
        Columns that become profile features. In ``leads`` they are as the export holds them;
        `predict.history.versions` says what they held at a look.
    incumbents : tuple of str
        Columns that rank leads today; known as of export only, so flattered.
    values : tuple of str
        Numeric values of events.
    exported_at : datetime
        When the export was made, naive UTC; the earliest of its tables.
    covers_us : mapping of str to int
        Since when each event table is complete.
    findings : list of Finding
        What was noticed.
    counts : mapping of str to int
        Rows read, used and set apart.
    rejects : pandas.DataFrame
        Values that did not parse: table, file, record, column, value, rule, line.
    sources : list of dict
        Files read: table, path, bytes, sha256.
    texts : mapping of str to TextTable
        What each table was read from, as text, by its name in ``sources``.
    links : mapping of str to Ibis table
        Per kind of id ``other_id`` → ``lead_no``: ``lead`` (with the ids of merged records) and
        the names of ``[links.…]``.
    carriers : mapping of str to tuple of Carriers
        Per event table with rows of no lead, which kinds of ids its rows carry.
    changes : tuple of Changes
        What is on record about the past of mutable profile columns.
    archived : list of dict
        Earlier exports of which values were taken, and who was left out: table, sha256.
    forgotten : Forgotten
        Who is left out of every run.
    gone : Ibis table or None
        ``lead_id`` and ``mail_key`` of those of them that the export still holds.
    """

    definition: Definition
    workspace: Workspace
    leads: ir.Table
    events: ir.Table
    outcomes: ir.Table
    customers: ir.Table
    suppression: ir.Table
    related: tuple[RelatedPart, ...]
    profile: tuple[ProfileColumn, ...]
    incumbents: tuple[str, ...]
    values: tuple[str, ...]
    exported_at: datetime
    covers_us: Mapping[str, int]
    findings: list[Finding]
    counts: Mapping[str, int]
    rejects: pd.DataFrame
    sources: list[dict[str, object]] = field(default_factory=list)
    texts: Mapping[str, TextTable] = field(default_factory=dict)
    links: Mapping[str, ir.Table] = field(default_factory=dict)
    carriers: Mapping[str, tuple[Carriers, ...]] = field(default_factory=dict)
    changes: tuple[Changes, ...] = ()
    archived: list[dict[str, object]] = field(default_factory=list)
    forgotten: Forgotten = field(default_factory=Forgotten)
    gone: ir.Table | None = None

    def check(self) -> pd.DataFrame:
        """Return what was noticed about the export, in words, before any model."""
        from predict.findings import frame

        return frame(self.findings)

    def close(self) -> None:
        """Close the engine; the tables end with it."""
        self.workspace.close()

    def own_id(self, ids: ir.Table, column: str = "lead_id") -> ir.Table:
        """Return a table in which ids of merged leads are those of the leads that are left."""
        if not any(link.kind == "merged" for link in self.definition.links.values()):
            return ids
        own = self.leads.select("lead_no", own_id="lead_id")
        known = self.links["lead"].inner_join(own, "lead_no").select("other_id", "own_id")
        joined = ids.left_join(known, ids[column] == known.other_id)
        found = joined.own_id.coalesce(joined[column])
        return joined.mutate(**{column: found}).select(*ids.columns)

    @property
    def read_from(self) -> list[tuple[str, str]]:
        """Table and SHA-256 of every file that anything here comes from, sorted."""
        files = [*self.sources, *self.archived]
        return sorted({(str(s["table"]), str(s["sha256"])) for s in files})

    @property
    def has_accounts(self) -> bool:
        """Whether leads carry an account."""
        return self.definition.account_key is not None
