"""Definition: what a lead is, what counts as converted, by when; one TOML file, read and kept."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator

from predict.definition import consistency, digest, identities, reading, unbuilt, writing
from predict.definition.agreement import (
    Conversion,
    Criterion,
    KindWords,
    Money,
    NeverUse,
    Reading,
    Snapshots,
)
from predict.definition.allowances import AuditSection
from predict.definition.complaints import Contradiction, dotted
from predict.definition.customers import CustomersTable
from predict.definition.exports import Export
from predict.definition.profiles import LeadsTable, PeopleTable, RelatedTable
from predict.definition.section import ASIDE, Section, Text
from predict.definition.tables import (
    EventTable,
    HistoryTable,
    LinkTable,
    OutcomeTable,
    SuppressionTable,
)
from predict.errors import nearest


@dataclass(frozen=True)
class Origin:
    """Where a definition was read; no part of what it says, so any two are equal."""

    text: str | None = field(default=None, compare=False)
    path: Path | None = field(default=None, compare=False)
    folder: Path = field(default=Path(), compare=False)


def _snapshots(values: dict[str, Any]) -> Snapshots:
    """Return the default: ages, or the one look of a flat export."""
    conversion = values.get("conversion")
    flat = conversion is not None and conversion.within_days == 0
    return Snapshots(ages_days=(0.0,)) if flat else Snapshots()


class Definition(Section):
    """The one file on which marketing and sales agree, and from which everything is computed.

    Parameters
    ----------
    name : str
        Names the model: letters, digits, ``.``, ``-``, ``_``.
    time_zone : str
        IANA name, for moments without offset.
    data : str, optional
        Folder that relative paths start from, itself relative to the definition's folder.
    conversion, snapshots
        What counts as converted; when leads are looked at.
    ids : {"salesforce"}, optional
        Whose ids these are: Salesforce's case-sensitive 15 characters, as reports show them, and
        the 18 of its interfaces are then one id, in every table and list.
    leads, people, related, links, events, outcomes, history, suppression
        The tables.
    customers : CustomersTable, optional
        Which firms are customers already and so no leads.
    criteria, money, never_use
        What sales asks for and can do; what may not be used.
    audit : AuditSection
        What the leakage audit allows, why, and until when.
    lists : dict of str to dict of str to str
        Per incoming list, its headers → our column names.
    words : dict of str to KindWords
        Wording of kinds of event.
    reading : Reading
        How many bad rows are tolerated; which mailboxes are free.

    Examples
    --------
    >>> definition = Definition.parse('''
    ... name = "bank"
    ... conversion = { stage = "subscribed", within_days = 0 }
    ... [leads]
    ... path = "contacts.csv"
    ... lead_id = "id"
    ... created_at = "contacted_on"
    ... outcome_column = "y"
    ... outcome_values = ["yes"]
    ... ''')
    >>> definition.conversion.stage, definition.snapshots.ages_days, definition.time_zone
    ('subscribed', (0.0,), 'UTC')
    >>> Definition.parse(definition.to_toml()) == definition
    True
    """

    name: Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), ASIDE]
    time_zone: Text = "UTC"
    data: Annotated[Text | None, ASIDE] = None
    conversion: Conversion
    snapshots: Snapshots = Field(default_factory=_snapshots)
    ids: Literal["salesforce"] | None = None
    leads: LeadsTable
    people: dict[Text, PeopleTable] = Field(default_factory=dict)
    related: dict[Text, RelatedTable] = Field(default_factory=dict)
    links: dict[Text, LinkTable] = Field(default_factory=dict)
    events: dict[Text, EventTable] = Field(default_factory=dict)
    outcomes: dict[Text, OutcomeTable] = Field(default_factory=dict)
    history: dict[Text, HistoryTable] = Field(default_factory=dict)
    criteria: dict[Text, Criterion] = Field(default_factory=dict)
    money: Annotated[Money, ASIDE] = Money()
    lists: Annotated[dict[Text, dict[Text, Text]], ASIDE] = Field(default_factory=dict)
    customers: CustomersTable | None = None
    suppression: Annotated[SuppressionTable | None, ASIDE] = None
    never_use: NeverUse = NeverUse()
    audit: Annotated[AuditSection, ASIDE] = AuditSection()
    words: Annotated[dict[Text, KindWords], ASIDE] = Field(default_factory=dict)
    reading: Reading = Reading()

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @classmethod
    def read(
        cls, path: str | PathLike[str], *, data: str | PathLike[str] | None = None
    ) -> Definition:
        """Return the definition in a file.

        Parameters
        ----------
        path : path
            The TOML file, UTF-8.
        data : path, optional
            Folder that relative paths start from, instead of what the file says.

        Raises
        ------
        DefinitionError
            With each complaint at its key path and line.
        """
        file = Path(path)
        definition = cls.parse(reading.text_of(file), folder=file.parent, data=data, name=str(path))
        definition._origin = Origin(definition.text, file, definition.folder)
        return definition

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        folder: str | PathLike[str] = ".",
        data: str | PathLike[str] | None = None,
        name: str = "the definition",
    ) -> Definition:
        """Return the definition that a TOML text describes.

        Parameters
        ----------
        text : str
            TOML.
        folder : path
            The folder it stands in.
        data : path, optional
            Folder that relative paths start from, instead of what the text says.
        name : str
            What errors call the text.

        Raises
        ------
        DefinitionError
            With each complaint at its key path and line.
        """
        definition = reading.parse(text, cls, name=name)
        start = Path(data) if data is not None else Path(folder) / (definition.data or "")
        definition._origin = Origin(text, None, start.resolve())
        return definition

    @property
    def text(self) -> str:
        """The TOML as it was read, comments and all; as `to_toml` writes it where built in code."""
        return self.to_toml() if self._origin.text is None else self._origin.text

    @property
    def path(self) -> Path | None:
        """The file it was read from."""
        return self._origin.path

    @property
    def folder(self) -> Path:
        """Where relative paths start, absolute: ``data``, else the folder of the file."""
        return self._origin.folder.resolve()

    @property
    def is_flat(self) -> bool:
        """Whether the outcome belongs to the row: then ``as_of`` is ``created_at``."""
        return self.conversion.within_days == 0

    @property
    def closing_stages(self) -> tuple[str, ...]:
        """Stages after which a lead is no longer open: the agreed one and the lost ones."""
        return (self.conversion.stage, *self.conversion.lost_stages)

    @property
    def told_stages(self) -> tuple[str, ...]:
        """Every stage that the agreement names: a row of one of them is never behaviour."""
        won = (self.customers.stage,) if self.customers and self.customers.stage else ()
        return (*self.closing_stages, *self.conversion.reopen_stages, *won)

    @property
    def account_key(self) -> str | None:
        """Column of leads that holds the account: ``account_id``, else the key of an account."""
        related = self.related.get("account")
        return self.leads.account_id or (related.key if related else None)

    @property
    def criteria_fields(self) -> tuple[str, ...]:
        """Columns that the criteria and their exceptions ask for."""
        asked = [c for rule in self.criteria.values() for c in (rule.field, *rule.unless)]
        return tuple(dict.fromkeys(asked))

    def to_toml(self) -> str:
        """Return it as TOML, without comments and without what is at its default."""
        return writing.write(self)

    def digest(self) -> str:
        """Return the digest of what a model depends on; see `predict.definition.digest`."""
        return digest.digest(self)

    def differences(self, other: Definition) -> list[str]:
        """Return the key paths that make a model of one unfit for the other."""
        return digest.differences(self, other)

    def tables(self) -> Iterator[tuple[str, Export]]:
        """Yield every table with its key path: ``("leads", …)``, ``("events.web", …)``."""
        yield "leads", self.leads
        for section in ("people", "related", "links", "events", "outcomes", "history"):
            for name, table in getattr(self, section).items():
                yield dotted((section, name)), table
        if self.customers is not None and self.customers.account_id is not None:
            yield "customers", self.customers
        if self.suppression is not None:
            yield "suppression", self.suppression

    def not_built(self) -> list[str]:
        """Return a sentence for everything that is read and not acted on in this version."""
        return unbuilt.sentences(self.leads, self.related)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            near = nearest(value, zoneinfo.available_timezones())
            hint = f"; did you mean {near}?" if near else ', such as "Europe/Berlin"'
            raise ValueError(f"must be the IANA name of a time zone{hint}") from None
        return value

    @model_validator(mode="after")
    def _goes_together(self) -> Definition:
        complaints = [
            *consistency.stage_is_reached(self.conversion, self.leads, self.outcomes),
            *consistency.outcome_is_one(self.conversion, self.snapshots, self.leads, self.outcomes),
            *consistency.ids_are_linked(self.links, self.events, self.outcomes),
            *consistency.stages_are_known(self.conversion, self.customers, self.outcomes),
            *consistency.customers_are_firms(self.customers, self.account_key),
            *consistency.histories_are_of_columns(self),
            *consistency.headers_are_apart(self.lists),
            *identities.links_lead_on(self.links),
            *identities.people_fit(self.people, self.leads, self.links),
        ]
        if complaints:
            raise Contradiction(complaints)
        return self
