"""The delay as a picture: what share of the leads had got there by each day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from predict.report.displays import BLUE, INK, ORANGE, SOFT, Drawn, percent_axis

if TYPE_CHECKING:
    from predict.history.delay import Delay


class DelayDisplay(Drawn):
    """Share of leads that reached the agreed stage by each day, with its 95 % band.

    Parameters
    ----------
    delay : Delay
        From `predict.history.delay.delay_of`; one that can say nothing draws empty axes.

    Attributes
    ----------
    ax_, figure_
        What was drawn on, once plotted.

    Examples
    --------
    >>> from predict.history.delay import Delay
    >>> from predict.report.displays import to_svg
    >>> curve = tuple({"days": d, "share": d / 900, "low": 0, "high": 0.2} for d in (0.0, 90.0))
    >>> to_svg(DelayDisplay(Delay("won", 30.0, seen_days=90, curve=curve))).startswith("<svg")
    True
    """

    def __init__(self, delay: Delay) -> None:
        self.delay = delay
        self.title = "How long does it take?"

    def plot(self, ax: Any = None) -> DelayDisplay:
        """Draw on ``ax`` or on new axes; returns itself."""
        ax = self._axes(ax, (6.4, 3.4))
        days = [point["days"] for point in self.delay.curve]
        bounds = ([point[k] for point in self.delay.curve] for k in ("low", "high"))
        ax.fill_between(days, *bounds, step="post", color=BLUE, alpha=0.18, linewidth=0)
        ax.step(days, [p["share"] for p in self.delay.curve], where="post", color=BLUE)
        marks = [(self.delay.within_days, "agreed", ORANGE)]
        if self.delay.suggested_days not in (None, self.delay.within_days):
            marks.append((float(self.delay.suggested_days or 0), "suggested", SOFT))
        for at, word, colour in marks:
            ax.axvline(at, color=colour, linewidth=1.2, dashes=(4, 3))
            ax.annotate(
                f"{word}: {at:g} days",
                (at, 0.02),
                xycoords=("data", "axes fraction"),
                xytext=(4, 0 if word == "agreed" else 12),
                textcoords="offset points",
                color=colour,
                fontsize=8.5,
            )
        ax.set_xlim(0, max([1.0, self.delay.seen_days, self.delay.within_days]) * 1.02)
        ax.set_ylim(bottom=0)
        percent_axis(ax.yaxis)
        ax.set_xlabel("days after the first look", color=INK)
        ax.set_ylabel("share of leads that got there", color=INK)
        self._settle()
        return self
