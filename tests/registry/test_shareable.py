"""What leaves for a tracking server, and in which form."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict.errors import RefusedError
from predict.learning.metrics import evaluate
from predict.registry import shareable
from predict.registry.shareable import (
    LONGEST,
    check_file,
    check_values,
    figures,
    staged,
    steps,
    texts,
)


def test_every_figure_of_an_evaluation_goes_with_its_interval() -> None:
    table = evaluate([0, 1, 0, 1] * 25, [0.2, 0.7, 0.4, 0.6] * 25, draws=20)
    flat = figures(table)
    assert flat["log_loss"] == table["log_loss"]["value"]
    assert flat["log_loss_low"] == table["log_loss"]["low"]
    assert flat["lift_10"] == table["lift_10%"]["value"]  # no server takes a % in a name


def test_only_finite_numbers_are_figures() -> None:
    given_values = {
        "float": np.float32(0.5),
        "count": np.int64(3),
        "flag": True,
        "numpy flag": np.bool_(True),
        "none": None,
        "gap": pd.NA,
        "nan": float("nan"),
        "endless": float("inf"),
        "decimal": Decimal("0.5"),
        "text": "0.5",
        "table": {"value": None, "low": 0.1},
    }
    assert figures(given_values) == {"float": 0.5, "count": 3.0, "table_low": 0.1}


@given(st.dictionaries(st.text("abc_. -", min_size=1), st.text(max_size=9000), max_size=4))
def test_texts_are_not_longer_than_a_server_takes(values: dict[str, str]) -> None:
    assert texts(values) == {name: value[:LONGEST] for name, value in values.items()}


def test_a_table_is_text_that_does_not_depend_on_its_order() -> None:
    assert texts({"a": {"x": 1, "y": None}}) == texts({"a": {"y": None, "x": 1}})


def test_steps_count_folds_and_are_dated_by_their_cutoff() -> None:
    cutoffs = [pd.Timestamp("2024-03-01 12:00"), "2024-04-01"]
    found = steps([{"cutoff": c, "auc": 0.5 + i, "note": "x"} for i, c in enumerate(cutoffs)])
    assert found == [
        ("fold/auc", 0.5, 1709294400000, 1),
        ("fold/auc", 1.5, 1711929600000, 2),
    ]
    assert steps([]) == []


def test_files_go_where_they_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.svg").write_text("<svg/>")
    folder = staged(
        {"curves/gain": tmp_path / "x.svg", "y.2.svg": tmp_path / "x.svg"}, tmp_path / "s"
    )
    assert (folder / "curves/gain.svg").read_text() == "<svg/>"
    assert (folder / "y.2.svg").exists()
    assert staged({}, tmp_path / "t").is_dir()


def test_a_file_without_a_known_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"")
    with pytest.raises(RefusedError, match=r"not shared(.|\n)*found: no extension"):
        check_file("model", tmp_path / "model")


@pytest.mark.parametrize("text", ["a@b.de", "Anna <anna.b@c.example.com>", '["x@y.org"]'])
def test_addresses_are_found_in_text(text: str) -> None:
    with pytest.raises(RefusedError, match="parameter 'who'"):
        check_values({"who": text}, "parameter")


@pytest.mark.parametrize(
    "text", ["champion@2", "50 % @ 3.5", "@font-face", "a @ b.c", "x@localhost"]
)
def test_other_signs_are_no_addresses(text: str) -> None:
    check_values({"who": text}, "parameter")


@given(st.text(alphabet="ab.@ <>\"'\n", max_size=40))
def test_addresses_are_found_by_their_at_as_by_the_whole(text: str) -> None:
    whole = shareable._EMAIL.search(text)
    assert bool(shareable._AT.search(text)) == bool(whole)
