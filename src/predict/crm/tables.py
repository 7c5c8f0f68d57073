"""Crm: the typed tables of one export, and what was noticed while reading them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.crm.profile import ProfileColumn
    from predict.crm.related import RelatedPart
    from predict.crm.sources import Workspace
    from predict.definition.schema import Definition
    from predict.findings import Finding

#: Prefixes that keep the columns of the export apart from our own.
PROFILE, INCUMBENT, CRITERION = "p:", "i:", "c:"


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
        never written out), and the profile (``p:…``),
        incumbent (``i:…``) and criteria (``c:…``, as text) columns.
    events : Ibis table
        ``lead_no``, its ``account_id`` and ``created_us``, ``table``, ``by``, ``kind``, ``asset``,
        ``occurred_us``, ``known_us``, ``day`` and one decimal `value_column` per value.
    outcomes : Ibis table
        ``lead_no``, its ``account_id`` and ``created_us``, ``stage``, ``occurred_us``,
        ``known_us``, ``amount``, ``reason``.
    suppression : Ibis table
        ``key``: ids and lower-case e-mails not to be contacted.
    related : tuple of RelatedPart
        Related profiles, for leads of a list that the CRM does not know.
    profile : tuple of ProfileColumn
        Columns that become profile features.
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
    """

    definition: Definition
    workspace: Workspace
    leads: ir.Table
    events: ir.Table
    outcomes: ir.Table
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

    def check(self) -> pd.DataFrame:
        """Return what was noticed about the export, in words, before any model."""
        from predict.findings import frame

        return frame(self.findings)

    def close(self) -> None:
        """Close the engine; the tables end with it."""
        self.workspace.close()

    @property
    def has_accounts(self) -> bool:
        """Whether leads carry an account."""
        return self.definition.account_key is not None
