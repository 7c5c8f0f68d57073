"""Promoting by hand: a version into use, or back to the one before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from predict.definition.schema import Definition
from predict.home import Home
from predict.jobs.scoring import same_meaning

if TYPE_CHECKING:
    from predict.registry.models import Registry
    from predict.registry.versions import Version

#: What is on record where nobody said why.
NO_REASON = "no reason was given"


def promote(path: Path, home: Home, number: int, because: str | None = None) -> Version:
    """Let a version score from now on, whatever the gate said of it.

    Parameters
    ----------
    path : Path
        Definition file.
    home : Home
        Its registry.
    number : int
        The version.
    because : str, optional
        Why; kept with who and when.

    Raises
    ------
    InputError
        There is no such version.
    RefusedError
        It learned under another definition, so that it could not score; nothing was changed.
    """
    definition = Definition.read(path)
    registry = _registry(home)
    version = registry.version(definition.name, number)
    _can_score(registry, version, definition)
    return registry.promote(definition.name, number, f"By hand: {because or NO_REASON}")


def rollback(path: Path, home: Home, because: str | None = None) -> tuple[Version, Version]:
    """Let the version score again that scored before the one in use.

    Parameters
    ----------
    path, home, because
        As of `promote`.

    Returns
    -------
    in_use, left : Version
        The version in use from now on, and the one that was.

    Raises
    ------
    RefusedError
        There is none to go back to, or it learned under another definition.
    """
    definition = Definition.read(path)
    registry = _registry(home)
    target = registry.before(definition.name)
    left = registry.champion(definition.name) or target
    _can_score(registry, target, definition)
    told = f"Rolled back from version {left.number}: {because or NO_REASON}"
    return registry.rollback(definition.name, told), left


def _registry(home: Home) -> Registry:
    from predict.registry.models import Registry

    return Registry(home)


def _can_score(registry: Registry, version: Version, definition: Definition) -> None:
    same_meaning(definition, registry.load(version))
