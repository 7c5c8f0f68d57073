"""Pages: a scored list as one HTML file that opens anywhere, without network or script."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from predict.errors import InputError
from predict.report.cards import Card, card
from predict.report.folded import NOTHING, Folded
from predict.report.overview import Overview, calling_order
from predict.report.points import full_bar
from predict.scoring import figures
from predict.scoring.grades import LETTERS, Limits, is_qualified
from predict.scoring.words import Goal, safe_text

if TYPE_CHECKING:
    import pandas as pd
    from jinja2 import Environment

#: Leads of a page, the highest chances first; of longer lists there is a page for each grade.
MOST_LEADS = 20_000
#: Leads whose reasons are folded below them, the highest chances first: 20,000 would weigh 80 MB.
MOST_FOLDED = 2_000
#: Leads that a browser lays out at once, and how many more it takes in at a time.
AT_ONCE, PART = 200, 100
#: Reasons why rows were not scored; rarer ones are summed up.
MOST_WHYS = 12
#: Columns named of which nothing was made; the spreadsheet has them all.
MOST_UNUSED = 12
#: Values that a filter offers, the most frequent ones.
MOST_OPTIONS = 60
_QUARTERS = dict(
    zip("ABCD1234", ("best", "second", "third", "lowest") * 2, strict=True)
)  # of fit and of engagement
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class ListSummary:
    """What a page says of a scored list as a whole.

    Parameters
    ----------
    name : str
        Name of the list, as a heading.
    goal : Goal
        What the leads are to become, and by when.
    known_on : datetime or date
        The moment everything on the page was known (naive UTC).
    model : str
        Name and version of the model in use.
    limits : Limits
        What the grades mean.
    average : float or None
        Rate of all past leads, for comparison.
    told : str
        What the rows are, by number: "3,000 rows: 214 known (their behaviour used), …".
    remarks : tuple of str
        What to know first of how its columns were read.
    unused : tuple of str
        Columns of the list that nothing was made of.
    """

    name: str
    goal: Goal
    known_on: date
    model: str
    limits: Limits
    average: float | None = None
    told: str = ""
    unused: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facet:
    """A filter of the page: its key in the fragment, its label, the field of a card, its values."""

    key: str
    label: str
    of: str
    options: tuple[str, ...] = ()


#: What a page can be filtered by, beside grade and criteria.
FACETS = (
    Facet("source", "Source", "source"),
    Facet("campaign", "Campaign", "campaign"),
    Facet("list", "List", "list_name"),
    Facet("owner", "Owner", "owner"),
)


@dataclass(frozen=True)
class _Shown:
    """The leads of a page, as its template asks for them."""

    cards: list[Card]
    folded: Mapping[int, Folded]
    facets: list[Facet]
    owners: bool

    @property
    def folds(self) -> frozenset[int]:
        explained = [card for card in self.cards if card.explained]
        best = sorted(explained, key=lambda card: (-card.probability, card.row))
        return frozenset(card.row for card in best[:MOST_FOLDED])

    @property
    def folds_cut(self) -> bool:
        return sum(card.explained for card in self.cards) > MOST_FOLDED

    @property
    def first(self) -> list[Card]:
        return [card for card in self.cards if card.qualified]

    @property
    def others(self) -> list[Card]:
        return [card for card in self.cards if not card.qualified]

    @property
    def dots(self) -> list[tuple[bool, ...]]:
        return sorted({card.dots for card in self.cards if card.dots})

    @property
    def criteria(self) -> bool:
        return len({card.criteria for card in self.cards}) > 1

    @property
    def has_alike(self) -> bool:
        return any(extra.alike for extra in self.folded.values())

    quarters, at_once, part = _QUARTERS, AT_ONCE, PART


def render_list(
    scores: pd.DataFrame,
    reasons: pd.DataFrame,
    *,
    display: pd.DataFrame,
    summary: ListSummary,
    overview: Overview | None = None,
    folded: Mapping[int, Folded] | None = None,
) -> str:
    """Return a scored list as one self-contained HTML page.

    The page holds a first screen for each of the best `MOST_LEADS` leads, in calling order, with
    the reasons folded below those that have some, and says why the other rows were not scored. It
    is complete without its script. Text of leads never becomes markup, an address, a style or a
    script; the page loads nothing.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per row of the list.
    reasons : pandas.DataFrame
        Long; leads without rows get no reasons.
    display : pandas.DataFrame
        Who the leads are: columns of `predict.report.who.ROLES` and, where known, ``campaign``,
        ``list`` and ``owner``; one row per row of ``scores``, in the same order.
    summary : ListSummary
        What is said of the whole list.
    overview : Overview, optional
        What stands on top; with a grade, only the leads of that grade are on the page.
    folded : mapping of row to Folded, optional
        What is folded below a lead besides its reasons.

    Returns
    -------
    str
        HTML; the same inputs give the same text.

    Raises
    ------
    InputError
        ``display`` has not as many rows as ``scores``.
    """
    from markupsafe import Markup

    if len(display) != len(scores):
        raise InputError(
            "there are not as many names as scores",
            got=f"{len(display)} rows to show, {len(scores)} scores",
        )
    overview = overview or Overview()
    scored = scores[scores["status"] == "scored"]
    chosen = scored[scored["grade"] == overview.grade] if overview.grade else scored
    best = chosen.sort_values(["probability", "row"], ascending=[False, True], kind="stable")
    shown = calling_order(best.head(MOST_LEADS))
    cards = cards_of(shown, reasons, display.set_axis(scores["row"].to_numpy()))
    known = folded or {}
    page = _Shown(
        cards,
        {card.row: known.get(card.row, NOTHING) for card in cards},
        _facets(cards),
        owners=not overview.rep and len({card.owner for card in cards}) > 1,
    )
    base, leads, script = (
        (_TEMPLATES / name).read_text(encoding="utf-8")
        for name in ("list.css", "lead.css", "list.js")
    )
    style = base + leads
    return (
        environment()
        .get_template("list.html")
        .render(
            summary=summary,
            overview=overview,
            name=safe_text(summary.name, limit=80),
            model=safe_text(summary.model, limit=80),
            day=figures.day(summary.known_on),
            rows=len(scores),
            scored=len(scored),
            counts={letter: int((scored["grade"] == letter).sum()) for letter in LETTERS},
            qualified=_qualified(scored, summary.limits),
            page=page,
            folds=page.folds,
            not_scored=_not_scored(scores),
            told=safe_text(summary.told, limit=600),
            remarks=[safe_text(said, limit=240) for said in summary.remarks[:MOST_UNUSED]],
            unused=[safe_text(header, limit=60) for header in summary.unused[:MOST_UNUSED]],
            unused_more=max(0, len(summary.unused) - MOST_UNUSED),
            limit_words=_limit_words,
            style=Markup(style),
            style_hash=_digest(style),
            script=Markup(script),
            script_hash=_digest(script),
        )
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _limit_words(limits: Limits, letter: str) -> str:
    """Return what a grade means: "38 % or more", "from 12 %", "less"."""
    if letter == "D":
        return "less"
    limit = figures.percent({"A": limits.a, "B": limits.b, "C": limits.c}[letter])
    return f"{limit} or more" if letter == "A" else f"from {limit}"


def _facets(cards: list[Card]) -> list[Facet]:
    """Return the filters that tell leads apart, the most frequent values of each."""
    found = []
    for facet in FACETS:
        counts = Counter(getattr(card, facet.of) for card in cards)
        counts.pop("", None)
        if len(counts) > 1:
            most = [value for value, _ in counts.most_common(MOST_OPTIONS)]
            found.append(replace(facet, options=tuple(sorted(most, key=str.casefold))))
    return found


def cards_of(shown: pd.DataFrame, reasons: pd.DataFrame, display: pd.DataFrame) -> list[Card]:
    """Return the cards of some leads, in their order.

    Parameters
    ----------
    shown : pandas.DataFrame
        Their rows of the scores.
    reasons : pandas.DataFrame
        Long; those of others are left out.
    display : pandas.DataFrame
        Who they are, by ``row``.
    """
    reasons = reasons[reasons["row"].isin(shown["row"])]
    full = full_bar(reasons)
    by_row: dict[int, list[dict[str, Any]]] = {}
    for reason in cast("list[dict[str, Any]]", reasons.to_dict("records")):
        by_row.setdefault(reason["row"], []).append(reason)
    leads = cast("list[dict[str, Any]]", shown.to_dict("records"))
    who = cast("dict[int, dict[str, str]]", display.loc[shown["row"]].to_dict("index"))
    return [card(lead, by_row.get(lead["row"], []), who[lead["row"]], full) for lead in leads]


def _qualified(scored: pd.DataFrame, limits: Limits) -> dict[str, Any]:
    """Count the rated qualified, those of them to be expected to get there, and the near ones."""
    rated = scored["rated_qualified"].astype(bool)
    chances = scored.loc[rated, "probability"]
    barred = is_qualified(scored["grade"], limits) & ~rated
    return {
        "count": len(chances),
        "expected": round(float(chances.sum())),
        "barred": int(barred.sum()),
    }


def _not_scored(scores: pd.DataFrame) -> list[tuple[str, int]]:
    """Return why rows were not scored and how many each, the most frequent first."""
    left = scores[scores["status"] != "scored"]
    counts = left["status_reason"].fillna("no reason was given").map(safe_text).value_counts()
    told = sorted(((str(why), int(n)) for why, n in counts.items()), key=lambda x: (-x[1], x[0]))
    if len(told) > MOST_WHYS:
        others = sum(n for _, n in told[MOST_WHYS:])
        told = [*told[:MOST_WHYS], ("of reasons given row by row in scored.csv", others)]
    return told


def _percent(share: float) -> str:
    # A percentage is never torn from its sign at the end of a line.
    return figures.percent(share).replace(" %", "\u00a0%")


def environment() -> Environment:
    """Return the maker of all pages: text is escaped, a name that is not given is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["count"] = lambda n: f"{n:,}"
    made.filters["percent"] = _percent
    made.filters["line"] = lambda text: safe_text(text, limit=300)
    made.filters["whole"] = lambda value: f"{round(value):,}"
    return made
