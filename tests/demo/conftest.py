"""One company in memory and one on disk, shared by the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from predict.demo.company import write_company
from predict.demo.simulation import Block, Company


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
