"""Roll-backs: one version back each, recorded, whole wherever they are killed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict.registry.promotions import line


def entry(version: int, previous: int | None, action: str = "promote") -> dict[str, object]:
    return {"version": version, "previous": previous, "action": action}


@given(st.lists(st.one_of(st.integers(1, 6), st.just(0)), max_size=25))
def test_the_line_is_what_a_stack_of_promotions_and_roll_backs_holds(moves: list[int]) -> None:
    stack: list[int] = []
    entries = []
    for move in moves:
        before = stack[-1] if stack else None
        if move and move != before:
            entries.append(entry(move, before))
            stack.append(move)
        elif not move and len(stack) > 1:
            stack.pop()
            entries.append(entry(stack[-1], before, "rollback"))
            # Where a version was in use twice, going back to it goes back to its last time.
    assert line(entries, stack[-1] if stack else None) == stack


def test_what_is_not_on_record_counts() -> None:
    went = [entry(1, None), entry(2, 1)]
    assert line(went, live=3) == [1, 2, 3]  # moved, and killed before the record
    assert line(went, live=1) == [1]  # set back by hand in MLflow
    assert line([entry(4, 3)], live=4) == [3, 4]  # the record of 3 was lost


SCRIPT = """
import json, os, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from predict.errors import PredictError
from predict.home import Home
from predict.registry.models import Registry
from tests.registry.test_registry import logged, made_model

root = Path({root!r})
for seed in (1, 2, 3):
    made_model(seed).save(root / f"model-{{seed}}")
registry = Registry(Home.at(root / "home"))
for seed in (1, 2, 3):
    logged(registry, root / f"model-{{seed}}", f"i{{seed}}")
told = []

def live():
    return registry.champion("demo").number

def attempt(what):
    try:
        what()
    except PredictError as error:
        return [error.exit_code, error.what]

told.append(attempt(lambda: registry.rollback("demo", "why")))
registry.promote("demo", 1, "first")
told.append(attempt(lambda: registry.rollback("demo", "why")))
registry.promote("demo", 2, "better")
registry.promote("demo", 3, "better still", instead_of=2)
told.append(attempt(lambda: registry.promote("demo", 2, "late", instead_of=1)))
told.append(registry.rollback("demo", "odd").number)
told.append(registry.rollback("demo", "odder").number)
told.append(attempt(lambda: registry.rollback("demo", "oddest")))
registry.promote("demo", 3, "after all")
told.append(registry.rollback("demo", "no").number)
registry.promote("demo", 2, "two")
with registry.store.opened() as client:
    client.delete_model_version("demo", "1")
told.append(attempt(lambda: registry.rollback("demo", "to what was deleted")))
registry.promote("demo", 3, "three")

# Killed between the move and its record: the next call records it, and goes back no further.
from mlflow import MlflowClient
record = MlflowClient.update_model_version
def killed(*given, **named):
    raise KeyboardInterrupt
MlflowClient.update_model_version = killed
try:
    registry.rollback("demo", "killed")
except KeyboardInterrupt:
    pass
MlflowClient.update_model_version = record
told.append([live(), registry.promotions("demo")[-1]["version"]])
registry.rollback("demo", "again")
told.append([live(), registry.promotions("demo")[-1]["because"]])
moves = [[m["version"], m["previous"], m["action"]] for m in registry.promotions("demo")]
print(json.dumps([told, moves, sorted(registry.promotions("demo")[-1])]))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """Return what a series of promotions and roll-backs on a real store leaves."""
    script = SCRIPT.format(paths=[p for p in sys.path if p], root=str(tmp_path_factory.mktemp("r")))
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_each_roll_back_goes_one_version_back(told) -> None:
    told, moves, keys = told
    nothing = "no model of “demo” is in use, so there is none to go back from"
    first = "there is nothing to roll back to: no model was in use before version 1"
    assert told[:2] == [[2, nothing], [2, first]]
    assert told[2] == [2, "another model came into use while this one was being judged"]
    assert told[3:5] == [2, 1] and told[5] == [2, first]
    assert told[6] == 1
    assert told[7] == [2, first.replace("version 1", "version 2")]
    assert told[8:] == [[2, 3], [2, "killed"]]
    assert keys == ["action", "at", "because", "by", "previous", "version"]
    assert moves[:5] == [
        [1, None, "promote"],
        [2, 1, "promote"],
        [3, 2, "promote"],
        [2, 3, "rollback"],
        [1, 2, "rollback"],
    ]
    assert moves[-1] == [2, 3, "rollback"] and len(moves) == 10
