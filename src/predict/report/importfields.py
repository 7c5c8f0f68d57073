"""Fields of import files: what a CRM is told of a scored lead, by the rules of both vendors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from predict.errors import InputError
from predict.scoring.wording import split
from predict.scoring.words import safe_text

Vendor = Literal["salesforce", "hubspot"]

#: Letters that a text field of either vendor holds, as UTF-16 counts them: an emoji is two.
LONGEST = 255
REASONS, RISKS = 3, 2
_PHONE = re.compile(r"\+?[\d ()/.-]+")
_LIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


@dataclass(frozen=True)
class Field:
    """One custom field, to be created once.

    Parameters
    ----------
    key : str
        Key of `told`.
    label : str
        What people see; HubSpot matches columns by it.
    salesforce, hubspot : str
        API name; internal name.
    salesforce_type, hubspot_type : str
        What to choose where the field is created.
    length : str
        Letters, or digits before and after the point.
    values : str
        Of a picklist, separated by ``;``.
    holds : str
        For whoever creates it.
    """

    key: str
    label: str
    salesforce: str
    hubspot: str
    salesforce_type: str
    hubspot_type: str
    length: str
    values: str
    holds: str

    def name(self, vendor: Vendor) -> str:
        """Return the header in a file for a vendor."""
        return self.salesforce if vendor == "salesforce" else self.label


def _field(
    key: str, types: tuple[str, str], length: str = "", values: str = "", *, holds: str
) -> Field:
    words = "Predict " + key.replace("_", " ")
    api = "_".join(w.capitalize() for w in words.split()) + "__c"
    return Field(key, words, api, f"predict_{key}", *types, length, values, holds)


_TEXT = ("Text", "Single-line text")
#: The custom fields, in the order of the columns.
FIELDS: tuple[Field, ...] = (
    _field("score", ("Number", "Number"), "3, 0", holds="0 to 100: of 100 past leads, so many had "
           "a lower chance"),
    _field("grade", ("Picklist", "Dropdown select"), "1", "A;B;C;D", holds="A to D"),
    _field("rated_qualified", ("Checkbox", "Single checkbox"), "", "true;false",
           holds="has the grade and what was agreed"),
    *(_field(f"reason_{i}", _TEXT, str(LONGEST), holds="why the lead scored higher")
      for i in range(1, REASONS + 1)),
    *(_field(f"risk_{i}", _TEXT, str(LONGEST), holds="why the lead scored lower")
      for i in range(1, RISKS + 1)),
    _field("model", _TEXT, "80", holds="name and version of the model in use"),
    _field("scored_at", ("Date/Time", "Date and time picker"), holds="everything up to this moment "
           "was known, UTC"),
)  # fmt: skip

#: Meaning of a list's column → (Salesforce's field, letters it holds, HubSpot's property).
STANDARD: Mapping[str, tuple[str, int, str]] = {
    "salutation": ("Salutation", 40, "Salutation"),
    "first_name": ("FirstName", 40, "First Name"),
    "last_name": ("LastName", 80, "Last Name"),
    "company": ("Company", 255, "Company Name"),
    "job_title": ("Title", 128, "Job Title"),
    "email": ("Email", 80, "Email"),
    "phone": ("Phone", 40, "Phone Number"),
    "mobile": ("MobilePhone", 40, "Mobile Phone Number"),
    "street": ("Street", 255, "Street Address"),
    "postal_code": ("PostalCode", 20, "Postal Code"),
    "city": ("City", 40, "City"),
    "state": ("State", 80, "State/Region"),
    "country": ("Country", 80, "Country/Region"),
    "industry": ("Industry", 255, "Industry"),
    "employees": ("NumberOfEmployees", 8, "Number of Employees"),
    "website": ("Website", 255, "Website URL"),
    "source": ("LeadSource", 255, ""),
}


def salesforce_id(value: str) -> str | None:
    """Return a Salesforce id with 18 characters, or None where a text is none.

    Reports show 15 characters, which differ by case alone; the other three say which letters are
    capitals, so that the id survives programs that do not tell them apart.

    Examples
    --------
    >>> salesforce_id("00Q5g00000A1b2C"), salesforce_id("L-0001042")
    ('00Q5g00000A1b2CEAR', None)
    """
    text = value.strip()
    if not re.fullmatch(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", text):
        return None
    tail = "".join(
        _ALPHABET[sum(1 << i for i, c in enumerate(text[at : at + 5]) if "A" <= c <= "Z")]
        for at in (0, 5, 10)
    )
    if len(text) == 18 and text[15:].upper() != tail:
        return None
    return text[:15] + tail


def fitted(text: object, limit: int = LONGEST) -> str:
    """Return a text on one line, no longer than a field, that no spreadsheet takes for a formula.

    Examples
    --------
    >>> fitted("=1+1"), fitted("+49 30 1234"), len(fitted("x" * 300)), fitted(None)
    ("'=1+1", '+49 30 1234', 255, '')
    """
    if text is None or text != text:  # noqa: PLR0124  missing in any of pandas' ways
        return ""
    line = safe_text(text, limit=4 * LONGEST)
    if line.startswith(_LIVE) and not _PHONE.fullmatch(line):
        line = "'" + line
    if _units(line) <= limit:
        return line
    while _units(line) > limit - 1:
        line = line[:-1]
    return line.rstrip() + "…"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def told(
    lead: Mapping[str, Any], reasons: Mapping[str, Sequence[str]], vendor: Vendor
) -> dict[str, str]:
    """Return the values of `FIELDS` for one scored lead, by key.

    Parameters
    ----------
    lead : mapping
        Its row of the scores.
    reasons : mapping of str to sequence of str
        Its sentences by direction, in order.
    vendor : {"salesforce", "hubspot"}
        How truth and moments are written.
    """
    qualified = str(bool(lead["rated_qualified"]))
    stamp = "%Y-%m-%dT%H:%M:%S.000Z" if vendor == "salesforce" else "%Y-%m-%dT%H:%M:%SZ"
    values = {
        "score": f"{lead['score']:.0f}",
        "grade": str(lead["grade"]),
        "rated_qualified": qualified.upper() if vendor == "salesforce" else qualified.lower(),
        "model": fitted(lead["model_version"], 80),
        "scored_at": lead["as_of"].strftime(stamp),
    }
    for direction, key, most in (("for", "reason", REASONS), ("against", "risk", RISKS)):
        said = reasons.get(direction, ())
        for i in range(1, most + 1):
            values[f"{key}_{i}"] = _sentence(said[i - 1]) if i <= len(said) else ""
    return values


def _sentence(said: str) -> str:
    """Return a reason that fits: with its evidence where there is room, else the fact alone."""
    fact, evidence = split(said)
    upper = fact[:1].upper() + fact[1:]
    whole = f"{upper}; {evidence}" if evidence else upper
    return fitted(whole if _units(whole) <= LONGEST else upper)


def standard_value(meaning: str, value: object) -> str:
    """Return a value of the list as a standard field takes it; "" where it does not fit.

    Examples
    --------
    >>> standard_value("employees", "120"), standard_value("employees", "51-200")
    ('120', '')
    """
    limit = STANDARD[meaning][1]
    text = fitted(value, 10 * LONGEST)
    if meaning == "employees":
        return text if text.isascii() and text.isdigit() and len(text) <= limit else ""
    if meaning == "email" and (_units(text) > limit or not re.fullmatch(r"\S+@\S+\.\S+", text)):
        return ""
    return fitted(value, limit)


def checked(vendor: str) -> Vendor:
    """Return a vendor that import files can be written for.

    Raises
    ------
    InputError
        There is none of this name.
    """
    if vendor not in ("salesforce", "hubspot"):
        raise InputError(
            "import files are written for Salesforce or HubSpot",
            where="--for",
            got=vendor,
            do="say --for salesforce or --for hubspot",
        )
    return vendor  # type: ignore[return-value]
