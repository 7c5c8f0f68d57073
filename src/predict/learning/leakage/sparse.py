"""Sparse rule: a value, or its absence, that decides the outcome for those who have it."""

from __future__ import annotations

from collections.abc import Iterator

from predict.history.suspects import BEYOND, SURE
from predict.learning.leakage.case import Case, Subject
from predict.learning.leakage.cells import Cell, Measure, cells_of, idle, measure
from predict.learning.leakage.verdict import Degree, Verdict

#: Times by which a cell multiplies the odds, by the careful bound, to be told of at all; the
#: first look's `BEYOND` stops a training.
TELLING = 5.0
#: Times as seen from which a cell decides nearly everything: few leads alone hold down the bound.
#: Then half as much stops a training, and this much is told of.
DECIDES, FEW_BUT_TELLING = 25.0, 2.5
#: What a lead did before the look may tell more than who it is.
BEHAVIOUR = 2.0
#: A cell below this is not worth a second look.
_IDLE = 1.5
#: Values that fewer leads share are not told: they may be personal.
SHOWN = 20


class SparseRule:
    """Each level, filled or not, and both tails, against leads of the same months."""

    code = "leak-sparse"
    title = "sparse rule"
    severity: Degree = "block"
    refits = False

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per column; the bounds of all cells hold together."""
        every = [(subject, list(cells_of(subject))) for subject in case.subjects]
        doubt = (1 - SURE) / max(sum(len(cells) for _, cells in every), 1)
        for subject, cells in every:
            found = _strongest(subject, cells, doubt)
            if found is None:
                yield self._fine(subject, len(cells))
            else:
                yield self._verdict(subject, *found)

    def _fine(self, subject: Subject, cells: int) -> Verdict:
        if not cells:
            said = "Not applicable because no value, nor a missing one, is shared by enough leads."
            return Verdict(self.code, self.title, subject.name, "not applicable", said)
        said = "No value, tail or gap decides the outcome of those who have it."
        return Verdict(self.code, self.title, subject.name, "fine", said)

    def _verdict(self, subject: Subject, cell: Cell, found: Measure) -> Verdict:
        degree = _degree(subject, found)
        figures = {
            "leads": found.inside.leads,
            "reached": found.inside.reached,
            "other_share": found.outside.share,
            "strength": found.strength,
        }
        words = cell.words
        if subject.hidden or (words.startswith("is “") and found.inside.leads < SHOWN):
            words = "is filled" if words == "is filled" else "has one certain value"
        n, k = round(found.inside.leads), round(found.inside.reached)
        said = (
            f"Of {n:,} leads of which “{subject.name}” {words}, {k:,} converted "
            f"({_percent(found.inside.share)}); of others of the same months "
            f"{_percent(found.outside.share)}."
        )
        if degree == "fine":
            said += " A profile may tell as much."
        else:
            times = f"{found.strength:,.0f}" if found.strength < 1_000 else "over a thousand"
            said += f" That changes the odds at least {times} times, as a column does that is "
            said += "filled in when the outcome is known."
        return Verdict(self.code, self.title, subject.name, degree, said, figures)


def _strongest(subject: Subject, cells: list[Cell], doubt: float) -> tuple[Cell, Measure] | None:
    best: tuple[Cell, Measure] | None = None
    for cell in cells:
        # All rows first, which is quick: few cells are worth picking one row an account.
        if idle(cell, subject.sheet, _IDLE):
            continue
        quick = measure(cell, subject.sheet, doubt, one_of_each=False)
        if quick is None or quick.strength < _IDLE:
            continue
        found = measure(cell, subject.sheet, doubt)
        if found is not None and (best is None or found.strength > best[1].strength):
            best = cell, found
    return best


def _degree(subject: Subject, found: Measure) -> Degree:
    by = BEHAVIOUR if subject.in_time else 1.0
    decides = found.seen >= DECIDES * by
    if found.strength >= BEYOND * by or (decides and found.strength >= TELLING * by):
        return "block"
    few = found.strength >= FEW_BUT_TELLING * by and decides
    return "warn" if few or found.strength >= TELLING * by else "fine"


def _percent(share: float) -> str:
    """Return a share as text.

    Examples
    --------
    >>> _percent(0.0), _percent(0.004), _percent(0.31)
    ('0 %', '0.4 %', '31 %')
    """
    return f"{100 * share:.1f} %" if 0 < share < 0.095 else f"{100 * share:.0f} %"
