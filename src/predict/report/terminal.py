"""One lead in the terminal: chance, reasons with bars, criteria."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from predict.report.cards import Card, card
from predict.report.points import Point, full_bar
from predict.scoring.wording import HEADINGS
from predict.scoring.words import safe_text

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType
    from rich.text import Text

#: Length of a full bar, in characters; a bar grows by eighths of one.
BAR = 16
_EIGHTHS = " ▏▎▍▌▋▊▉"
_GRADE_STYLE = {"A": "bold white on green", "B": "bold black on cyan", "C": "bold black on yellow"}
_HIGHER, _LOWER = "green", "dark_orange3"


def render_lead(
    reasons: pd.DataFrame, lead: Mapping[str, Any], *, who: Mapping[str, str] | None = None
) -> RenderableType:
    """Return what is known of one lead's chance, for printing with Rich.

    Parameters
    ----------
    reasons : pandas.DataFrame
        The lead's rows of the reasons frame; may be empty.
    lead : mapping
        Its row of the scores frame.
    who : mapping of str to str, optional
        Roles of `predict.report.who.ROLES` → text; the lead's id is shown without it.

    Returns
    -------
    Rich renderable
        Plain text where the terminal has no colours; markup in names stays text.

    Examples
    --------
    >>> import pandas as pd
    >>> from rich.console import Console
    >>> lead = {"row": 0, "lead_id": "L-7", "status": "duplicate", "status_reason": "see row 2"}
    >>> Console(width=60).print(render_lead(pd.DataFrame(), lead))
    L-7
    not scored, because see row 2
    """
    from rich.console import Group
    from rich.text import Text

    if lead["status"] != "scored":
        why = safe_text(lead.get("status_reason") or "no reason was given", limit=240)
        return Group(
            Text(safe_text(lead["lead_id"]), style="bold"), Text(f"not scored, because {why}")
        )
    rows = cast("list[dict[str, Any]]", reasons.to_dict("records"))
    shown = card(lead, rows, who or {}, full_bar(reasons) if len(reasons) else 1.0)
    return Group(*_head(shown), *_reasons(shown), *_foot(shown))


def _head(shown: Card) -> Iterable[Text]:
    from rich.text import Text

    style = _GRADE_STYLE.get(shown.grade, "bold")
    yield Text.assemble((f" {shown.grade} ", style), " ", (shown.name, "bold"))
    about = [shown.line, shown.place, shown.source, shown.came]
    if any(about):
        yield Text(" · ".join(part for part in about if part), style="dim")
    rated = "rated qualified" if shown.qualified else "not rated qualified"
    dots = "".join("●" if one else "○" for one in shown.dots)
    yield Text.assemble(
        (shown.chance, "bold"), f" ({shown.percent})  {dots}  score {shown.score:.0f}, {rated}"
    )
    for mark in shown.marks:
        yield Text(f"! {mark}", style="yellow")


def _reasons(shown: Card) -> Iterable[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    if not shown.explained:
        yield Text("\nNo reasons were asked for: score with --reasons all.", style="dim")
        return
    if not shown.higher and not shown.lower:
        yield Text("\nNothing stands out: many small things add up to this chance.", style="dim")
        return
    for points, heading in ((shown.higher, HEADINGS["for"]), (shown.lower, HEADINGS["against"])):
        if points:
            yield Text(f"\n{heading.capitalize()}", style="bold")
            grid = Table.grid(padding=(0, 2))
            grid.add_column(width=BAR)
            grid.add_column(ratio=1)
            for point in points:
                grid.add_row(_bar(point), _said(point))
            yield grid
    if shown.rest is not None:
        way = "higher" if shown.rest.raises else "lower"
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=BAR)
        grid.add_column()
        grid.add_row(_bar(shown.rest), Text(f"all else together: {way}", style="dim"))
        yield Text("")
        yield grid


def _foot(shown: Card) -> Iterable[Text]:
    from rich.text import Text

    if shown.failed or shown.unknown:
        yield Text("")
    if shown.failed:
        yield Text(f"Not as agreed: {'; '.join(shown.failed)}", style=_LOWER)
    if shown.unknown:
        yield Text(f"Still to find out: {'; '.join(shown.unknown)}")


def _bar(point: Point) -> Text:
    from rich.text import Text

    eighths = max(1, round(8 * BAR * point.width / 100))
    blocks = "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
    return Text(blocks, style=_HIGHER if point.raises else _LOWER)


def _said(point: Point) -> Text:
    from rich.text import Text

    said = Text(point.fact)
    if point.evidence:
        said.append(f"\n{point.evidence}.", style="dim")
    return said
