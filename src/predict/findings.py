"""One type for everything the software noticed: checks, audit, funnel, monitoring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

Severity = Literal["note", "warn", "block"]
_ORDER: dict[str, int] = {"block": 0, "warn": 1, "note": 2}


@dataclass(frozen=True)
class Finding:
    """Something noticed about an input, a model or a list, as a sentence with counts.

    Parameters
    ----------
    code : str
        Stable short name of the rule, ``"orphan-events"``.
    severity : {"note", "warn", "block"}
        A block stops the run with exit code 2.
    subject : str
        Table, column or lead list the finding is about.
    sentence : str
        What was found and, where there is a cure, what to do. No personal data.
    counts : mapping of str to float
        The figures behind the sentence.
    """

    code: str
    severity: Severity
    subject: str
    sentence: str
    counts: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-ready mapping."""
        return {
            "code": self.code,
            "severity": self.severity,
            "subject": self.subject,
            "sentence": self.sentence,
            "counts": dict(self.counts),
        }


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings, the blocking ones first, then by code and subject.

    Examples
    --------
    >>> a = Finding("a", "note", "leads", "Fine.")
    >>> b = Finding("b", "block", "leads", "Not fine.")
    >>> [f.code for f in ordered([a, b])]
    ['b', 'a']
    """
    return sorted(findings, key=lambda f: (_ORDER[f.severity], f.code, f.subject))


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that stop a run."""
    return [f for f in findings if f.severity == "block"]


def frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Return findings as a tidy frame: code, severity, subject, sentence, counts."""
    import pandas as pd

    columns = ["code", "severity", "subject", "sentence", "counts"]
    return pd.DataFrame([f.as_dict() for f in ordered(findings)], columns=columns)
