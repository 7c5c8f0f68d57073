"""Verbs of models: the monthly run, promotion, roll-back, and who was in use when."""

from __future__ import annotations

from pathlib import Path

from predict.cli.verbs import console
from predict.home import Home


def monthly(
    file: Path,
    accept: bool,
    home: Path | None,
    data: Path | None,
    trials: int,
    time_cap: float | None,
) -> int:
    """Take in an export and print one line; 2 where the gate or a finding said no."""
    from predict.cli.printing import steps
    from predict.jobs.monthly import monthly as job

    out = console()
    with steps(out) as progress:
        done = job(
            file,
            Home.at(home),
            data=data,
            accept=accept,
            trials=trials,
            time_cap=time_cap,
            progress=progress,
        )
    out.print(f"{'nothing new: ' if done.already else ''}{done.line} Report: {done.report}")
    return done.code


def promote(version: int, definition: Path, because: str | None, home: Path | None) -> None:
    """Let a version score and say so."""
    from predict.jobs.promoting import promote as job

    done = job(definition, Home.at(home), version, because)
    console().print(f"Version {done.number} of {done.name} is in use from now on.")
    gate = done.tags.get("gate")
    if gate != "promote":
        judged = "held it back" if gate else "never judged it: its run was stopped before"
        console().print(f"By hand: the gate {judged}. `predict rollback` goes back.")


def rollback(definition: Path, because: str | None, home: Path | None) -> None:
    """Go back to the version before and say so."""
    from predict.jobs.promoting import rollback as job

    now, left = job(definition, Home.at(home), because)
    console().print(
        f"Version {now.number} of {now.name} is in use again, version {left.number} no longer."
    )


def models(home: Path | None) -> None:
    """Print the registered models, and which was in use when."""
    from predict.cli.printing import print_models, print_moves
    from predict.registry.models import Registry

    out, registry = console(), Registry(Home.at(home))
    known = registry.models()
    print_models(out, known)
    for name in known["name"].unique():
        print_moves(out, name, registry.promotions(name))
