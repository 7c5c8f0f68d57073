"""Judging: a new version against the one in use; the verdict is kept with it, then followed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from predict.errors import PredictError
from predict.findings import Finding
from predict.jobs.carding import complete_card
from predict.jobs.comparing import Comparison, compare
from predict.jobs.stages import Progress, silent
from predict.publish import write_json

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.history.dataset import Dataset
    from predict.home import Home
    from predict.learning.backtest_result import BacktestResult
    from predict.learning.lead_model import LeadModel
    from predict.learning.verdict import Verdict
    from predict.registry.models import Registry
    from predict.registry.versions import Version

#: Artifact of a run that holds the verdict.
VERDICT_FILE = "verdict.json"


@dataclass(frozen=True)
class InUse:
    """The model that a new one is compared with; ``number`` 0 where none is in use."""

    number: int
    model: LeadModel | None = None
    trouble: Finding | None = None


@dataclass(frozen=True)
class Judgement:
    """What was judged, and what came of it.

    Parameters
    ----------
    version : Version
        The new one, with the verdict in its tags.
    before : InUse
        What it was compared with.
    comparison : Comparison
        The verdict, and what it changes for sales.
    in_use : bool
        Whether the new version scores from now on.
    findings : list of Finding
        All that the verdict knew of.
    """

    version: Version
    before: InUse
    comparison: Comparison
    in_use: bool
    findings: list[Finding]

    @property
    def verdict(self) -> Verdict:
        """What the gate said."""
        return self.comparison.verdict


def judged(
    registry: Registry,
    crm: Crm,
    home: Home,
    data: Dataset,
    result: BacktestResult,
    version: Version,
    findings: Sequence[Finding],
    progress: Progress = silent,
) -> Judgement:
    """Compare a version with the model in use, keep the verdict, complete the card, promote.

    In this order, so that whatever scores has its reasons on record. Killed anywhere, the same
    call again comes to the same end.

    Parameters
    ----------
    registry : Registry
        Where the version is.
    crm, home, data, result
        As of `predict.jobs.comparing.compare`.
    version : Version
        Trained on this export.
    findings : sequence of Finding
        Of checks and audit: one that blocks keeps the model in use.
    progress : callable
        Called with (step, done, total, what).
    """
    before = compared_with(registry, version)
    known = [*findings, *([before.trouble] if before.trouble else [])]
    comparison = compare(
        crm,
        home,
        data,
        result,
        registry.load(version),
        before.model,
        damaged=before.trouble is not None,
        findings=known,
        progress=progress,
    )
    version = _recorded(registry, version, comparison.verdict, before)
    complete_card(registry, version)
    in_use = _followed(registry, version, comparison.verdict, before)
    return Judgement(version, before, comparison, in_use, known)


def compared_with(registry: Registry, version: Version) -> InUse:
    """Return the model in use, or the one that was when this version was promoted."""
    number = registry.in_use(version.name) or 0
    if number == version.number:
        # An earlier run, or somebody by hand, promoted it, and nothing was told yet.
        number = _before(registry, version)
    if not number:
        return InUse(0)
    try:
        return InUse(number, registry.load(registry.version(version.name, number)))
    except PredictError as error:  # deleted, or its files are missing or altered
        said = f"The model in use cannot be loaded: {error.what}."
        return InUse(number, trouble=Finding("champion-cannot-run", "warn", "model in use", said))


def _before(registry: Registry, version: Version) -> int:
    if "judged_against" in version.tags:
        return int(version.tags["judged_against"])
    moves = registry.promotions(version.name)
    return int(moves[-1]["previous"] or 0) if moves else 0


def _recorded(registry: Registry, version: Version, verdict: Verdict, before: InUse) -> Version:
    """Keep the verdict and every figure behind it with the version, before anything moves."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / VERDICT_FILE
        write_json(file, verdict.as_dict())
        return registry.log_verdict(
            version,
            metrics={f"gate/{name}": value for name, value in verdict.figures.items()},
            artifacts={VERDICT_FILE: file},
            tags={
                "judged_against": before.number,
                "lane": verdict.lane,
                "verdict": verdict.sentence,
                # The last one: where it is, the verdict is complete.
                "gate": "promote" if verdict.promote else "hold",
            },
        )


def _followed(registry: Registry, version: Version, verdict: Verdict, before: InUse) -> bool:
    """Promote where the verdict says so; tell whether the version is in use now."""
    in_use = "champion" in version.aliases
    # What somebody rolled back from does not come back by itself.
    taken_back = "promoted_at" in version.tags and not in_use
    if verdict.promote and not taken_back:
        # Where it is in use already, this completes the record of a run that was killed.
        registry.promote(version.name, version.number, verdict.sentence, instead_of=before.number)
        return True
    return in_use
