"""Tables about leads: links, events, outcomes, histories of columns, suppression."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from predict.definition.complaints import Complaint, Contradiction
from predict.definition.exports import Export
from predict.definition.section import ASIDE, Flag, Text, Texts


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class _OfLead(Export):
    """Rows about a lead, which they name by its own id or by one that `links` resolves.

    Parameters
    ----------
    lead_id : str, optional
        Column with the lead's id; or else:
    id : str, optional
        Column with an id of another kind, and
    id_of : str or tuple of str
        which kinds it may be: names of ``[links.…]``, or ``"lead"``. Always a tuple in code.
    """

    lead_id: Text | None = None
    id: Text | None = None
    id_of: Annotated[Texts, BeforeValidator(_one_or_more)] = ()

    @property
    def carrier(self) -> str:
        """The column that says whose row it is."""
        return str(self.lead_id or self.id)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of id that `carrier` may hold, the first that knows an id decides."""
        return self.id_of or ("lead",)

    @model_validator(mode="after")
    def _names_the_lead(self) -> _OfLead:
        if self.lead_id is not None and (self.id is not None or self.id_of):
            raise Contradiction(
                [Complaint(("lead_id",), "a row has lead_id, or id with id_of, not both")]
            )
        if self.lead_id is None and self.id is None:
            raise Contradiction(
                [
                    Complaint(
                        (),
                        "it is not said which lead a row belongs to",
                        "add lead_id, or id with id_of where the id is not the lead's own",
                    )
                ]
            )
        if self.id is not None and not self.id_of:
            raise Contradiction(
                [
                    Complaint(
                        ("id",),
                        "it is not said whose id this is",
                        'add id_of: "lead" or the name of a [links.…] table',
                    )
                ]
            )
        return self


class LinkTable(_OfLead):
    """Pairs of ids that are one person or one deal.

    Links lead on: one that names ``id`` and ``id_of`` starts from what another link resolves, so
    that an opportunity finds its lead through the contact.

    Parameters
    ----------
    lead_id, id, id_of
        Which lead, as in events.
    other_id : str
        Column with the other id: contact, opportunity, account, e-mail address.
    separator : str, optional
        Between several ids in one cell, in either column: ``";"``. Blanks around ids and empty
        parts are ignored.
    kind : {"id", "email", "merged"}
        ``"email"``: ``other_id`` holds e-mail addresses, compared in lower case and kept as a
        hash, so that another system's rows find their lead. ``"merged"``: ``other_id`` holds ids
        of records that were merged into this lead: they are no leads of their own, and their
        rows are the lead's, under whichever key a table names the lead.

    Examples
    --------
    >>> roles = LinkTable(id="ContactId", id_of="contact", other_id="OpportunityId")
    >>> roles.carrier, roles.kinds
    ('ContactId', ('contact',))
    """

    other_id: Text
    separator: Text | None = None
    kind: Literal["id", "email", "merged"] = "id"

    @model_validator(mode="after")
    def _merged_into_a_lead(self) -> LinkTable:
        if self.kind == "merged" and self.lead_id is None:
            cure = "name the column with the id that is left as lead_id"
            raise Contradiction(
                [Complaint(("id",), "records are merged into leads, not into other ids", cure)]
            )
        return self


class _Dated(_OfLead):
    """Rows about a lead, which they name by its own id or by one that `links` resolves.

    Parameters
    ----------
    lead_id, id, id_of
        Which lead; see `_OfLead`.
    known_at : str, optional
        Column with the moment at which the row became known, where that is later.
    """

    known_at: Text | None = None


class EventTable(_Dated):
    """What was done, when, and by whom.

    Parameters
    ----------
    lead_id, id, id_of, known_at
        Which lead, as in outcomes; see `_Dated`.
    occurred_at : str
        Column with the moment it happened; a due date is not something that happened.
    kind : str, optional
        The kind of all rows; or else
    kind_column : str, optional
        the column that holds it.
    asset : str, optional
        Column with what it was about: page, offer, article.
    values : tuple of str
        Columns with numbers to add up: seconds, pages.
    by : {"lead", "us"}
        Who acted. There is no default: a call we made is not interest they showed.
    features : bool
        Whether what *we* did enters the model all the same (never as a reason).
    coverage : "accepted", optional
        Overrules the check that stops a run where leads that were won have fewer rows than others
        (`predict.crm.coverage`): for a table in which that is as it should be.

    Examples
    --------
    >>> web = EventTable(lead_id="visitor", occurred_at="at", kind="page_view", by="lead")
    >>> web.learned_from
    True
    """

    occurred_at: Text
    kind: Text | None = None
    kind_column: Text | None = None
    asset: Text | None = None
    values: Texts = ()
    by: Literal["lead", "us"]
    features: Flag = False
    coverage: Annotated[Literal["accepted"] | None, ASIDE] = None

    @property
    def learned_from(self) -> bool:
        """Whether features are made of this table."""
        return self.by == "lead" or self.features

    @model_validator(mode="after")
    def _one_kind(self) -> EventTable:
        either(self, "kind", "kind_column")
        if self.by == "lead" and self.features:
            cure = 'remove it: what leads do is always learned from; it is for by = "us"'
            raise Contradiction([Complaint(("features",), 'does not go with by = "lead"', cure)])
        return self


class OutcomeTable(_Dated):
    """Which stage a lead reached, and when.

    A row without a moment in ``entered_at`` reached nothing. A dated column of leads is such a
    table: the same ``path``, ``entered_at = "Became an Opportunity Date"``, ``stage`` a constant.

    Parameters
    ----------
    lead_id, id, id_of, known_at
        Which lead, as in events; see `_Dated`.
    stage : str, optional
        The stage of all rows; or else
    stage_column : str, optional
        the column that holds it.
    stages : dict of str to str
        Value of ``stage_column`` → stage. Without it values are stages as they stand. With it, a
        value that is not named takes the name of the table: a row of ``[outcomes.opportunity]``
        that is neither "Closed Won" nor "Closed Lost" is an opportunity.
    entered_at : str
        Column with the moment the stage was entered.
    amount, reason : str, optional
        Columns with the value of a deal and with why it was lost.

    Examples
    --------
    >>> deals = OutcomeTable(lead_id="id", stage_column="StageName", entered_at="CreatedDate",
    ...                      stages={"Closed Won": "won", "Closed Lost": "lost"})
    >>> sorted(deals.possible_stages("opportunity"))
    ['lost', 'opportunity', 'won']
    """

    stage: Text | None = None
    stage_column: Text | None = None
    stages: dict[Text, Text] = Field(default_factory=dict)
    entered_at: Text
    amount: Text | None = None
    reason: Text | None = None

    def possible_stages(self, name: str) -> frozenset[str] | None:
        """Return the stages that rows can have, or None where only the data can tell.

        Parameters
        ----------
        name : str
            The name of the table in ``[outcomes.…]``.
        """
        if self.stage is not None:
            return frozenset([self.stage])
        return frozenset([*self.stages.values(), name]) if self.stages else None

    @model_validator(mode="after")
    def _one_stage(self) -> OutcomeTable:
        either(self, "stage", "stage_column")
        if self.stages and self.stage_column is None:
            raise Contradiction(
                [Complaint(("stages",), "goes with stage_column, which is missing")]
            )
        return self


class HistoryTable(Export):
    """Values of overwritten columns as they were: one row per change.

    A mutable column is *tracked* where ``fields`` names it, or where rows name it as it is called
    in the export. What a tracked column held at a moment is then known: the new value of the last
    change before it; before the first change that one's old value; without any change what the
    export holds. A table without old values (a property history) knows nothing before the first.

    Parameters
    ----------
    of : str
        Whose columns change: ``"leads"``, or ``"related.NAME"``.
    id : str
        Column with the record's id; of a related profile it is the value of its ``their_key``.
    id_of : str or tuple of str
        Which ids of leads it may be, as in events: ``"lead"``, or names of ``[links.…]``.
    field, old, new, changed_at : str
        Columns with the field that changed, its values before and after, and the moment of the
        change. A table that has no column ``old`` holds values as they were set.
    fields : dict of str to str
        Name in the history → column: ``{ hs_lead_status = "Lead Status" }``.

    Notes
    -----
    ``covers_from`` says since when changes are on record; earlier rows are not used and values
    before it are missing. Left out, a field with old values is taken to be tracked since the first
    change of it that is on record, for nothing shows that it was tracked before.

    Examples
    --------
    >>> table = HistoryTable(id="LeadId", fields={"Title": "Job Title"})
    >>> table.of, table.id_of, table.related
    ('leads', ('lead',), None)
    """

    of: Text = "leads"
    id: Text = "id"
    id_of: Annotated[Texts, BeforeValidator(_one_or_more)] = ("lead",)
    field: Text = "field"
    old: Text = "old"
    new: Text = "new"
    changed_at: Text = "changed_at"
    fields: dict[Text, Text] = Field(default_factory=dict)

    @property
    def related(self) -> str | None:
        """Name of the related profile whose columns change; None where it is the leads."""
        return self.of.removeprefix("related.") if self.of.startswith("related.") else None

    @model_validator(mode="after")
    def _whose(self) -> HistoryTable:
        if self.of != "leads" and not self.related:
            cure = 'write "leads" or "related.NAME"'
            raise Contradiction(
                [
                    Complaint(
                        ("of",), "says neither leads nor a related profile", cure, f'"{self.of}"'
                    )
                ]
            )
        if self.related and self.id_of != ("lead",):
            cure = "remove it: a related profile is found by its own key"
            raise Contradiction([Complaint(("id_of",), f'does not go with of = "{self.of}"', cure)])
        if not self.id_of:
            cure = 'add "lead" or the name of a [links.…] table'
            raise Contradiction([Complaint(("id_of",), "it is not said whose id this is", cure)])
        return self


class SuppressionTable(Export):
    """People not to be contacted: removed before training and scoring, and counted.

    Parameters
    ----------
    lead_id, email : str, optional
        Columns with the lead's id or the e-mail address. With neither, all columns are looked at.
    """

    lead_id: Text | None = None
    email: Text | None = None


def either(table: Export, constant: str, column: str) -> None:
    """Refuse a table that has both or neither of two keys.

    Raises
    ------
    Contradiction
        At the second key where there are two, at the table where there is none.
    """
    there = [key for key in (constant, column) if getattr(table, key) is not None]
    if len(there) == 2:
        raise Contradiction([Complaint((column,), f"goes without {constant}", "keep one of them")])
    if not there:
        cure = f'add {column} = "…", or {constant} = "…" if it is the same for all rows'
        raise Contradiction([Complaint((), f"neither {constant} nor {column} is given", cure)])
