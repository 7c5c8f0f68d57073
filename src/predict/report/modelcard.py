"""Model card: parts of sentences, tables and pictures, as one HTML page and as Markdown."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from predict.report.pages import _TEMPLATES, environment
from predict.scoring.words import safe_text

if TYPE_CHECKING:
    from predict.registry.record import Record

#: What a cell says where a figure is not there.
UNKNOWN = "not known"
_LONGEST = 1_200


@dataclass(frozen=True)
class Grid:
    """A table: what it shows, its head, and rows of texts, none of them empty."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A picture: path below the run's artifacts, what it shows, its SVG."""

    path: str
    shows: str
    svg: str


@dataclass(frozen=True)
class Part:
    """One part of a card.

    Parameters
    ----------
    title : str
        Heading.
    said : tuple of str
        Sentences; never none where there is no table either.
    grids : tuple of Grid
    pictures : tuple of Picture
    """

    title: str
    said: tuple[str, ...] = ()
    grids: tuple[Grid, ...] = ()
    pictures: tuple[Picture, ...] = ()


def grid(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Grid:
    """Return a table whose cells are all said in words.

    Examples
    --------
    >>> grid("Folds", ["month", "loss"], [["May", None], ["June", float("nan")]]).rows
    (('May', 'not known'), ('June', 'not known'))
    """
    return Grid(caption, tuple(head), tuple(tuple(cell(v) for v in row) for row in rows))


def cell(value: object) -> str:
    """Return a value as a cell says it; what is missing is said in words.

    Examples
    --------
    >>> cell(1234), cell(0.03251), cell(None), cell(""), cell(True)
    ('1,234', '0.033', 'not known', 'not known', 'yes')
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3f}"
    return safe_text(value, limit=_LONGEST) or UNKNOWN


def to_markdown(record: Record, parts: Sequence[Part]) -> str:
    """Return a card as Markdown; pictures are named by their path below the run's artifacts."""
    lines = [f"# Model card: {_plain(record.name)}, version {record.number}", ""]
    for part in parts:
        lines += [f"## {part.title}", ""]
        for sentence in part.said:
            lines += [_plain(sentence), ""]
        for table in part.grids:
            lines += [f"**{_plain(table.caption)}**", "", _row(table.head)]
            lines += [_row(["---"] * len(table.head))]
            lines += [*(_row([_plain(c) for c in row]) for row in table.rows), ""]
        for picture in part.pictures:
            lines += [f"![{_plain(picture.shows)}]({picture.path})", ""]
    return "\n".join(lines).rstrip() + "\n"


def to_html(record: Record, parts: Sequence[Part]) -> str:
    """Return a card as one HTML page that loads nothing and runs nothing."""
    from markupsafe import Markup

    style = (_TEMPLATES / "modelcard.css").read_text(encoding="utf-8")
    return (
        environment()
        .get_template("modelcard.html")
        .render(
            name=safe_text(record.name, limit=120),
            number=record.number,
            parts=[(re.sub(r"\W+", "-", p.title.lower()).strip("-"), p) for p in parts],
            data_uri=_data_uri,
            style=Markup(style),
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        )
    )


def _data_uri(svg: str) -> str:
    # As an image: whatever the store holds, a picture can neither load nor run anything.
    if "xmlns=" not in svg.partition(">")[0]:
        svg = svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Return text that Markdown shows as it is, within one cell."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", safe_text(text, limit=_LONGEST))
