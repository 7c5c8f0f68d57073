"""Verdict: what one rule says of one column, as a sentence with the figures behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from predict.findings import Finding

if TYPE_CHECKING:
    from predict.learning.leakage.case import Case

Degree = Literal["block", "warn", "note", "fine", "not applicable"]
#: The graver first.
DEGREES: tuple[Degree, ...] = ("block", "warn", "note", "fine", "not applicable")


@dataclass(frozen=True)
class Verdict:
    """What a rule says of a column.

    Parameters
    ----------
    rule, title : str
        Code of the rule (``"leak-sparse"``) and its name for readers.
    column : str
        The column, or the table, that it is about.
    severity : {"block", "warn", "note", "fine", "not applicable"}
        What follows from it.
    sentence : str
        What was found, or why the rule says nothing.
    figures : mapping of str to float
        The figures behind the sentence.
    """

    rule: str
    title: str
    column: str
    severity: Degree
    sentence: str
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def finding(self) -> Finding | None:
        """The verdict as a `Finding`; None where there is nothing to notice."""
        if self.severity in ("fine", "not applicable"):
            return None
        return Finding(self.rule, self.severity, self.column, self.sentence, dict(self.figures))  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {**asdict(self), "figures": dict(self.figures)}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Verdict:
        """Return the verdict that `as_dict` described."""
        return cls(**value)


class Rule(Protocol):
    """A rule of the audit.

    Attributes
    ----------
    code, title : str
        ``"leak-sparse"``; what readers call it.
    severity : str
        The gravest verdict that it gives.
    refits : bool
        Whether it fits models: a quick audit leaves it out.
    """

    code: str
    title: str
    severity: Degree
    refits: bool

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per column, or one that says why the rule does not apply."""
        ...
