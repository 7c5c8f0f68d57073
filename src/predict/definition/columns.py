"""Columns of a profile: what they mean in time, and what they are called for readers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PlainValidator, model_validator

from predict.definition.complaints import Complaint, Contradiction
from predict.definition.section import ASIDE, Flag, Section, Text, Texts

#: What a column means in time, and so what may be done with it:
#:
#: ``fixed``        known when the lead is created and not changed later; may train.
#: ``mutable``      the CRM overwrites it: used as it stood at each look where a history tells,
#:                  else left out.
#: ``first_of``     the date of a first time, which stays: to be mapped as a table of its own.
#: ``last_of``      the date of the latest time: overwritten, censored; never trains.
#: ``hindsight``    known only after the outcome; never trains.
#: ``incumbent``    a score that ranks leads today: compared with, never a feature.
#: ``eligibility``  may we write or call: never a feature; whom it refuses is marked in lists.
#: ``personal``     never a feature; from an e-mail address its kind and domain are derived first.
ColumnClass = Literal[
    "fixed",
    "mutable",
    "first_of",
    "last_of",
    "hindsight",
    "incumbent",
    "eligibility",
    "personal",
]
ColumnType = Literal["number", "category", "text", "date", "boolean"]


def _day_or_column(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and value):
        return value
    raise ValueError(
        "must be a day (without quotes: 2024-03-01) or the column that says when (in quotes)"
    )


DayOrColumn = Annotated[date | str, PlainValidator(_day_or_column)]


class Column(Section):
    """A column of leads or of a related table.

    A lone text is its class: ``Title = "fixed"``.

    Parameters
    ----------
    cls : str
        Its class (TOML key ``class``): see `ColumnClass`.
    type : {"number", "category", "text", "date", "boolean"}, optional
        How its values are read. Left out, they are looked at: numbers if all parse as numbers,
        else categories; ``text`` (a job title: read word by word) is never guessed.
    words : str, optional
        The column as a noun phrase for readers: ``"number of employees"``.
    refuses : tuple of str
        Of an eligibility column: its values that mean "do not contact", in any case. Left out,
        those are true, yes, 1 and their like in other languages.
    known_from : date or str, optional
        The day from which the column was filled: before it values are missing, not empty. Or the
        column that holds the moment at which this one became known.
    insist : bool
        A mutable column without a history stops the run, instead of being left out.

    Examples
    --------
    >>> Column.model_validate("fixed") == Column(cls="fixed")
    True
    """

    shorthand: ClassVar[str | None] = "class"

    cls: ColumnClass = Field(alias="class")
    type: ColumnType | None = None
    words: Annotated[Text | None, ASIDE] = None
    refuses: Annotated[Texts, ASIDE] = ()
    known_from: DayOrColumn | None = None
    insist: Annotated[Flag, ASIDE] = False

    @model_validator(mode="after")
    def _goes_with_its_class(self) -> Column:
        if self.refuses and self.cls != "eligibility":
            cure = "remove it: only eligibility columns say who may be contacted"
            raise Contradiction([Complaint(("refuses",), f'does not go with "{self.cls}"', cure)])
        if self.insist and self.cls != "mutable":
            cure = "remove it: only columns that are overwritten need a history"
            raise Contradiction([Complaint(("insist",), f'does not go with "{self.cls}"', cure)])
        return self
