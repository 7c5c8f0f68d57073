"""Profile columns: who the lead is, and what is derived from personal columns before they go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

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
#: Second-level academic domains (ac.uk) and .edu, and the usual prefixes of universities.
ACADEMIC = r"(\.edu(\.[a-z]{2})?$)|(\.ac\.[a-z]{2}$)|(^|\.)(uni|tu|fh|hs|univ)-[a-z]|(^|\.)univ\."


def mail_domain(address: ir.StringColumn) -> ir.StringColumn:
    """Return the lower-case domain of an e-mail address, or null where there is none."""
    domain = address.lower().strip().re_extract(r"^[^@\s]+@([^@\s]+\.[^@\s]+)$", 1)
    return domain.nullif("")


def mail_key(address: ir.StringColumn) -> ir.StringColumn:
    """Return an e-mail address as a key by which rows find each other: hashed, never the text."""
    import ibis

    text = address.lower().strip()
    return text.contains("@").ifelse(text.hexdigest("sha256"), ibis.null("string"))


def firm_domain(address: ir.StringColumn) -> ir.StringColumn:
    """Return the domain of a business address; that of a mailbox provider says nothing."""
    import ibis

    domain = mail_domain(address)
    return domain.isin(FREE_MAIL).ifelse(ibis.null("string"), domain)


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


def mail_kind(address: ir.StringColumn) -> ir.StringColumn:
    """Return what an e-mail address says of the sender: business, free, academic or missing."""
    import ibis

    domain = mail_domain(address)
    return ibis.cases(
        (domain.isnull(), "missing"),
        (domain.isin(FREE_MAIL), "free"),
        (domain.re_search(ACADEMIC), "academic"),
        else_="business",
    )
