"""What marketing and sales agreed on: the conversion, when to look, must-haves, money, words."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from predict.definition.complaints import Complaint, Contradiction, KeyPath
from predict.definition.exports import Where
from predict.definition.section import (
    ASIDE,
    Amount,
    Days,
    Flag,
    Limit,
    Scalar,
    Section,
    Share,
    Text,
    Texts,
)

#: When a lead is looked at unless the definition says otherwise.
AGES_DAYS = (0.0, 7.0, 30.0, 60.0)
_DOMAIN = re.compile(r"[^\s@.]+(\.[^\s@.]+)+")


class Conversion(Section):
    """What counts as converted, and by when.

    Parameters
    ----------
    stage : str
        The agreed stage, in one of the outcomes tables.
    within_days : float
        Days after the look in which it counts. 0: the outcome belongs to the row (flat exports).
    lost_stages : tuple of str
        Stages after which a lead is no longer looked at.
    reopen_stages : tuple of str
        Stages by which a lead that had ended comes back (recycled): it is looked at anew, its age
        counts from there, and it is open until it ends again.
    export_lag_days : float
        Days until what happened is in the export.
    """

    stage: Text
    within_days: Days
    lost_stages: Texts = ()
    reopen_stages: Texts = ()
    export_lag_days: Days = 0.0

    @model_validator(mode="after")
    def _not_lost(self) -> Conversion:
        if self.stage in self.lost_stages:
            raise Contradiction(
                [Complaint(("lost_stages",), "the agreed stage is among the lost ones")]
            )
        for stage in self.reopen_stages:
            if stage in (self.stage, *self.lost_stages):
                what = "a stage cannot both end a lead and open it again"
                raise Contradiction([Complaint(("reopen_stages",), what, got=f'"{stage}"')])
        return self


class Snapshots(Section):
    """When a lead is looked at while it is still open.

    Parameters
    ----------
    ages_days : tuple of float
        Days after creation, ascending; parts of a day are allowed and 0 is one minute after.
        Empty where ``every`` is given; 0, 7, 30, 60 where neither is.
    every : {"month", "week"}, optional
        At the end of each calendar month or week instead.

    Examples
    --------
    >>> Snapshots().ages_days, Snapshots(every="month").ages_days
    ((0.0, 7.0, 30.0, 60.0), ())
    """

    ages_days: tuple[Days, ...] = ()
    every: Literal["month", "week"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_way(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        if values.get("ages_days") and values.get("every") is not None:
            raise Contradiction(
                [Complaint(("every",), "leads are looked at by age or by calendar, not both")]
            )
        if values.get("ages_days") == []:
            raise Contradiction([Complaint(("ages_days",), "no age is given")])
        if values.get("every") is None and not values.get("ages_days"):
            return {**values, "ages_days": AGES_DAYS}
        return values

    @field_validator("ages_days")
    @classmethod
    def _ascending(cls, ages: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(ages)) < len(ages):
            raise ValueError("an age is given twice")
        return tuple(sorted(ages))


class Retention(Section):
    """How long archived exports and the record of scored leads are kept.

    Parameters
    ----------
    months : int
        Calendar months before the newest export; what is older is removed, the newest never.

    Examples
    --------
    >>> Retention(months=36).months
    36
    """

    months: Annotated[int, Field(strict=True, ge=1)]


_Scalars = Annotated[tuple[Scalar, ...], Field(min_length=1)]


class Criterion(Section):
    """A must-have: leads that fail it are not rated qualified, however likely they are.

    A value that is not known neither passes nor fails. Several tests must all hold.

    Parameters
    ----------
    field : str
        Column of leads or of a related table.
    in_, not_in : tuple, optional
        Accepted values (TOML key ``in``), values not accepted.
    at_least, at_most : float or date, optional
        Limits, both included.
    equals : str, bool or float, optional
        The one accepted value.
    present : bool, optional
        True: there must be a value; False: there must be none.
    known : {"at hand-off", "after contact"}
        When sales can know it: criteria known after contact do not hold back a hand-off.
    unless : dict of str to tuple of str
        Exceptions: leads whose columns have these values are excused, as in ``where``.

    Examples
    --------
    >>> Criterion.model_validate({"field": "Country", "in": ["DE", "AT"]}).in_
    ('DE', 'AT')
    """

    field: Text
    in_: Annotated[_Scalars | None, Field(alias="in")] = None
    not_in: _Scalars | None = None
    at_least: Limit | None = None
    at_most: Limit | None = None
    equals: Scalar | None = None
    present: Flag | None = None
    known: Literal["at hand-off", "after contact"] = "at hand-off"
    unless: Where = Field(default_factory=dict)

    @model_validator(mode="after")
    def _tests_something(self) -> Criterion:
        tests = (self.in_, self.not_in, self.at_least, self.at_most, self.equals, self.present)
        if all(test is None for test in tests):
            cure = "add one of in, not_in, at_least, at_most, equals, present"
            raise Contradiction([Complaint((), "it is not said what is asked of the field", cure)])
        if _below(self.at_most, self.at_least):
            raise Contradiction([Complaint(("at_most",), "is below at_least: no lead can pass")])
        return self


def _below(one: float | date | None, other: float | date | None) -> bool:
    """Compare two limits; those of different kinds are left to the values they are held against."""
    if one is None or other is None or isinstance(one, date) != isinstance(other, date):
        return False
    return one < other  # type: ignore[operator]


class Money(Section):
    """What sales can work on, what a win is worth, what a follow-up costs.

    Parameters
    ----------
    capacity_per_month : float, optional
        Leads that sales can follow up in a month.
    value_of_win, cost_of_follow_up : float, optional
        In one currency.
    """

    capacity_per_month: Amount | None = None
    value_of_win: Amount | None = None
    cost_of_follow_up: Amount | None = None


class NeverUse(Section):
    """Columns that may not become features, whatever their class.

    Parameters
    ----------
    columns : tuple of str
        Their names, in leads and in related tables.
    """

    columns: Texts = ()


class KindWords(Section):
    """How a kind of event is worded for readers: "viewed 4 pages".

    Parameters
    ----------
    did : str
        What the lead did, in the past tense.
    thing, things : str
        What it did it to: one, and several.
    """

    did: Text
    thing: Text
    things: Text


#: What may stand in a form and is filled in.
_PLACES = {"many": "{n}", "less": "{n}", "value": "{value}"}


class FeatureWords(Section):
    """How one feature, or all features of a concept, are told to sales.

    What is left out stays as it is. ``{n}`` stands for the number in ``many`` and ``less``,
    ``{value}`` for the text in ``value``; no other braces are allowed.

    Parameters
    ----------
    topic : str, optional
        What it is about, as a noun phrase: "the price list".
    unit : str, optional
        Unit of the number, plural: "days", "EUR".
    many, one, zero, less : str, optional
        What is true of a lead with several, one, none, and fewer than none (of a change).
    value : str, optional
        What is true of a lead with a value that is text.
    missing : str, optional
        What is said where nothing is known.
    values : dict of str to str
        Single values with words of their own: ``"DE-BY" = "is at home in Bavaria"``.

    Examples
    --------
    >>> FeatureWords(many="asked for the price {n} times").given()
    {'many': 'asked for the price {n} times'}
    """

    topic: Text | None = None
    unit: Text | None = None
    many: Text | None = None
    one: Text | None = None
    zero: Text | None = None
    less: Text | None = None
    value: Text | None = None
    missing: Text | None = None
    values: dict[Text, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _places(self) -> FeatureWords:
        forms = self.model_dump(exclude={"values"})
        told: dict[KeyPath, str] = {(k,): v for k, v in forms.items() if v is not None}
        told |= {("values", k): v for k, v in self.values.items()}
        if not told:
            forms_there = ", ".join(type(self).model_fields)
            raise Contradiction([Complaint((), "words nothing", do=f"give {forms_there}")])
        wrong = []
        for path, said in told.items():
            place = _PLACES.get(str(path[0]))
            if re.search(r"[{}]", said.replace(place or "{}", "", 1) if place else said):
                allowed = f"write {place} once" if place else "write it without braces"
                wrong.append(Complaint(path, "has braces that nothing fills", allowed, f'"{said}"'))
            elif place == "{value}" and place not in said:
                do = f"write {place} where the text belongs, or word single texts under values"
                wrong.append(Complaint(path, "does not say the text", do, f'"{said}"'))
        if wrong:
            raise Contradiction(wrong)
        return self

    def given(self) -> dict[str, str]:
        """Return the forms that are worded, single values as ``=VALUE``."""
        forms = {k: getattr(self, k) for k in ("many", "one", "zero", "less", "value", "missing")}
        told = {k: v for k, v in forms.items() if v is not None}
        return told | {f"={value}": said for value, said in self.values.items()}


class Reading(Section):
    """How exports are read: how many bad rows are borne, which mailboxes belong to no firm.

    Parameters
    ----------
    reject_cap_rows : float
        Rows that an export may have before a run is refused; whichever cap is larger.
    reject_cap_share : float
        Share of all rows, 0 to 1.
    free_mail : tuple of str
        Domains of free mailboxes beside the well-known ones. They decide a feature, the kind of
        e-mail address, and so count in the digest.

    Examples
    --------
    >>> Reading(free_mail=["Mail.Example"]).free_mail
    ('mail.example',)
    """

    reject_cap_rows: Annotated[int, Field(strict=True, ge=0), ASIDE] = 100
    reject_cap_share: Annotated[Share, ASIDE] = 0.01
    free_mail: Texts = ()

    @field_validator("free_mail")
    @classmethod
    def _domains(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not _DOMAIN.fullmatch(name):
                raise ValueError(f'must be domains, such as "gmail.com"; “{name}” is none')
        return tuple(name.lower() for name in names)
