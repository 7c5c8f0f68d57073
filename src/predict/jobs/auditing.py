"""Auditing: the leakage audit of an export, before a check ends or a training goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from predict.errors import InputError, RefusedError
from predict.findings import Finding, blocking
from predict.history.building import TOO_YOUNG, build_dataset
from predict.learning.leakage.audit import Audit, audit
from predict.learning.leakage.verdict import Verdict

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.history.dataset import Dataset


def audit_export(crm: Crm, *, archive: Path | None = None, quick: bool = False) -> Audit:
    """Return the audit of an opened export; where no lead is old enough, that it does not apply.

    Parameters
    ----------
    crm : Crm
        From `predict.crm.opening.open_crm`; stays open.
    archive : Path, optional
        Folder of earlier exports.
    quick : bool
        Leave out the rules that refit models.
    """
    try:
        data = build_dataset(crm)
    except InputError as error:
        if error.what != TOO_YOUNG:
            raise
        said = f"Not applicable because {error.what}."
        return Audit((Verdict("leak", "leakage audit", "leads", "not applicable", said),))
    return audit(data, crm=crm, archive=archive, quick=quick)


def audit_or_refuse(data: Dataset, crm: Crm, *, archive: Path | None = None) -> Audit:
    """Return the audit of what is about to be learned from.

    Raises
    ------
    RefusedError
        A column seems to know the outcome: rule, column and sentence are named.
    """
    done = audit(data, crm=crm, archive=archive)
    stops = blocking(done.findings)
    if stops:
        raise RefusedError(
            "the leakage audit stops this training",
            where=", ".join(done.blocked),
            got="; ".join(f"[{f.code}] {f.sentence}" for f in stops),
        )
    return done


def noticed(done: Audit, already: Sequence[Finding]) -> list[Finding]:
    """Return what the audit found beside what was noticed when the export was opened.

    Of columns that are left out on purpose the audit has notes only; they stay in ``audit.json``.
    """
    known = {(f.subject, f.sentence) for f in already}
    told = [f for f in done.findings if f.severity != "note" or f.subject in done.allowed]
    return [f for f in told if (f.subject, f.sentence) not in known]
