"""Profiles: who the leads are, in their own table and in those joined to it."""

from __future__ import annotations

from pydantic import Field, model_validator

from predict.definition.columns import Column
from predict.definition.complaints import Complaint, Contradiction
from predict.definition.exports import Export
from predict.definition.section import Text, Texts

#: Roles that columns of leads and of other people have.
ROLES = ("lead_id", "created_at", "account_id", "source", "campaign", "list", "owner")


class Profile(Export):
    """A table whose columns describe leads.

    Parameters
    ----------
    columns : dict of str to Column
        Columns and their classes; those not named are left out.
    """

    columns: dict[Text, Column] = Field(default_factory=dict)

    def of_class(self, cls: str) -> tuple[str, ...]:
        """Return the names of the columns of a class, in the order of the file."""
        return tuple(name for name, column in self.columns.items() if column.cls == cls)


class LeadsTable(Profile):
    """The leads: one row each.

    Parameters
    ----------
    lead_id, created_at : str
        Columns with the lead's id and the moment it came to be.
    account_id, source, campaign, list, owner : str, optional
        Columns with the company it belongs to, how it found us, which campaign or list it came
        by, who works on it.
    columns : dict of str to Column
        Profile columns and their classes.
    outcome_column : str, optional
        A flat export: the column that says what became of the row. Goes with
        ``conversion.within_days = 0``.
    outcome_values : tuple of str
        Its values that mean converted.

    Examples
    --------
    >>> leads = LeadsTable(lead_id="Id", created_at="CreatedDate",
    ...                    columns={"Title": "fixed", "Status": "mutable"})
    >>> leads.of_class("mutable")
    ('Status',)
    """

    lead_id: Text
    created_at: Text
    account_id: Text | None = None
    source: Text | None = None
    campaign: Text | None = None
    list: Text | None = None
    owner: Text | None = None
    outcome_column: Text | None = None
    outcome_values: Texts = ()

    @model_validator(mode="after")
    def _outcome_is_whole(self) -> LeadsTable:
        wrong = []
        if self.outcome_column is not None and not self.outcome_values:
            wrong.append(
                Complaint(
                    ("outcome_column",),
                    "it is not said which of its values mean converted",
                    'add outcome_values = ["yes"]',
                )
            )
        if self.outcome_column is None and self.outcome_values:
            wrong.append(
                Complaint(("outcome_values",), "goes with outcome_column, which is missing")
            )
        if self.outcome_column in self.columns:
            wrong.append(
                Complaint(
                    ("columns", str(self.outcome_column)),
                    "is the outcome and cannot be a profile column too",
                    "remove it from [leads.columns]",
                )
            )
        if wrong:
            raise Contradiction(wrong)
        return self


class PeopleTable(Export):
    """People who were never a lead, such as contacts created directly: leads like the others.

    A column with the name of one of the leads' columns is that column; ``rename`` says so of the
    others. What a leads' column has no match for is missing.

    Parameters
    ----------
    lead_id, created_at : str
        Columns with the person's id and the moment it came to be.
    account_id, source, campaign, list, owner : str, optional
        Columns in the roles they have in `LeadsTable`.
    rename : dict of str to str
        Their header → header of leads.
    unless : str, optional
        Name of a link: those whose id it resolves to a lead are not leads again; where the link
        holds e-mail addresses, those whose address it resolves.

    Examples
    --------
    >>> contacts = PeopleTable(lead_id="Id", created_at="CreatedDate", unless="contact",
    ...                        rename={"Department": "Function"})
    >>> contacts.headers(LeadsTable(lead_id="Id", created_at="Created"))
    {'Department': 'Function', 'Id': 'Id', 'CreatedDate': 'Created'}
    """

    lead_id: Text
    created_at: Text
    account_id: Text | None = None
    source: Text | None = None
    campaign: Text | None = None
    list: Text | None = None
    owner: Text | None = None
    rename: dict[Text, Text] = Field(default_factory=dict)
    unless: Text | None = None

    def headers(self, leads: LeadsTable) -> dict[str, str]:
        """Return their header → header of leads, for those that are named here."""
        roles = {
            theirs: ours
            for role in ROLES
            if (theirs := getattr(self, role)) and (ours := getattr(leads, role))
        }
        return {**self.rename, **roles}


class RelatedTable(Profile):
    """A profile joined to the lead: account, contact, company.

    Parameters
    ----------
    key : str
        Column of leads that holds the id.
    their_key : str
        Column of this table that holds it.
    columns : dict of str to Column
        Its columns and their classes.
    """

    key: Text
    their_key: Text = "Id"
