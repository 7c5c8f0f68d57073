"""Profile columns: who the lead is, and what is derived from personal columns before they go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from predict.crm.ids import hashed

if TYPE_CHECKING:
    import ibis.expr.types as ir

ProfileType = Literal["number", "category", "text"]


@dataclass(frozen=True)
class ProfileColumn:
    """One profile column of the grid that becomes a feature.

    Parameters
    ----------
    name : str
        Feature name, as in the export (``account.Industry`` for a related profile).
    column : str
        Column of the grid table.
    dtype : {"number", "category", "text"}
        How the model reads it.
    words : str or None
        Noun phrase for readers; by default the name in plain words.
    """

    name: str
    column: str
    dtype: ProfileType
    words: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-ready mapping."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, object]) -> ProfileColumn:
        """Return the column that `as_dict` described."""
        return cls(**value)  # type: ignore[arg-type]


#: Mailbox providers whose addresses say nothing about a firm.
# fmt: off
FREE_MAIL = [
    "gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr",
    "hotmail.com", "hotmail.co.uk", "hotmail.de", "hotmail.fr", "outlook.com", "outlook.de",
    "live.com", "msn.com", "icloud.com", "me.com", "mac.com", "aol.com", "gmx.de", "gmx.net",
    "gmx.at", "gmx.ch", "gmx.com", "web.de", "t-online.de", "freenet.de", "mail.com", "mail.ru",
    "yandex.ru", "yandex.com", "qq.com", "163.com", "126.com", "proton.me", "protonmail.com",
    "tutanota.com", "zoho.com", "orange.fr", "free.fr", "laposte.net", "wanadoo.fr", "sfr.fr",
    "libero.it", "virgilio.it", "bluewin.ch", "hispeed.ch", "uol.com.br", "bol.com.br",
    "terra.com.br", "rediffmail.com", "naver.com", "hanmail.net", "comcast.net",
]
# fmt: on
#: Endings of two letters that name no country: regions, and those sold as if they were ``.com``
#: (as Google Search counts them, with the most common others).
NO_COUNTRY = [
    *("eu", "su", "ac", "ad", "ai", "as", "bz", "cc", "cd", "co", "dj", "fm", "gg", "gl", "io"),
    *("la", "ly", "me", "ms", "nu", "sc", "sh", "sr", "st", "tk", "to", "tv", "vc", "ws", "xx"),
]
#: Second-level academic domains (ac.uk) and .edu, and the usual prefixes of universities.
ACADEMIC = r"(\.edu(\.[a-z]{2})?$)|(\.ac\.[a-z]{2}$)|(^|\.)(uni|tu|fh|hs|univ)-[a-z]|(^|\.)univ\."


def mail_domain(address: ir.StringColumn) -> ir.StringColumn:
    """Return the lower-case domain of an e-mail address, or null where there is none."""
    domain = address.lower().strip().re_extract(r"^[^@\s]+@([^@\s]+\.[^@\s]+)$", 1)
    return domain.nullif("")


def mail_key(address: ir.StringColumn) -> ir.StringColumn:
    """Return an e-mail address as a key by which rows find each other: hashed, never the text."""
    import ibis

    return address.contains("@").ifelse(hashed(address), ibis.null("string"))


def firm_domain(address: ir.StringColumn, free: Sequence[str]) -> ir.StringColumn:
    """Return the domain of a business address; that of a mailbox provider says nothing.

    Parameters
    ----------
    address : Ibis column
        E-mail addresses.
    free : sequence of str
        Domains of mailbox providers beside `FREE_MAIL`.
    """
    import ibis

    domain = mail_domain(address)
    return domain.isin([*FREE_MAIL, *free]).ifelse(ibis.null("string"), domain)


def mail_keys(addresses: Sequence[ir.StringColumn], free: Sequence[str]) -> dict[str, ir.Value]:
    """Return what lists find people and firms by: ``mail_key`` and ``mail_domain``.

    Parameters
    ----------
    addresses : sequence of Ibis columns
        The first that holds an address counts.
    free : sequence of str
        Domains of mailbox providers beside `FREE_MAIL`.
    """
    import ibis

    if not addresses:
        return {"mail_key": ibis.null("string"), "mail_domain": ibis.null("string")}
    address = first_address(addresses)
    return {"mail_key": mail_key(address), "mail_domain": firm_domain(address, free)}


def site_domain(address: ir.StringColumn) -> ir.StringColumn:
    """Return the domain of a web address, lower-case, without ``www.``, port and path."""
    pattern = r"^(?:[a-z][a-z0-9+.-]*://)?(?:www\.)?([^/:?#@\s]+\.[^/:?#@\s.]+)"
    return address.lower().strip().re_extract(pattern, 1).nullif("")


def mail_columns(names: Iterable[str]) -> list[str]:
    """Return the columns that by their name hold e-mail addresses, not postal ones.

    Examples
    --------
    >>> mail_columns(["MailingStreet", "Email", "Phone", "E-Mail 2"])
    ['Email', 'E-Mail 2']
    """
    return [n for n in names if "mail" in n.lower() and "mailing" not in n.lower()]


def first_address(columns: Sequence[ir.StringColumn]) -> ir.StringColumn:
    """Return, of several columns, the first value that looks like an e-mail address."""
    import ibis

    return ibis.coalesce(*[c.contains("@").ifelse(c, ibis.null("string")) for c in columns])


def mail_kind(address: ir.StringColumn, free: Sequence[str] = ()) -> ir.StringColumn:
    """Return what an e-mail address says of the sender: business, free, academic or missing.

    Parameters
    ----------
    address : Ibis string column
        One address each.
    free : sequence of str
        Domains of free mailboxes beside `FREE_MAIL`, in lower case.
    """
    import ibis

    domain = mail_domain(address)
    return ibis.cases(
        (domain.isnull(), "missing"),
        (domain.isin([*FREE_MAIL, *free]), "free"),
        (domain.re_search(ACADEMIC), "academic"),
        else_="business",
    )


def mail_country(address: ir.StringColumn) -> ir.StringColumn:
    """Return the country that the domain of an e-mail address is registered in, or null.

    The two letters at its end, where they stand for a country (ISO 3166, and ``uk``); domains
    such as ``.com`` say nothing, and neither do those that are used as such (``.io``).

    Examples
    --------
    >>> import ibis
    >>> given = ibis.memtable({"at": ["a@x.co.at", "a@x.com", "a@x.io", "none"]}).at
    >>> mail_country(given).execute().fillna("?").tolist()
    ['at', '?', '?', '?']
    """
    ending = mail_domain(address).re_extract(r"\.([a-z]{2})$", 1)
    return ending.isin(NO_COUNTRY).ifelse(None, ending).nullif("")


#: What is derived from an e-mail address, with words for readers.
FROM_MAIL = {
    "email_kind": "kind of e-mail address",
    "email_country": "country of the e-mail address",
}


def from_mail(address: ir.StringColumn, free: Sequence[str] = ()) -> dict[str, ir.StringColumn]:
    """Return the values of the features in `FROM_MAIL`, by name."""
    return {"email_kind": mail_kind(address, free), "email_country": mail_country(address)}
