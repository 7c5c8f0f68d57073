"""Sentences: a lead's own fact, and what became of past leads like it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from predict.scoring import figures
from predict.scoring.words import Goal, humanised, safe_text, spaced

if TYPE_CHECKING:
    from predict.history.specs import Spec
    from predict.learning.bins import Bin
    from predict.learning.evidence import Evidence

Direction = Literal["for", "against"]

#: Headings of reasons. They say what the model did, never what causes what.
HEADINGS: dict[str, str] = {"for": "scored higher because", "against": "scored lower because"}
#: Fewer past leads than this are no evidence.
MIN_LEADS = 20
#: A fact is cut after so many letters.
MOST_LETTERS = 240
#: Rates nearer than this share of the rate of all are alike to a reader: "9.1 %, of all 9.2 %".
LEAST_APART = 0.1
#: What a missing value reads like in the ``value`` column.
UNKNOWN = "not known"

#: Seconds from which on limits are said in minutes and hours.
_LONG = 120
_PLACE = re.compile(r"\{(n|value)\}( [A-Za-z]+)?")
_EVIDENCE = re.compile(r"^(?P<fact>.*); (?P<evidence>of [\d,]+ .*)$")
_OPENING, _CLOSING = "“‘\"'«„", "”’\"'»“"


@dataclass
class Wording:
    """Turns a feature's value into words, from the feature's own words and its evidence.

    Parameters
    ----------
    specs : sequence of Spec
        Columns of the model.
    goal : Goal
        What leads are to become, and by when.
    evidence : Evidence or None
        What became of past leads, per feature and value; None cites nothing.

    Examples
    --------
    >>> from predict.history.specs import Spec
    >>> spec = Spec("n_30d", "number", "behaviour", "pricing", "the pricing page",
    ...             {"many": "viewed the pricing page {n} times in the last 30 days"})
    >>> Wording([spec], Goal("opportunity", 90)).sentence("n_30d", 4.0, "for")
    'viewed the pricing page 4 times in the last 30 days'
    """

    specs: Sequence[Spec]
    goal: Goal
    evidence: Evidence | None = None
    _by_name: Mapping[str, Spec] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._by_name = {spec.name: spec for spec in self.specs}

    def sentence(self, feature: str, value: object, direction: Direction) -> str:
        """Return the fact, and the evidence where there is enough and it points the same way.

        Parameters
        ----------
        feature : str
            Column of the model.
        value : float, str or None
            The lead's own value; NaN and None are missing.
        direction : {"for", "against"}
            Whether the concept raised or lowered this lead's chance.

        Returns
        -------
        str
            Without subject, first letter small, no full stop: "viewed the pricing page 4 times in
            the last 30 days; of 812 such leads 19 % became an opportunity within 90 days, of all
            leads 7 %".
        """
        spec = self._by_name[feature]
        found = self.cited(feature, value, direction)
        cited = None if found is None else backing(found, direction, self.goal, spec.unit)
        return fact(spec, value) + (f"; {cited}" if cited else "")

    def cited(self, feature: str, value: object, direction: Direction) -> Bin | None:
        """Return the past leads that the sentence cites, or None where it cites none."""
        found = None if self.evidence is None else self.evidence.of(feature, value)
        if found is None or self._misleads(found, value):
            return None
        if found.kind == "other" and self._by_name[feature].dtype == "text":
            return None  # rare titles have nothing in common
        told = backing(found, direction, self.goal, self._by_name[feature].unit)
        return None if told is None else found

    def _misleads(self, found: Bin, value: object) -> bool:
        """Tell whether the limits of a bin, as they are said, do not fit the lead or its bin."""
        if found.kind != "range":
            return False
        if found.whole and not float(value).is_integer():  # type: ignore[arg-type]
            return True  # "3 to 5" does not hold 5.5
        if "{n}" not in self._by_name[found.feature].words.get("many", "{n}"):
            return True  # "did more than before": more of what is "3 to 5"?
        # "2 or less" would seem to hold 0, where 0 has a bin of its own.
        spans_zero = found.low is None and (found.high is None or found.high > 0)
        zero = self.evidence.of(found.feature, 0.0) if self.evidence and spans_zero else None
        return zero is not None and zero.kind == "zero"

    def value(self, feature: str, value: object) -> str:
        """Return the lead's value alone, with its unit: "4", "12 days", "Manufacturing"."""
        return shown(self._by_name[feature], value)


def fact(spec: Spec, value: object) -> str:
    """Return what is true of the lead, from the words of the feature.

    Words that the feature lacks get a default from its concept's words.

    Parameters
    ----------
    spec : Spec
        The feature.
    value : float, str or None
        The lead's own value.

    Examples
    --------
    >>> from predict.history.specs import Spec
    >>> industry = Spec("industry", "category", "profile", "industry", "industry")
    >>> fact(industry, "Paper & Pulp"), fact(industry, None)
    ('industry: “Paper & Pulp”', 'nothing known about industry')
    >>> pages = Spec("n", "number", "behaviour", "pages", "pages viewed",
    ...              {"one": "viewed one page", "zero": "viewed no page"})
    >>> fact(pages, 1.0), fact(pages, 0.0), fact(pages, 1200.0)
    ('viewed one page', 'viewed no page', 'pages viewed: 1,200')
    """
    # Words from the definition and names of pages are the users' own text, too.
    return safe_text(_told(spec, value), limit=MOST_LETTERS)


def shown(spec: Spec, value: object) -> str:
    """Return a value for the ``value`` column of the reasons, unquoted."""
    if _missing(value):
        return UNKNOWN
    if spec.dtype == "number":
        return figures.with_unit(float(value), spec.unit)  # type: ignore[arg-type]
    return safe_text(value)


def quoted(value: object) -> str:
    """Return a lead's own text in quotation marks, shortened and harmless.

    Examples
    --------
    >>> quoted("Head of\\tMarketing")
    '“Head of Marketing”'
    """
    return f"“{safe_text(spaced(value))}”"


def backing(found: Bin, direction: Direction, goal: Goal, unit: str | None = None) -> str | None:
    """Return what became of past leads like this one, or None where it must not be cited.

    Nothing is cited below `MIN_LEADS` leads, nor where those leads did no better (for) or no worse
    (against) than all: contributions are conditional on everything else known of the lead, these
    rates are not, and a rate that points the other way would read as a mistake. Nor where they did
    about as well as all (`LEAST_APART`).

    Parameters
    ----------
    found : Bin
        Past leads in the same bin: counts of leads, not rows.
    direction : {"for", "against"}
        Where the sentence is to point.
    goal : Goal
        What they are counted to have become.
    unit : str, optional
        Unit of the feature, said with the limits of its bin.
    """
    if found.n < MIN_LEADS:
        return None
    if (found.rate <= found.overall) if direction == "for" else (found.rate >= found.overall):
        return None
    rates = figures.percents(found.rate, found.overall)
    if rates is None or abs(found.rate - found.overall) < LEAST_APART * found.overall:
        return None
    return (
        f"of {found.n:,} {_alike(found, unit)} {rates[0]} {goal.reached}, of all leads {rates[1]}"
    )


def split(sentence: str) -> tuple[str, str]:
    """Return the fact and the evidence of a sentence; the evidence is empty where none is cited.

    Examples
    --------
    >>> split("viewed no page; of 40 such leads 2 % became a customer, of all leads 7 %")
    ('viewed no page', 'of 40 such leads 2 % became a customer, of all leads 7 %')
    >>> split("viewed no page")
    ('viewed no page', '')
    """
    found = _EVIDENCE.match(sentence)
    return (found["fact"], found["evidence"]) if found else (sentence, "")


def _told(spec: Spec, value: object) -> str:
    topic = spec.concept_words or humanised(spec.name)
    if _missing(value):
        return spec.words.get("missing") or f"nothing known about {topic}"
    if spec.dtype != "number":
        own = spec.words.get(f"={value}")
        if own:
            return own
        template = spec.words.get("value") or f"{_literal(topic)}: {{value}}"
        return _filled(template, quoted(value), None, None)
    amount = float(value)  # type: ignore[arg-type]
    form = _form(spec.words, amount)
    if form is None:
        return f"{topic}: {figures.with_unit(amount, spec.unit)}"
    said = abs(amount) if form == "less" else amount  # "2 fewer", not "-2 fewer"
    return _filled(spec.words[form], figures.number(said), said, spec.unit)


def _form(words: Mapping[str, str], amount: float) -> str | None:
    """Return which words say a number; ``many`` where it has none of its own."""
    if amount == 0:
        own = "zero"
    elif amount < 0:
        own = "less"
    else:
        own = "one" if figures.number(amount) == "1" else "many"
    return next((form for form in (own, "many") if words.get(form)), None)


def _alike(found: Bin, unit: str | None) -> str:
    """Name the leads of a bin: "such" only where they are alike to the word, else its limits."""
    if found.kind == "other":
        return "leads with a similarly rare value"
    if found.kind != "range" or (
        found.whole and found.low is not None and found.low + 1 == found.high
    ):
        return "such leads"
    return f"leads with {_limits(found, unit)},"


def _limits(found: Bin, unit: str | None) -> str:
    """Return the limits of a bin with their unit: "3 to under 7 days", "50 days or more"."""
    low, high = found.low, found.high
    if unit == "seconds" and max(low or 0, high or 0) >= _LONG:
        return _about(low, high, unit)
    if unit == "days" and (0 < (low or 0) < 1 or (not low and high is not None and high < 1)):
        return _about(low, high, unit)
    limits = found.label.replace("above 0, ", "more than 0 but ")
    if not unit:
        return limits
    before, tail, _ = limits.partition(" or ")
    return f"{before} {unit}{tail}{limits[len(before) + len(tail) :]}"


def _about(low: float | None, high: float | None, unit: str) -> str:
    """Return limits of time in the units that fit them: "about 7 hours to 5 days"."""
    first = figures.with_unit(low, unit) if low else ""
    last = "" if high is None else figures.with_unit(high, unit)
    if not last:
        return f"about {first} or more"
    under = f"under about {last}"
    if low == 0:
        return f"more than 0 but {under}"
    return f"about {first} to {last}" if first else under


def _literal(text: str) -> str:
    return text.replace("{", "(").replace("}", ")")


def _filled(template: str, text: str, amount: float | None, unit: str | None) -> str:
    """Fill the one place of a template; what is filled in is never read as a template again."""

    def fill(place: re.Match[str]) -> str:
        following = place[2] or ""
        if amount is not None and unit is not None and following.strip() == unit:
            return figures.with_unit(amount, unit)
        if amount == 2 and following == " times":
            return "twice"
        before = template[place.start() - 1 : place.start()]
        after = template[place.end(1) + 1 : place.end(1) + 2]
        bare = text[1:-1] if before and before in _OPENING and after in _CLOSING else text
        return bare + following

    return _PLACE.sub(fill, template)


def _missing(value: object) -> bool:
    # pandas hands over None, NaN, NaT and NA; all but None differ from themselves or cannot tell.
    if value is None:
        return True
    if isinstance(value, str):
        return False
    try:
        return math.isnan(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return True
