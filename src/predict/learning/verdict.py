"""Verdict: whether a new model may replace the one in use, and every figure behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

#: What kind of comparison it was; see `predict.learning.gate.judge`.
Lane = Literal["first", "challenge", "refresh", "replacement"]


@dataclass(frozen=True)
class Condition:
    """One thing that a new model must show.

    Parameters
    ----------
    name : str
        Stable short name: "gain", "skill", "capacity", "chances", "segments", "findings", "wins".
    passed : bool
        Whether it holds, or could not be judged; the sentence says which.
    sentence : str
        What was found.
    figures : mapping of str to float
        Numbers behind the sentence; what is not defined is left out.
    """

    name: str
    passed: bool
    sentence: str
    figures: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-ready mapping."""
        return {
            "name": self.name,
            "passed": self.passed,
            "sentence": self.sentence,
            "figures": dict(self.figures),
        }


@dataclass(frozen=True)
class Verdict:
    """Whether a new model may replace the one in use, and why.

    Parameters
    ----------
    promote : bool
        Whether it may.
    lane : {"first", "challenge", "refresh", "replacement"}
        What it had to show; see `predict.learning.gate.judge`.
    sentence : str
        What a manager reads.
    conditions : tuple of Condition
        All that was asked for, in the order of asking.
    figures : mapping of str to float
        Every figure as ``<condition>/<name>``, ready for MLflow.

    Examples
    --------
    >>> gain = Condition("gain", True, "It is better by 0.01.", {"value": 0.01})
    >>> verdict = Verdict(True, "challenge", "Use the new model.", (gain,), {"gain/value": 0.01})
    >>> Verdict.from_dict(verdict.as_dict()) == verdict
    True
    >>> verdict.with_grades(31, 412).sentence
    'Use the new model. 31 of 412 open leads change grade.'
    """

    promote: bool
    lane: Lane
    sentence: str
    conditions: tuple[Condition, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-ready mapping."""
        return {
            "promote": self.promote,
            "lane": self.lane,
            "sentence": self.sentence,
            "conditions": [c.as_dict() for c in self.conditions],
            "figures": dict(self.figures),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Verdict:
        """Return the verdict that `as_dict` described."""
        conditions = tuple(Condition(**c) for c in value["conditions"])
        return cls(value["promote"], value["lane"], value["sentence"], conditions, value["figures"])

    def frame(self) -> pd.DataFrame:
        """Return one row per condition: condition, passed, sentence, and a column per figure."""
        import pandas as pd

        return pd.DataFrame(
            {"condition": c.name, "passed": c.passed, "sentence": c.sentence, **c.figures}
            for c in self.conditions
        )

    def failed(self) -> list[Condition]:
        """Return the conditions that did not hold."""
        return [c for c in self.conditions if not c.passed]

    def with_grades(self, changed: int, of: int) -> Verdict:
        """Return the verdict with what it changes for sales.

        Parameters
        ----------
        changed, of : int
            Open leads whose grade would change, and all open leads.
        """
        verb = "changes" if changed == 1 else "change"
        if not self.promote:
            verb = f"would {verb.removesuffix('s')}"
        noun = "lead" if of == 1 else "leads"
        said = f"{self.sentence} {changed:,} of {of:,} open {noun} {verb} grade."
        more = {"grades/changed": float(changed), "grades/open": float(of)}
        return replace(self, sentence=said, figures={**self.figures, **more})
