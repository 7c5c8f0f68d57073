"""Phrases: how the catalogue's features are told to a reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from predict.history.features import LOOK_BACK


@dataclass(frozen=True)
class Phrase:
    """How readers hear of one kind of event: ``did`` + ``thing``, "viewed" + "a page"."""

    did: str
    thing: str
    things: str


def plain(name: str) -> str:
    """Return a column name in plain words.

    Examples
    --------
    >>> plain("NumberOfEmployees"), plain("job_title"), plain("account.Industry")
    ('number of employees', 'job title', 'account industry')
    """
    spaced = "".join(
        f" {c}" if c.isupper() and i and name[i - 1].islower() else c for i, c in enumerate(name)
    )
    words = spaced.replace("_", " ").replace(".", " ").split()
    return " ".join(w if w.isupper() and len(w) > 1 else w.lower() for w in words)


def article(thing: str) -> str:
    """Return the thing with its indefinite article.

    Examples
    --------
    >>> article("offer"), article("page")
    ('an offer', 'a page')
    """
    letters = thing.lstrip("“\"'")
    return f"an {thing}" if letters[:1].lower() in "aeio" and letters else f"a {thing}"


def default_phrase(kind: str) -> Phrase:
    """Return the wording of a kind that the definition does not word."""
    return Phrase("had", f"“{plain(kind)}” entry", f"“{plain(kind)}” entries")


def participle(did: str) -> str:
    """Return the participle after "has not": saw → seen; regular verbs stay."""
    return {"saw": "seen", "took": "taken", "came": "come", "wrote": "written", "went": "gone"}.get(
        did, did
    )


def ago(days: int) -> str:
    """Return " in the last N days", or nothing for the whole look-back."""
    if days == LOOK_BACK:
        return ""
    return " in the last day" if days == 1 else f" in the last {days} days"


#: What a column is about → how a colleague would tell its text.
_TEXTS = {
    r"(job |lead )?(title|position)|jobtitle": "works as {value}",
    r"(lead |company |main )?(industry|sector)": "works in {value}",
    r"(industry|sector) of the (firm|company)": "the firm works in {value}",
    r"(mailing |billing )?country": "is in {value}",
    r"country of the (firm|company)": "the firm is in {value}",
    r"(lead |original |traffic )*source": "came through {value}",
    r"(lead |first |source )*campaign": "came with the campaign {value}",
}
_EMPLOYEES = r"(number of )?(employees|staff)( of the (firm|company))?"
_OF_THE_FIRM = r".* of the (firm|company)"


def profile_words(about: str, dtype: str) -> tuple[dict[str, str], str | None]:
    """Return the words of a column of profiles, and its unit.

    Parameters
    ----------
    about : str
        What the column is about, as a noun phrase.
    dtype : str
        "number", or text of some kind.

    Examples
    --------
    >>> profile_words("lead source", "category")[0]["value"]
    'came through {value}'
    >>> profile_words("number of employees", "number")[0]["many"]
    'the firm has {n} employees'
    >>> profile_words("colour of the badge", "category")[0]["value"]
    'colour of the badge is {value}'
    >>> profile_words("country of the firm", "category")[0]["missing"]
    'our records do not hold the country of the firm'
    """
    ours = re.fullmatch(_OF_THE_FIRM, about.lower()) is not None
    missing = {
        "missing": f"our records do not hold the {about}" if ours else f"{about} is not known"
    }
    if dtype != "number":
        known = (told for topic, told in _TEXTS.items() if re.fullmatch(topic, about.lower()))
        return {"value": next(known, f"{about} is {{value}}")} | missing, None
    if re.fullmatch(_EMPLOYEES, about.lower()):
        # What a list says of the firm and what the CRM holds of it may differ.
        by = " in our records" if ours else ""
        firm = {"many": f"the firm has {{n}} employees{by}", "one": f"the firm has 1 employee{by}"}
        return firm | {"zero": f"the firm has 0 employees{by}"} | missing, "employees"
    told = {"many": f"{about} is {{n}}", "one": f"{about} is 1", "zero": f"{about} is 0"}
    return told | missing, None


def count_words(phrase: Phrase, days: int) -> dict[str, str]:
    """Return the words of a count of one kind of event."""
    return {
        "many": f"{phrase.did} {{n}} {phrase.things}{ago(days)}",
        "one": f"{phrase.did} one {phrase.thing}{ago(days)}",
        "zero": f"{phrase.did} no {phrase.things}{ago(days)}",
    }


def active_words(days: int) -> dict[str, str]:
    """Return the words of a count of everything the lead did."""
    return {
        "many": f"was active {{n}} times{ago(days)}",
        "one": f"was active once{ago(days)}",
        "zero": f"was not active{ago(days)}",
    }


def days_words(did: str) -> dict[str, str]:
    """Return the words of a count of days."""
    return {
        "many": f"{did} on {{n}} different days",
        "one": f"{did} on one day",
        "zero": f"{did} on no day",
    }


def last_words(phrase: Phrase) -> dict[str, str]:
    """Return the words of the days since something was last done."""
    did = f"{phrase.did} {article(phrase.thing)}"
    return {
        "many": f"last {did} {{n}} days ago",
        "one": f"last {did} 1 day ago",
        "zero": f"{did} today",
        "missing": f"{phrase.did} no {phrase.things} so far",
    }


def first_words(phrase: Phrase) -> dict[str, str]:
    """Return the words of the days since something was first done."""
    did = f"{phrase.did} {article(phrase.thing)}"
    return {
        "many": f"first {did} {{n}} days ago",
        "one": f"first {did} 1 day ago",
        "zero": f"first {did} today",
        "missing": f"{phrase.did} no {phrase.things} so far",
    }


def trend_words(phrase: Phrase) -> dict[str, str]:
    """Return the words of the last week beside an average one of the four weeks before it."""
    than = "in the last 7 days than in an average week of the month before"
    return {
        "many": f"{phrase.did} more {phrase.things} {than}",
        "one": f"{phrase.did} more {phrase.things} {than}",
        "zero": f"{phrase.did} no more and no fewer {phrase.things} in the last 7 days than before",
        "less": f"{phrase.did} fewer {phrase.things} {than}",
    }


def active_trend_words() -> dict[str, str]:
    """Return the same of everything the lead did."""
    than = "in the last 7 days than in an average week of the month before"
    return {
        "many": f"was more active {than}",
        "one": f"was more active {than}",
        "zero": "was no more and no less active in the last 7 days than before",
        "less": f"was less active {than}",
    }


def touch_words(which: str, told: Mapping[str, str]) -> dict[str, str]:
    """Return the words of the first, previous or last thing done.

    Parameters
    ----------
    which : {"first", "previous", "last"}
    told : mapping of str to str
        Value of the feature → what was done, in words.

    Examples
    --------
    >>> touch_words("last", {"page view: pricing": "viewed “pricing”"})["=page view: pricing"]
    'viewed “pricing” last'
    """
    placed = {"first": "{0} first", "previous": "{0} last but one", "last": "{0} last"}
    default = {
        "first": {"value": "began with “{value}”", "missing": "did nothing so far"},
        "last": {"value": "last did “{value}”", "missing": "did nothing so far"},
        "previous": {
            "value": "did “{value}” last but one",
            "missing": "did at most one thing so far",
        },
    }[which]
    return default | {f"={value}": placed[which].format(did) for value, did in told.items()}


def safe(name: str) -> str:
    """Return a name of the export without braces, which templates would fill in.

    Examples
    --------
    >>> safe("{n} ways to win")
    'n ways to win'
    """
    return name.replace("{", "").replace("}", "")
