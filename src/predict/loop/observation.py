"""Observation: one figure that was watched, what is usual for it, and what to say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from predict.findings import Finding

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

Watch = Literal["data", "scores", "cohorts", "conversions", "drift"]
#: What is watched, in order of worth, and in words.
WATCHES: dict[Watch, str] = {
    "data": "faults of the data",
    "scores": "distribution of the chances given",
    "cohorts": "what became of the leads that were scored",
    "conversions": "conversions at equal age",
    "drift": "drift of the inputs",
}
Severity = Literal["fine", "note", "warn", "block"]
FRAME = (
    "watch",
    "subject",
    "batch",
    "as_of",
    "figure",
    "value",
    "low",
    "high",
    "severity",
    "sentence",
)


@dataclass(frozen=True)
class Observation:
    """One figure of one batch.

    Parameters
    ----------
    watch : {"data", "scores", "cohorts", "conversions", "drift"}
    subject : str
        Column, list or stage.
    batch : str
        Which leads: "1 June to 1 July 2026", or the list.
    as_of : datetime
        End of the batch, naive UTC.
    figure : str
        What is measured: "share missing", "psi", …
    value, low, high : float
        It, and what it would be between where nothing has changed; NaN without a limit.
    severity : {"fine", "note", "warn", "block"}
        A warning is a page: somebody should look today.
    sentence : str
        What was found; no personal data.
    code : str
        Stable short name of the rule.
    counts : mapping of str to float
        Figures behind the sentence.
    group : str
        What makes several columns one finding: their concept; "" where each stands alone.
    """

    watch: Watch
    subject: str
    batch: str
    as_of: datetime
    figure: str
    value: float
    low: float
    high: float
    severity: Severity
    sentence: str
    code: str
    counts: Mapping[str, float] = field(default_factory=dict)
    group: str = ""

    def finding(self) -> Finding | None:
        """Return it as a finding; None where all is fine."""
        if self.severity == "fine":
            return None
        return Finding(self.code, self.severity, self.subject, self.sentence, dict(self.counts))


def frame(observations: Iterable[Observation]) -> pd.DataFrame:
    """Return observations as a tidy frame, columns `FRAME`."""
    import pandas as pd

    rows = [[getattr(o, name) for name in FRAME] for o in observations]
    found = pd.DataFrame(rows, columns=list(FRAME))
    kinds = {"value": "float64", "low": "float64", "high": "float64", "as_of": "datetime64[us]"}
    return found.astype(kinds)
