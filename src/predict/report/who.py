"""Which columns of a list say who a lead is and how to reach it: for pages that go to sales."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from predict.scoring.words import safe_text

if TYPE_CHECKING:
    import pandas as pd

#: What a page shows of a person or firm, and the headers it goes by, letters only.
ROLES: dict[str, tuple[str, ...]] = {
    "name": ("name", "fullname", "contactname", "leadname", "contact", "person"),
    "title": ("title", "jobtitle", "position", "role", "jobrole", "funktion", "berufsbezeichnung"),
    "firm": (
        "company",
        "companyname",
        "firm",
        "account",
        "accountname",
        "organisation",
        "organization",
        "firma",
        "unternehmen",
        "employer",
    ),
    "place": ("city", "town", "ort", "stadt"),
    "country": ("country", "countrycode", "land", "countryregion", "mailingcountry"),
    "email": ("email", "emailaddress", "mail", "workemail", "businessemail"),
    "phone": ("phone", "phonenumber", "telephone", "mobile", "mobilephone", "telefon", "tel"),
    "source": ("leadsource", "source", "originalsource", "quelle", "channel"),
}
_FIRST = ("firstname", "givenname", "vorname", "first")
_LAST = ("lastname", "surname", "familyname", "nachname", "last")


def who(leads: pd.DataFrame) -> pd.DataFrame:
    """Pick, by their headers, the columns that say who a lead is.

    Parameters
    ----------
    leads : pandas.DataFrame
        Rows of a list as they came, in any language of headers that `ROLES` knows.

    Returns
    -------
    pandas.DataFrame
        The roles found, in the order of `ROLES`, as harmless text, "" where empty; the index of
        ``leads``. First and last name become one name.

    Examples
    --------
    >>> import pandas as pd
    >>> who(pd.DataFrame({"First Name": ["Ada"], "Last Name": ["King"], "COMPANY": ["Acme"]}))
           name  firm
    0  Ada King  Acme
    """
    import pandas as pd

    headers: dict[str, str] = {}
    for column in leads.columns:
        headers.setdefault(re.sub(r"[^a-z]", "", str(column).lower()), column)

    def text(keys: tuple[str, ...]) -> pd.Series | None:
        found = next((headers[key] for key in keys if key in headers), None)
        return None if found is None else leads[found].map(_text).astype(object)

    columns = {role: text(keys) for role, keys in ROLES.items()}
    first, last = text(_FIRST), text(_LAST)
    if last is not None:
        columns["name"] = last if first is None else (first + " " + last).str.strip()
    present = {role: column for role, column in columns.items() if column is not None}
    return pd.DataFrame(present, index=leads.index, columns=list(present))


def _text(value: object) -> str:
    return "" if value is None or value != value else safe_text(value, limit=80)  # noqa: PLR0124
