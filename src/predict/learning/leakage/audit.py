"""The leakage audit: does anything in the data know the outcome that it should foretell?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.errors import nearest
from predict.findings import Finding, ordered
from predict.learning.leakage.ablation import AblationRule
from predict.learning.leakage.case import Case, Subject, open_case
from predict.learning.leakage.clocks import ClockRule
from predict.learning.leakage.decay import DecayRule
from predict.learning.leakage.duplicates import DuplicateRule
from predict.learning.leakage.exports import ExportsRule
from predict.learning.leakage.freshness import FreshnessRule
from predict.learning.leakage.future import FutureRule
from predict.learning.leakage.joins import JoinRule
from predict.learning.leakage.later import LaterRule
from predict.learning.leakage.names import NameRule
from predict.learning.leakage.order import OrderRule
from predict.learning.leakage.pairs import PairRule
from predict.learning.leakage.single import SingleRule
from predict.learning.leakage.sparse import SparseRule
from predict.learning.leakage.target_means import TargetMeanRule
from predict.learning.leakage.verdict import DEGREES, Rule, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.history.dataset import Dataset

#: In the order in which they are told; the name of a column is weighed last.
RULES: tuple[Rule, ...] = (
    FutureRule(),
    JoinRule(),
    ClockRule(),
    LaterRule(),
    SparseRule(),
    SingleRule(),
    TargetMeanRule(),
    ExportsRule(),
    FreshnessRule(),
    OrderRule(),
    DuplicateRule(),
    AblationRule(),
    PairRule(),
    DecayRule(),
)


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
    case = open_case(data, crm, archive, seed)
    verdicts: list[Verdict] = []
    for rule in RULES:
        if quick and rule.refits:
            said = "Not applicable because a quick audit refits no models."
            verdicts.append(Verdict(rule.code, rule.title, "all columns", "not applicable", said))
            continue
        case.told = tuple(verdicts)
        verdicts += rule.judge(case)
    verdicts = NameRule().weigh(case, verdicts)
    allowed = _allowed(crm)
    settled, cured = [], set[str]()
    for verdict in verdicts:
        final = _settled(verdict, case, allowed)
        if final.severity == "block" and final.column not in cured:
            cured.add(final.column)
            final = replace(final, sentence=final.sentence + _cure(case.subject(final.column)))
        settled.append(final)
    return Audit((*settled, *_idle(allowed, case, settled)), allowed)


def _allowed(crm: Crm | None) -> dict[str, dict[str, Any]]:
    """Return what the definition allows; whether it still counts is asked of the export's day."""
    if crm is None:
        return {}
    return {
        column: {
            "reason": said.reason,
            "by": said.by,
            "until": said.until.isoformat(),
            "counts": crm.exported_at.date() <= said.until,
        }
        for column, said in crm.definition.audit.allow.items()
    }


def _idle(allowed: Iterable[str], case: Case, told: Sequence[Verdict]) -> Iterator[Verdict]:
    """Yield a warning per allowance of a column that is not there: a slip allows nothing."""
    known = {s.name: None for s in case.subjects} | {v.column: None for v in told}
    known.pop("all columns", None)
    if case.crm is not None and "leads" in case.crm.texts:
        known |= dict.fromkeys(case.crm.texts["leads"].columns)
    for column in allowed:
        if column not in known:
            said = f"[audit.allow.{_key(column)}] allows nothing: no column is called “{column}”."
            near = nearest(column, known)
            said += f" Did you mean “{near}”?" if near else ""
            yield Verdict("leak-allow", "allowances", column, "warn", said)


def _settled(verdict: Verdict, case: Case, allowed: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """Return what follows from a verdict: left out on purpose, allowed, or to be declared."""
    if verdict.severity not in ("block", "warn"):
        return verdict
    subject = case.subject(verdict.column)
    said = verdict.sentence
    if subject is not None and not subject.blocks:
        said += f" It is declared “{subject.cls}”, so nothing is learned from it."
        if subject.cls == "role":
            said = f"{verdict.sentence} It is not learned from."
        return replace(verdict, severity="note", sentence=said)
    leave = allowed.get(verdict.column)
    if leave is not None and leave["counts"]:
        said += f" Allowed by {leave['by']} until {leave['until']}: {leave['reason']}"
        return replace(verdict, severity="note", sentence=said)
    if leave is not None:
        said += f" It was allowed by {leave['by']} until {leave['until']}, which is over."
    return replace(verdict, sentence=said)


def _cure(subject: Subject | None) -> str:
    """Return what to do about a column that blocks, once a column."""
    if subject is None:
        return ""
    allow = f"allow it in [audit.allow.{_key(subject.name)}] with reason, by and until"
    if subject.cls == "undeclared":
        return (
            " It is not declared: call it “hindsight”, or name it in [never_use]; if it is known "
            f"when the lead is created, call it “fixed” and {allow}."
        )
    if subject.in_time:
        return f" Look at the stamps of the rows it is computed from; if they are right, {allow}."
    return f" Call it “hindsight” or name it in [never_use]; if it is known in time, {allow}."


def _key(column: str) -> str:
    return column if re.fullmatch(r"[A-Za-z0-9_-]+", column) else f'"{column}"'
