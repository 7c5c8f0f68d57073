"""Join coverage: tables of events in which those who were won fall silent, or whose ids lead on."""

from __future__ import annotations

from collections.abc import Iterator

from predict.crm.coverage import measure
from predict.learning.leakage.case import Case
from predict.learning.leakage.verdict import Degree, Verdict

CODE = "join-coverage"


class JoinRule:
    """The findings of `predict.crm.coverage`, which every export is opened with."""

    code = "leak-join"
    title = "join coverage"
    severity: Degree = "block"
    refits = False

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per table of events."""
        crm = case.crm
        if crm is None or case.no_events:
            said = f"Not applicable because {case.no_events}."
            yield Verdict(self.code, self.title, "events", "not applicable", said)
            return
        found = {f.subject: f for f in crm.findings if f.code == CODE}
        for name, spec in crm.definition.events.items():
            at = f"events.{name}"
            if at in found:
                f = found[at]
                yield Verdict(self.code, self.title, at, f.severity, f.sentence, dict(f.counts))
            elif spec.coverage is not None:
                said = "Fine because the definition accepts the coverage of this table."
                yield Verdict(self.code, self.title, at, "note", said)
            else:
                yield self._fine(case, name)

    def _fine(self, case: Case, name: str) -> Verdict:
        assert case.crm is not None
        best = max(measure(case.crm, name), key=lambda c: c.telling, default=None)
        said = "Those who were won have rows as often as others of their age, or more often."
        figures: dict[str, float] = {}
        if best is not None:
            won, other = best.shares
            figures = {"age_days": best.age_days, "won": won, "other": other}
        return Verdict(self.code, self.title, f"events.{name}", "fine", said, figures)
