"""The words of sales and marketing readers: what is never said to them, and what instead."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from predict.definition.stages import stage_words

#: Words that no list, page, workbook, import file or brief may hold, and what is said instead.
#: A bare "converted" is ambiguous: Salesforce means lead → contact, HubSpot a form sent.
FORBIDDEN: dict[str, str] = {
    r"convert(?:ed|s|er|ers|ing)?|conversions?": "became an opportunity within 90 days",
    r"as[_ -]of": "as known on 3 March",
    r"matured?|immature": "old enough to judge",
    r"challengers?": "new model on trial",
    r"champions?": "the model in use",
    r"quarantin\w+": "not scored, because …",
    r"suppress\w+": "not scored, because …",
    r"ineligible": "not scored, because …",
    r"log[-_ ]?odds|logits?": "chance",
    r"(?:re)?calibrat\w+": "chances that come true as often as they say",
    r"SHAP|shapley": "reason",
    r"drift\w*": "has changed since",
    r"lift": "times as many as on average",
    r"causes?|caused|causing": "scored higher because",
    r"nan|null|NaT": "not known",
}

_CODE = re.compile(r"[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+")
_FORBIDDEN = re.compile(r"(?<![\w-])(?:" + "|".join(FORBIDDEN) + r")(?![\w-])", re.IGNORECASE)

_INVISIBLE_BUT_MEANT = {"\u200c", "\u200d"}  # joiners that Persian, Indic scripts and emoji need
_HOURS_A_DAY = 24


def forbidden_words(text: str) -> list[str]:
    """Return the words of ``text`` that a sales or marketing reader must not meet.

    Parameters
    ----------
    text : str
        Visible text of a page, sheet or message.

    Returns
    -------
    list of str
        In order of appearance, with repeats.

    Examples
    --------
    >>> forbidden_words("19 % converted; SHAP says so")
    ['converted', 'SHAP']
    >>> forbidden_words("19 % became an opportunity within 90 days")
    []
    """
    return [found.group(0) for found in _FORBIDDEN.finditer(text)]


def safe_text(value: object, limit: int = 60) -> str:
    """Return a lead's own value as one harmless line.

    Control characters, invisible characters and overrides of the reading direction are dropped
    (a right-to-left override can make ``exe.fdp`` read ``pdf.exe``), white space is collapsed, and
    what is longer than ``limit`` characters ends in an ellipsis. Markup is left as it is: whoever
    writes markup escapes it.

    Examples
    --------
    >>> safe_text("  Head of\\n Marketing\\u202e ")
    'Head of Marketing'
    >>> safe_text("Chief " * 30, limit=12)
    'Chief Chief…'
    """
    text = str(value)
    if not text.isprintable():
        text = "".join(_harmless(character) for character in text)
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def spaced(value: object) -> str:
    """Return a value as a reader would write it: the underscores of a code are spaces.

    Examples
    --------
    >>> spaced("trade_show"), spaced("JOB_TITLE"), spaced("a_b@example.org"), spaced("C_")
    ('trade show', 'JOB TITLE', 'a_b@example.org', 'C_')
    """
    text = str(value)
    return text.replace("_", " ") if _CODE.fullmatch(text) else text


def humanised(name: str) -> str:
    """Return a column name as a reader would write it: the last resort of an undescribed column.

    Examples
    --------
    >>> humanised("NumberOfEmployees"), humanised("lead_source__c"), humanised("hs_GDPR-basis")
    ('number of employees', 'lead source', 'hs GDPR basis')
    """
    text = re.sub(r"__[cr]$", "", safe_text(name))
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    words = re.split(r"[\s_\-./]+", text)
    shown = [word if word.isupper() and len(word) > 1 else word.lower() for word in words if word]
    return " ".join(shown) or "something"


@dataclass(frozen=True)
class Goal:
    """What a lead is to become and by when, in a reader's words.

    Parameters
    ----------
    stage : str
        Agreed stage as the definition names it.
    within_days : float
        Days after the day we look; 0 where the outcome belongs to the row itself, then no time is
        named.
    past, base : str, optional
        Own wording of the stage, as in "became a customer" and "become a customer".

    Examples
    --------
    >>> Goal("opportunity", 90).reached
    'became an opportunity within 90 days'
    >>> Goal("demo booked", 0).reached
    'became “demo booked”'
    >>> Goal("won", 1).reach
    'become a customer within 1 day'
    """

    stage: str
    within_days: float
    past: str | None = None
    base: str | None = None

    @property
    def clause(self) -> str:
        """The time clause with a leading blank, or nothing: " within 90 days"."""
        if not self.within_days:
            return ""
        if self.within_days < 1:
            count, unit = round(self.within_days * _HOURS_A_DAY, 1), "hour"
        else:
            count, unit = self.within_days, "day"
        return f" within {count:g} {unit}{'' if count == 1 else 's'}"

    @property
    def reached(self) -> str:
        """Past tense, without subject: "became an opportunity within 90 days"."""
        return (self.past or self._words[0]) + self.clause

    @property
    def reach(self) -> str:
        """Base form, without subject: "become an opportunity within 90 days"."""
        return (self.base or self._words[1]) + self.clause

    @property
    def _words(self) -> tuple[str, str]:
        return stage_words(safe_text(self.stage))


def _harmless(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace() or category in {"Zl", "Zp"}:
        return " "
    return "" if category[0] == "C" and character not in _INVISIBLE_BUT_MEANT else character
