from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from predict.definition.schema import Definition

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def example() -> str:
    """The example of the design, as it is."""
    return (HERE / "example.toml").read_text(encoding="utf-8")


@pytest.fixture
def changed(example: str) -> Callable[..., Definition]:
    """Return the example with values put at key paths, or removed (None)."""

    def change(changes: dict[tuple[str, ...], Any]) -> Definition:
        values = copy.deepcopy(tomlkit.parse(example).unwrap())
        for path, value in changes.items():
            section = values
            for step in path[:-1]:
                section = section.setdefault(step, {})
            if value is None:
                del section[path[-1]]
            else:
                section[path[-1]] = value
        return Definition.parse(tomlkit.dumps(values))

    return change


@pytest.fixture
def refused() -> Callable[[str], str]:
    """Return what a definition that cannot be read is answered with."""

    def refuse(text: str) -> str:
        from predict.errors import DefinitionError

        with pytest.raises(DefinitionError) as caught:
            Definition.parse(text, name="d.toml")
        return str(caught.value)

    return refuse
