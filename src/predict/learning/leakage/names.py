"""Names: what the name of a column gives away; it makes other findings graver, never more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from predict.history.suspects import name_says
from predict.learning.leakage.case import Case
from predict.learning.leakage.verdict import Degree, Verdict


class NameRule:
    """Won, closed, stage, reason, last, total and their like, by the list of the first look."""

    code = "leak-name"
    title = "name"
    severity: Degree = "note"
    refits = False

    def weigh(self, case: Case, told: Sequence[Verdict]) -> list[Verdict]:
        """Return the verdicts of the other rules, warnings raised by names, and its own."""
        says = {
            s.name: why
            for s in case.subjects
            if not s.in_time and (why := name_says(s.name.rpartition(".")[2])) is not None
        }
        raised = [
            replace(
                v,
                severity="block",
                sentence=f"{v.sentence} Its name says the same: it {says[v.column]}.",
            )
            if v.severity == "warn" and v.column in says
            else v
            for v in told
        ]
        found = {v.column for v in raised if v.severity in ("block", "warn")}
        own = []
        for subject in case.subjects:
            why = says.get(subject.name)
            if why is None:
                continue
            said = f"By its name it {why}"
            said += "; other rules agree." if subject.name in found else "; its values do not tell."
            own.append(Verdict(self.code, self.title, subject.name, "note", said))
        if not own:
            said = "No column's name gives anything away."
            own = [Verdict(self.code, self.title, "all columns", "fine", said)]
        return raised + own
