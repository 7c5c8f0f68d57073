"""Pictures of a backtest, in scikit-learn's manner; the only importer of matplotlib.

A display holds the numbers; ``plot`` draws them on given or new axes; `to_svg` makes a picture
for a page, the same bytes for the same numbers. Words are those of sales and marketing readers.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from html import escape
from itertools import cycle
from textwrap import fill
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from predict.learning.baselines import INCUMBENT_PREFIX

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from predict.learning.backtest_result import BacktestResult

#: Okabe and Ito's colours, told apart with any colour vision; rivals differ in dashes too.
BLUE, ORANGE, GREEN, PURPLE, SKY = "#0072B2", "#D55E00", "#009E73", "#A6507F", "#4A9CC9"
INK, SOFT, GRID = "#1c2430", "#5b6573", "#e6e3dc"
#: A rule looks the same in every picture; incumbents take the rest in turn.
_RULES: dict[str, tuple[str, Any]] = {
    "p_base_rate": (SOFT, (0, (4, 3))),
    "p_recency": (ORANGE, (0, (5, 2))),
    "p_profile": (GREEN, (0, (1, 1.3))),
}
_OTHERS = ((PURPLE, (0, (6, 2, 1, 2))), (SKY, (0, (3, 1.5))), (INK, (0, (8, 2))))
_STYLE: Any = {
    "font.family": "sans-serif",
    "font.size": 10,
    "svg.fonttype": "none",  # text stays text: it can be read aloud, selected and searched
    "svg.hashsalt": "predict",  # ids inside the picture do not vary
}
_NAMES = {
    "probability": "this model",
    "p_base_rate": "same chance for all",
    "p_recency": "days since last active",
    "p_profile": "profile alone",
}
_OUTCOME = "reached the agreed stage"
_LINE = 58  # letters that fit beside the height of a picture


class Display(Protocol):
    """Something that draws itself."""

    title: str
    figure_: Figure

    def plot(self, ax: Axes | None = None) -> Display:
        """Draw on ``ax`` or on new axes."""


class Drawn:
    """What all displays share: axes to draw on, and their look in a notebook."""

    title: str
    ax_: Axes
    figure_: Figure
    _own: bool

    def _axes(self, ax: Axes | None, size: tuple[float, float]) -> Axes:
        import matplotlib
        from matplotlib.figure import Figure

        self._own = ax is None
        if ax is None:
            with matplotlib.rc_context(_STYLE):
                # A figure of its own, not pyplot's: nothing global is touched or left open.
                ax = Figure(figsize=size, layout="constrained").subplots()
        self.ax_, self.figure_ = ax, ax.get_figure(root=True)  # type: ignore[assignment]
        ax.set_title(self.title, loc="left", color=INK, fontsize=11.5, pad=10)
        ax.grid(color=GRID, linewidth=0.8)
        ax.set_axisbelow(True)
        ax.tick_params(length=0, colors=SOFT, labelsize=9)
        for side, spine in ax.spines.items():
            spine.set_visible(side == "bottom")
            spine.set_color(GRID)
        return ax

    def _settle(self) -> None:
        """Fix the layout of an own figure: it moves a little each time it is drawn."""
        if self._own:
            for _ in range(2):
                self.figure_.draw_without_rendering()
            self.figure_.set_layout_engine("none")

    def _repr_svg_(self) -> str | None:
        return to_svg(self) if hasattr(self, "ax_") else None  # type: ignore[arg-type]


class CalibrationDisplay(Drawn):
    """Chances given against what happened, in ten groups of about equal count.

    Parameters
    ----------
    curve : pandas.DataFrame
        x (mean chance), y (rate), low, high; as `curves.calibration_curve` returns.
    outcome : str
        What counts, in the past tense: "became an opportunity within 90 days".

    Attributes
    ----------
    ax_, figure_
        What was drawn on, once plotted.
    """

    def __init__(self, curve: pd.DataFrame, *, outcome: str = _OUTCOME) -> None:
        self.curve, self.outcome = curve, outcome
        self.title = "Do the chances come true?"

    @classmethod
    def from_backtest(
        cls, result: BacktestResult, *, outcome: str = _OUTCOME
    ) -> CalibrationDisplay:
        """Return the display of a backtest's predictions."""
        curves = result.curves()
        return cls(curves[curves["kind"] == "calibration"], outcome=outcome)

    def plot(self, ax: Axes | None = None) -> CalibrationDisplay:
        """Draw on ``ax`` or on new axes; returns itself."""
        ax = self._axes(ax, (4.9, 4.9))
        c = self.curve
        top = min(1.0, 1.06 * float(np.nanmax(c[["x", "y", "high"]].to_numpy())))
        ax.plot([0, top], [0, top], color=SOFT, linewidth=1, dashes=(4, 3))
        ax.annotate(
            "exactly as said",
            (top * 0.97, top * 0.97),
            xytext=(5, -9),
            textcoords="offset points",
            ha="right",
            va="center",
            rotation=45,
            rotation_mode="anchor",
            color=SOFT,
            fontsize=8.5,
        )
        ax.vlines(c["x"], c["low"], c["high"], color=BLUE, linewidth=5, alpha=0.25)
        ax.plot(c["x"], c["y"], "o-", color=BLUE, linewidth=1.6, markersize=5.5)
        ax.set_xlim(0, top)
        ax.set_ylim(0, top)
        ax.set_box_aspect(1)
        percent_axis(ax.xaxis)
        percent_axis(ax.yaxis)
        ax.set_xlabel("chance given, mean of each tenth of the leads", color=INK)
        ax.set_ylabel(fill(f"share that {self.outcome}", _LINE), color=INK)
        self._settle()
        return self


class GainDisplay(Drawn):
    """Winners found by working the best leads first.

    Parameters
    ----------
    curves : pandas.DataFrame
        series, x (share of leads), y (share of winners), low, high.
    outcome : str
        What counts, in the past tense.
    flattered : sequence of str
        Series that knew the outcome when they were exported.
    """

    def __init__(
        self,
        curves: pd.DataFrame,
        *,
        outcome: str = _OUTCOME,
        flattered: tuple[str, ...] = (),
    ) -> None:
        self.curves, self.outcome, self.flattered = curves, outcome, flattered
        self.title = "How many are found by working the best first?"

    @classmethod
    def from_backtest(cls, result: BacktestResult, *, outcome: str = _OUTCOME) -> GainDisplay:
        """Return the display of a backtest's predictions and its baselines."""
        curves = result.curves()
        gain = curves[curves["kind"] == "gain"]
        return cls(gain, outcome=outcome, flattered=result.flattered)

    def plot(self, ax: Axes | None = None) -> GainDisplay:
        """Draw on ``ax`` or on new axes; returns itself."""
        ax = self._axes(ax, (6.0, 4.6))
        series = {str(name): part for name, part in self.curves.groupby("series", sort=False)}
        best, model = series.pop("best possible", None), series.pop("probability")
        series.pop("p_base_rate", None)  # one chance for all is no order
        ax.fill_between(model["x"], model["low"], model["high"], color=BLUE, alpha=0.18, lw=0)
        ax.plot(model["x"], model["y"], color=BLUE, linewidth=2.2, label=_NAMES["probability"])
        for name, look in _looks(series).items():
            label, part = _name(name, self.flattered), series[name]
            ax.plot(part["x"], part["y"], linewidth=1.5, label=label, **look)
        if best is not None:
            ax.plot(best["x"], best["y"], color=SOFT, linewidth=1, alpha=0.7, label="best possible")
        ax.plot([0, 1], [0, 1], color=SOFT, linewidth=1, dashes=(4, 3), label="in any order")
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1.005)
        percent_axis(ax.xaxis)
        percent_axis(ax.yaxis)
        ax.set_xlabel("share of leads worked, best first", color=INK)
        ax.set_ylabel(fill(f"found of those that {self.outcome}", _LINE), color=INK)
        legend(ax, loc="lower right")
        self._settle()
        return self


class FoldsDisplay(Drawn):
    """A figure of each period, with its interval and the simple rules beside it.

    Parameters
    ----------
    metrics : pandas.DataFrame
        scope, cutoff, series, metric, value, low, high; as `BacktestResult.metrics` returns.
    metric : str
        Which figure: "log_loss", "roc_auc", "lift_10%", "precision_at_capacity", …
    flattered : sequence of str
        Series that knew the outcome when they were exported.
    """

    def __init__(
        self, metrics: pd.DataFrame, *, metric: str = "log_loss", flattered: tuple[str, ...] = ()
    ) -> None:
        here = metrics[(metrics["scope"] == "fold") & (metrics["metric"] == metric)]
        if here.empty:
            known = sorted(metrics["metric"].unique())
            raise ValueError(f"no figure {metric!r} in this backtest; there are {', '.join(known)}")
        self.metrics, self.metric, self.flattered = here, metric, flattered
        self.title, self.axis = _METRICS.get(metric, (metric.replace("_", " "), ""))

    @classmethod
    def from_backtest(cls, result: BacktestResult, *, metric: str = "log_loss") -> FoldsDisplay:
        """Return the display of a backtest's folds."""
        return cls(result.metrics(), metric=metric, flattered=result.flattered)

    def plot(self, ax: Axes | None = None) -> FoldsDisplay:
        """Draw on ``ax`` or on new axes; returns itself."""
        ax = self._axes(ax, (7.2, 3.8))
        series = {str(name): part for name, part in self.metrics.groupby("series", sort=False)}
        model = series.pop("probability")
        places = {cutoff: place for place, cutoff in enumerate(model["cutoff"])}
        at = list(places.values())
        for name, look in _looks(series).items():
            label, part = _name(name, self.flattered), series[name]
            marker = "." if len(at) == 1 else ""  # a line of one point is not seen
            x = part["cutoff"].map(places)
            ax.plot(x, part["value"], linewidth=1.3, label=label, marker=marker, **look)
        ax.vlines(at, model["low"], model["high"], color=BLUE, linewidth=5, alpha=0.25)
        ax.plot(at, model["value"], "o-", color=BLUE, lw=1.8, ms=5.5, label=_NAMES["probability"])
        ax.set_xticks(*_dates(list(places)))
        ax.set_xlim(-0.5, len(at) - 0.5)
        ax.set_ylabel(self.axis, color=INK)
        ax.set_xlabel("leads looked at from", color=INK)
        handles, labels = ax.get_legend_handles_labels()
        first = handles[-1:] + handles[:-1], labels[-1:] + labels[:-1]
        legend(ax, first, loc="center left", bbox_to_anchor=(1.0, 0.5))
        self._settle()
        return self


def to_svg(display: Display) -> str:
    """Return a display as an SVG element for a page; drawn first where it is not yet.

    Returns
    -------
    str
        One ``<svg>`` element with a title to be read aloud; the same text for the same numbers.

    Examples
    --------
    >>> curve = pd.DataFrame({"x": [0.1, 0.5], "y": [0.1, 0.6], "low": 0, "high": 0.7})
    >>> picture = to_svg(CalibrationDisplay(curve, outcome="became a customer"))
    >>> picture.startswith("<svg"), "became a customer" in picture
    (True, True)
    >>> picture == to_svg(CalibrationDisplay(curve, outcome="became a customer"))
    True
    """
    import matplotlib

    if not hasattr(display, "figure_"):
        display.plot()
    target = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        # Neither date nor version: the same numbers give the same bytes.
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        display.figure_.savefig(target, format="svg", metadata=nothing)
    text = target.getvalue()
    opening, rest = text[text.index("<svg") :].split(">", 1)
    return f'{opening} role="img">\n <title>{escape(display.title)}</title>{rest}'


_METRICS = {
    "log_loss": ("How far chances were from what happened, by period", "log loss, less is better"),
    "brier": ("How far chances were from what happened, by period", "Brier score, less is better"),
    "roc_auc": ("How often a winner ranks above another lead, by period", "0.5 is no order at all"),
    "average_precision": ("How pure the top of the list is, by period", "average precision"),
    "base_rate": ("What share won, by period", "share of leads"),
    "precision_at_capacity": ("Of the leads worked, what share won, by period", "share of leads"),
    "capture_at_capacity": ("Of the winners, what share was worked, by period", "share of winners"),
} | {
    f"lift_{share}%": (f"Winners among the best {share} %, by period", "times as many as average")
    for share in (1, 5, 10, 20)
}


def _name(series: str, flattered: tuple[str, ...]) -> str:
    given = series.removeprefix(INCUMBENT_PREFIX).replace("$", r"\$")  # not a formula
    known = _NAMES.get(series) or f"“{given}”"
    return f"{known} (saw the outcome)" if series in flattered else known


def _looks(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return colour and dashes of each series."""
    rest = cycle(_OTHERS)
    found = {name: _RULES.get(name) or next(rest) for name in names}
    return {
        name: {"color": colour, "linestyle": dashes} for name, (colour, dashes) in found.items()
    }


def percent_axis(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(PercentFormatter(1.0, decimals=None, symbol=" %"))


def legend(ax: Axes, entries: Any = None, **place: Any) -> None:
    handles, labels = entries or ax.get_legend_handles_labels()
    look: Any = {"frameon": False, "fontsize": 9, "labelcolor": INK, "handlelength": 2.6}
    ax.legend(handles, labels, **look, **place)


def _dates(cutoffs: list[pd.Timestamp], most: int = 12) -> tuple[list[int], list[str]]:
    """Return the places and texts of at most ``most`` dates; the year where it changes."""
    shown = list(range(0, len(cutoffs), -(-len(cutoffs) // most)))
    day = "%b" if all(cutoff.day == 1 for cutoff in cutoffs) else "%-d %b"
    texts, year = [], None
    for place in shown:
        cutoff = cutoffs[place]
        texts.append(f"{cutoff:{day}}" + (f"\n{cutoff:%Y}" if cutoff.year != year else ""))
        year = cutoff.year
    return shown, texts
