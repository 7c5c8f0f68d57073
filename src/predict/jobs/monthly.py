"""Monthly: one idempotent run from a new export to a judged model and a report; made for cron."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from predict.definition.schema import Definition
from predict.errors import InputError, PredictError
from predict.findings import Finding, blocking
from predict.history.building import TOO_YOUNG, build_dataset
from predict.history.delay import delay_of
from predict.home import Home
from predict.jobs import stages
from predict.jobs.auditing import noticed
from predict.jobs.comparing import as_read_by, same_definition
from predict.jobs.intake import taken_in
from predict.jobs.judging import InUse, judged
from predict.jobs.stages import Progress
from predict.learning.floors import thin, too_few
from predict.publish import json_digest, locked, publishing, settle, verify

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.registry.models import Registry
    from predict.report.monthly import Month

#: What became of a month: a first model, a better one, the old one stays, or nothing was learned.
State = Literal["first", "promoted", "kept", "blocked"]
REPORT = "report.html"
#: Seconds that a second run waits for the first one.
WAIT = 3_600.0


@dataclass(frozen=True)
class Monthly:
    """What a monthly run did.

    Parameters
    ----------
    state : {"first", "promoted", "kept", "blocked"}
        Whether the new model is in use, the old one stays, or a finding stopped the run.
    line : str
        The same as one line, with the verdict.
    report : Path
        The page.
    version : int or None
        The new model; None where nothing was learned.
    already : bool
        Whether an earlier run had finished on the same input, so that nothing was done.
    """

    state: State
    line: str
    report: Path
    version: int | None
    already: bool = False

    @property
    def code(self) -> int:
        """Exit code: 0 where the new model is in use, 2 where the gate or a finding said no."""
        return 0 if self.state in ("first", "promoted") else 2


def monthly(
    path: Path,
    home: Home,
    *,
    data: Path | None = None,
    accept: bool = False,
    trials: int = 0,
    time_cap: float | None = None,
    wait: float = WAIT,
    progress: Progress | None = None,
) -> Monthly:
    """Take in an export and let a new model earn its place.

    Check, archive, audit, backtest, fit, gate, promotion, report, in this order. Each step either
    is complete or leaves nothing, and finds out by itself whether it has been done: killed
    anywhere, the model in use and the archive are intact, and the next run goes on. The report
    comes last; with it, the same input is done with.

    Parameters
    ----------
    path : Path
        Definition file.
    home : Home
        Registry, archive, ledger and reports.
    data : Path, optional
        Folder that relative paths start from.
    accept : bool
        Take an export that is older than the last one archived, or of half its size.
    trials : int
        Settings tried on earlier folds.
    time_cap : float, optional
        Seconds after which no further trial begins.
    wait : float
        Seconds to wait for another run on this home.
    progress : callable, optional
        Called with (step, done, total, what).

    Returns
    -------
    Monthly
        The same input a second time changes no byte.

    Raises
    ------
    RefusedError
        The export is older than the last one archived, or of half its size; nothing was changed.
    PredictError
        Another run held the home for longer than ``wait``.
    """
    from predict.registry.models import Registry

    definition = Definition.read(path, data=data)
    with locked(home.lock, timeout=wait):
        settle(home.reports / definition.name, strays=True)
        with taken_in(definition, home, accept=accept) as crm:
            run = _Run(crm, home, Registry(home), trials, time_cap, progress or stages.silent)
            return run.finished() or run.run()


@dataclass(frozen=True)
class _Run:
    """One run over one export, with the home's lock held."""

    crm: Crm
    home: Home
    registry: Registry
    trials: int
    time_cap: float | None
    progress: Progress

    @property
    def name(self) -> str:
        return self.crm.definition.name

    @cached_property
    def inputs(self) -> str:
        return stages.inputs_of(self.crm, self.trials)

    @cached_property
    def key(self) -> str:
        # The words of a definition are in the report, and not among what is learned from.
        return json_digest([self.inputs, self.crm.definition.text])

    @cached_property
    def folder(self) -> Path:
        day = f"{self.crm.exported_at:%Y-%m-%d}"
        return self.home.reports / self.name / f"{day}-{self.key[:12]}"

    def finished(self) -> Monthly | None:
        """Return what an earlier run on the same input did, or None where none came to its end."""
        if not self.folder.exists():
            return None
        told: Any = verify(self.folder)
        if told["version"] is not None and self.registry.find(self.name, self.inputs) is None:
            raise PredictError(
                "there is a report on this export, and the model it tells of is not in the store",
                where=str(self.folder),
                got=f"version {told['version']}",
                do="bring the store back, or move the report away and run this again",
            )
        return Monthly(
            told["state"], told["line"], self.folder / REPORT, told["version"], already=True
        )

    def run(self) -> Monthly:
        """Go through all steps."""
        crm, stage = self.crm, self.crm.definition.conversion.stage
        if blocking(crm.findings):
            return self._stopped(crm.findings)
        try:
            data = build_dataset(crm)
        except InputError as error:
            if error.what != TOO_YOUNG:
                raise
            said = f"Too early: {error.what}."
            return self._stopped([*crm.findings, Finding("too-young", "block", "leads", said)])
        short = too_few(data, stage)
        if short is not None:
            return self._stopped([*crm.findings, short])
        from predict.learning.leakage.audit import audit

        found = audit(data, crm=crm, archive=self.home.archive)
        findings = [*crm.findings, *noticed(found, crm.findings)]
        if blocking(findings):
            return self._stopped(findings)
        delay = delay_of(crm)
        findings += delay.findings() + thin(data, stage)
        result = stages.backtested(data, crm.definition, self.progress)
        version = stages.registered(
            self.registry,
            crm,
            data,
            found,
            result,
            delay,
            trials=self.trials,
            time_cap=self.time_cap,
            progress=self.progress,
        )
        done = judged(self.registry, crm, self.home, data, result, version, findings, self.progress)
        before = done.before
        state: State = "kept" if not done.in_use else "promoted" if before.number else "first"
        month = self._month(done.findings, version=version.number, before=before.number)
        month = month.learned(done.verdict, done.comparison.changes, data, result, found, delay)
        return self._published(state, version.number, month.watched(self._watched(before)))

    def _watched(self, before: InUse) -> tuple[Finding, ...] | None:
        """Return what monitoring says of the model that was in use; None where none was."""
        from predict.jobs.monitoring import inputs_digest, record
        from predict.loop.monitoring import monitor

        if before.model is None or not same_definition(before.model, self.crm):
            return None
        with as_read_by(self.crm, self.home, before.model) as crm:
            done = monitor(self.home, crm.definition, crm, model=before.model)
            digest = self.registry.version(self.name, before.number).digest
            inputs = inputs_digest(self.home, crm, digest)
        record(done, self.home, inputs, version=str(before.number))
        return done.findings

    # ---- the report ----------------------------------------------------------------------------

    def _month(self, findings: list[Finding], version: int | None = None, before: int = 0) -> Month:
        from predict.report.monthly import Month

        return Month(self.crm, tuple(findings), version=version, before=before)

    def _stopped(self, findings: list[Finding]) -> Monthly:
        return self._published("blocked", None, self._month(findings))

    def _published(self, state: State, version: int | None, month: Month) -> Monthly:
        """Write the report: with it the run is over."""
        from predict.report.monthly import render_month

        month = month.ended(state, tuple(self.registry.promotions(self.name)))
        line = f"{self.name}, export of {self.crm.exported_at:%Y-%m-%d}: {month.sentence}"
        told = {"state": state, "version": version, "line": line}
        with publishing(self.folder, self.key, told) as staging:
            text = render_month(month)
            (staging / REPORT).write_text(text, encoding="utf-8", newline="\n")
        return Monthly(state, line, self.folder / REPORT, version)
