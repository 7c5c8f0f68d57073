"""A training that was killed on its way is told from one that came to its end."""

from __future__ import annotations

from pathlib import Path

from predict.home import Home
from predict.jobs.training import _is_done
from predict.registry.models import Registry
from tests.registry.test_registry import logged, made_model


def test_a_training_is_over_when_its_verdict_is_followed_and_not_before(tmp_path: Path) -> None:
    registry = Registry(Home.at(tmp_path / "home"))
    for seed in (1, 2):
        made_model(seed).save(tmp_path / f"model-{seed}")
    version = logged(registry, tmp_path / "model-1", "i1")
    name = version.name

    def said(gate: str) -> bool:
        nothing = {"metrics": {}, "artifacts": {}}
        return _is_done(registry, registry.log_verdict(version, tags={"gate": gate}, **nothing))

    assert not _is_done(registry, version)  # killed before the verdict
    assert said("hold")
    assert not said("promote")  # killed before the promotion
    registry.promote(name, 1, "the first")
    assert _is_done(registry, registry.version(name, 1))
    # A later one waits for the monthly run: training has no verdict of it.
    assert _is_done(registry, logged(registry, tmp_path / "model-2", "i2"))
