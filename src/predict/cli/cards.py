"""Cards: the model card of a version, written from the store alone."""

from __future__ import annotations

from pathlib import Path

from predict.home import Home


def card(file: Path, to: Path, number: int | None, home: Path | None) -> None:
    """Write ``card.html`` and ``card.md`` of a version, by default the newest, and say where."""
    from predict.cli.verbs import console
    from predict.definition.schema import Definition
    from predict.jobs.carding import rebuild_card
    from predict.registry.models import Registry
    from predict.registry.record import asked_for

    registry = Registry(Home.at(home))
    version = asked_for(registry, Definition.read(file).name, number)
    page, text = rebuild_card(registry, version, to)
    console().print(f"Card of version {version.number}: {page} (page), {text} (Markdown)")
