"""One company in memory and one on disk, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from predict.crm.opening import open_crm
from predict.crm.tables import Crm
from predict.definition.schema import Definition
from predict.demo.company import write_company
from predict.demo.shape import NAMES
from predict.demo.simulation import Block, Company
from predict.history.building import build_dataset
from predict.history.dataset import Dataset


@pytest.fixture(scope="session")
def blocks() -> list[Block]:
    """Six blocks, 24,000 leads."""
    company = Company(24_000, seed=3)
    return list(company.blocks(company.accounts()))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a company of 6,000 leads."""
    home = tmp_path_factory.mktemp("demo") / "company"
    write_company(home, leads=6_000, seed=11)
    return home


SHAPED = 2_000
"""Leads of the company that is written in every shape."""


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One company in all three shapes: a folder each."""
    home = tmp_path_factory.mktemp("shapes")
    for shape in NAMES:
        write_company(home / shape, leads=SHAPED, seed=5, shape=shape)
    return home


@pytest.fixture(scope="session")
def opened(shapes: Path) -> Iterator[dict[str, Crm]]:
    """The three exports, opened with the definitions that lie beside them."""
    crms = {name: open_crm(Definition.read(shapes / name / "definition.toml")) for name in NAMES}
    yield crms
    for crm in crms.values():
        crm.close()


@pytest.fixture(scope="session")
def datasets(opened: dict[str, Crm]) -> dict[str, Dataset]:
    """What is learned from each of them."""
    return {name: build_dataset(crm) for name, crm in opened.items()}
