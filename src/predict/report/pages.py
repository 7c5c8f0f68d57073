"""Pages: a scored list as one HTML file that opens anywhere, without network or script."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from predict.errors import InputError
from predict.report.cards import Card, card
from predict.report.points import full_bar
from predict.scoring import figures
from predict.scoring.grades import LETTERS, Limits, is_qualified
from predict.scoring.words import Goal, safe_text

if TYPE_CHECKING:
    import pandas as pd
    from jinja2 import Environment

#: Leads in the table of a page, the highest scores first; the files beside it hold all.
MOST_LEADS = 2_000
#: Reasons why rows were not scored; rarer ones are summed up.
MOST_WHYS = 12
#: Columns named of which nothing was made; the spreadsheet has them all.
MOST_UNUSED = 12
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


def render_list(
    scores: pd.DataFrame, reasons: pd.DataFrame, *, display: pd.DataFrame, summary: ListSummary
) -> str:
    """Return a scored list as one self-contained HTML page.

    The page holds a card for each lead that is rated qualified and a table of the best leads, both
    within the first `MOST_LEADS` by score, and says why the other rows were not scored. Text of
    leads never becomes markup, an address or a style; the page loads nothing and runs nothing.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per row of the list.
    reasons : pandas.DataFrame
        Long; leads without rows get no reasons.
    display : pandas.DataFrame
        Who the leads are: columns of `predict.report.who.ROLES`, one row per row of ``scores``, in
        the same order.
    summary : ListSummary
        What is said of the whole list.

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
    scored = scores[scores["status"] == "scored"]
    shown = scored.sort_values(["probability", "row"], ascending=[False, True], kind="stable").head(
        MOST_LEADS
    )
    cards = cards_of(shown, reasons, display.set_axis(scores["row"].to_numpy()))
    style = (_TEMPLATES / "list.css").read_text(encoding="utf-8")
    return (
        environment()
        .get_template("list.html")
        .render(
            summary=summary,
            name=safe_text(summary.name, limit=80),
            model=safe_text(summary.model, limit=80),
            day=figures.day(summary.known_on),
            rows=len(scores),
            scored=len(scored),
            counts={letter: int((scored["grade"] == letter).sum()) for letter in LETTERS},
            qualified=_qualified(scored, summary.limits),
            cards=[found for found in cards if found.qualified],
            table=cards,
            scale=max((found.probability for found in cards), default=1.0),
            not_scored=_not_scored(scores),
            told=safe_text(summary.told, limit=600),
            remarks=[safe_text(said, limit=240) for said in summary.remarks[:MOST_UNUSED]],
            unused=[safe_text(header, limit=60) for header in summary.unused[:MOST_UNUSED]],
            unused_more=max(0, len(summary.unused) - MOST_UNUSED),
            style=Markup(style),
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        )
    )


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
    by_row = {cast("int", row): group for row, group in reasons.groupby("row", sort=False)}
    none = reasons.iloc[:0]
    leads = cast("list[dict[str, Any]]", shown.to_dict("records"))
    who = cast("dict[int, dict[str, str]]", display.loc[shown["row"]].to_dict("index"))
    return [card(lead, by_row.get(lead["row"], none), who[lead["row"]], full) for lead in leads]


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
        told = [*told[:MOST_WHYS], ("of reasons given row by row in the spreadsheet", others)]
    return told


def _short(evidence: str, goal: Goal) -> str:
    """Return evidence without the stage, which the page names once above all cards.

    "Of 812 such leads 19 % became …, of all leads 7 %" → "19 % of 812 such leads, 7 % of all".
    """
    reached = re.escape(goal.reached)
    told = re.fullmatch(
        rf"of (?P<like>.+?),? (?P<rate>\S+) % {reached}, of all leads (?P<all>\S+) %",
        evidence,
        re.IGNORECASE,
    )
    if told is None:
        return evidence
    # A percentage is never torn from its sign at the end of a line.
    return f"{told['rate']}\u00a0% of {told['like']}, {told['all']}\u00a0% of all"


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
    made.filters["percent"] = figures.percent
    made.filters["short"] = _short
    return made
