"""A simulated company, trained once through the real job and shared by every test that asks."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

LEADS = 1_600
#: Where a trained company is kept between runs; by default each run trains its own.
KEPT = "PREDICT_TEST_COMPANY"


@dataclass(frozen=True)
class Company:
    """Exports, definition and home of a company that has a model in use.

    Parameters
    ----------
    exports : Path
        What `predict.demo.company.write_company` wrote.
    definition : Path
        Definition of the model in use; suppresses by id and by e-mail.
    home : Path
        Registry, archive and ledger.
    verdict : str
        What the training said.
    """

    exports: Path
    definition: Path
    home: Path
    verdict: str


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the browser; without one the test skips, or fails where tools are required (CI)."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        said = "chromium is not installed: apt-get install chromium"
        if os.environ.get("PREDICT_TEST_TOOLS") == "required":
            pytest.fail(said)
        pytest.skip(said)
    return found


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Return the company; the workers of one run train it once between them."""
    from predict.demo.company import write_company
    from predict.home import Home
    from predict.jobs.training import train
    from predict.publish import locked

    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    root = Path(os.environ.get(KEPT) or base / "company")
    exports, home, said = root / "exports", root / "home", root / "verdict.txt"
    definition = exports / "definition.toml"
    with locked(root / "lock", timeout=1_800):
        if not said.exists():
            write_company(exports, leads=LEADS)
            text = definition.read_text(encoding="utf-8")
            head, listed = text.split("[suppression]\n")
            definition.write_text(f'{head}[suppression]\nemail = "email"\n{listed}', "utf-8")
            done = train(definition, Home.at(home))
            said.write_text(done.verdict, encoding="utf-8")
    return Company(exports, definition, home, said.read_text(encoding="utf-8"))
