"""Later: dates that lie after the look, in columns that count as known at it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from predict.learning.leakage.case import Case, Subject
from predict.learning.leakage.verdict import Degree, Verdict

#: Share of the dates after the look that is told of, and from which they are no plans.
TOLD = 0.1


class LaterRule:
    """What holds dates after the look was written after it, unless it holds plans."""

    code = "leak-later"
    title = "dates after the look"
    severity: Degree = "warn"
    refits = False

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per column of dates."""
        dated = [s for s in case.subjects if s.dated]
        if not dated:
            said = "Not applicable because no column holds dates."
            yield Verdict(self.code, self.title, "all columns", "not applicable", said)
        for subject in dated:
            yield self._of(subject)

    def _of(self, subject: Subject) -> Verdict:
        filled = subject.filled
        days = subject.values[filled]
        late = float(np.mean(days > 1.0)) if len(days) else 0.0
        figures = {"late": late, "dates": float(len(days))}
        if late < TOLD:
            said = f"{100 * late:.0f} % of its dates lie more than a day after the look."
            return Verdict(self.code, self.title, subject.name, "fine", said, figures)
        said = (
            f"{100 * late:.0f} % of the dates in “{subject.name}” lie more than a day after the "
            "look: unless they are plans made before it, nobody knew them then."
        )
        return Verdict(self.code, self.title, subject.name, "warn", said, figures)
