"""Single column: what a column alone foretells of later leads, by the careful bound."""

from __future__ import annotations

from collections.abc import Iterator

from predict.learning.leakage.case import Case, Subject
from predict.learning.leakage.foretelling import foretell
from predict.learning.leakage.verdict import Degree, Verdict

#: AUC within months, by the lower bound, from which a column is told of and stops a training.
#: Honest columns of real and simulated exports stay below 0.66; published audits take 0.8 and more.
TELLING, BEYOND = 0.72, 0.80
#: The same of what a lead did before the look.
TELLING_DONE, BEYOND_DONE = 0.82, 0.90
#: Below this as seen nothing is resampled.
_IDLE = 0.65


class SingleRule:
    """Cross-fitted, out of time, within months; the bound resamples whole accounts."""

    code = "leak-single"
    title = "single column"
    severity: Degree = "block"
    refits = False

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per column."""
        for subject in case.subjects:
            yield self._of(subject, case.seed)

    def _of(self, subject: Subject, seed: int) -> Verdict:
        ranks = foretell(subject)
        if not ranks.enough:
            said = "Not applicable because too few later leads converted, or failed to."
            return Verdict(self.code, self.title, subject.name, "not applicable", said)
        auc = ranks.auc()
        figures = {"auc": auc}
        low = 0.0
        if auc >= _IDLE:
            low, high = ranks.bounds(seed=seed)
            figures |= {"auc_low": low, "auc_high": high}
        warns = TELLING_DONE if subject.in_time else TELLING
        blocks = BEYOND_DONE if subject.in_time else BEYOND
        degree: Degree = "block" if low >= blocks else "warn" if low >= warns else "fine"
        said = f"Alone it ranks later leads of the same month with an AUC of {auc:.2f}"
        if degree == "fine":
            said += ", which is no more than an honest column does."
        else:
            said += f", at the least {low:.2f}: more than a column says that was known beforehand."
        return Verdict(self.code, self.title, subject.name, degree, said, figures)
