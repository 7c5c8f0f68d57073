"""Opens small exports handed over as data frames, and closes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from predict.crm.opening import open_crm
from predict.crm.tables import Crm
from predict.definition.schema import Definition


@pytest.fixture
def opened() -> Iterator[Callable[..., Crm]]:
    """Return a function of a definition's text and frames that opens them."""
    crms: list[Crm] = []

    def open_(text: str, folder: Path = Path(), **frames: Any) -> Crm:
        crms.append(open_crm(Definition.parse(text, folder=folder), **frames))
        return crms[-1]

    yield open_
    for crm in crms:
        crm.close()
