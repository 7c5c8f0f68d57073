"""Columns that know too much are found, honest ones are not accused, nobody is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from first_looks import Small, small
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from predict.crm.holdings import raw_tables
from predict.history.association import FEWEST, column_cells, judged
from predict.history.first_look import FirstLook, look
from predict.history.horizons import follow
from predict.history.suspects import exact_bounds, strength, suspects

COLUMNS = ["source", "industry", "hidden", "size", "name", "note", "verdict", "filled", "touched"]


def looked(company: Small, folder: Path) -> FirstLook:
    crm = company.open(folder)
    try:
        return look(crm)
    finally:
        crm.close()


def test_cells_equal_those_of_pandas(tmp_path: Path) -> None:
    company = small(5, leads=900)
    crm = company.open(tmp_path)
    try:
        leads = judged(crm, follow(crm))
        text = next(t for name, _, t in raw_tables(crm) if name == "leads")
        cells = column_cells(crm, text, leads, COLUMNS, ["name"])
        known = crm.leads.inner_join(leads, "lead_no").select("lead_id", "y").to_pandas()
    finally:
        crm.close()
    rows = company.leads.merge(known, left_on="id", right_on="lead_id")
    month = rows["created"].dt.to_period("M")
    rows["usual"] = rows.groupby(month)["y"].transform("mean")
    for cell in cells.to_dict("records"):
        column = rows[cell["column"]].replace("", None)
        inside = {
            "filled": column.notna(),
            "blank": column.isna(),
            "value": column == cell["value"],
            "later": column.notna(),
        }.get(cell["kind"])
        if cell["kind"] == "range":
            inside = (column >= cell["low"]) & (column <= cell["high"])
        assert (cell["leads"], cell["reached"]) == (inside.sum(), rows.loc[inside, "y"].sum())
        assert cell["usual"] == pytest.approx(rows.loc[inside, "usual"].sum(), abs=0.01)
        assert cell["leads"] >= FEWEST
    kinds = cells.groupby("column")["kind"].agg(set)
    assert kinds["name"] == {"filled"} and kinds["size"] == {"filled", "range"}
    assert kinds["filled"] == {"filled", "blank", "value"} and "later" in kinds["touched"]
    ranges = cells[cells["kind"] == "range"]
    assert ranges["leads"].sum() == len(rows)  # tenths, none lost


def test_planted_columns_are_found_and_noise_is_not(tmp_path: Path) -> None:
    found = looked(small(6, leads=1500), tmp_path).suspects.set_index("column")
    assert found.index[found["beyond"]].tolist() == ["filled", "verdict", "touched"]
    assert found.loc["touched", "late"] == 1.0
    honest = found.drop(["filled", "verdict", "touched"])
    assert (honest["strength"] < 1.5).all()
    assert found.loc["verdict", "value"] == "good"
    side = found.loc["filled"]
    assert {side["other_reached"], side["reached"]} & {0} and side["strength"] > 50


def test_noise_is_accused_in_none_of_many_companies() -> None:
    """Exact bounds over all cells at once: 60 companies of noise, not one too strong."""
    rng = np.random.default_rng(0)
    accused = 0
    for _ in range(60):
        n, won = 400, 40
        rows = []
        for column in range(20):
            sizes = rng.multinomial(n, [0.1] * 10)
            for level, hits in enumerate(rng.multivariate_hypergeometric(sizes, won)):
                rows.append([f"c{column}", "value", str(level), sizes[level], hits, 4.0])
        cells = pd.DataFrame(rows, columns=["column", "kind", "value", "leads", "reached", "usual"])
        cells = cells.assign(low=None, high=None)
        accused += int((suspects(cells, (n, won), {})["strength"] > 1).sum())
    assert accused <= 3  # one in a hundred companies may have one


@given(st.integers(0, 400), st.integers(1, 400), st.sampled_from([0.1, 0.01, 1e-4]))
def test_bounds_are_those_of_clopper_and_pearson(hits: int, n: int, doubt: float) -> None:
    hits = min(hits, n)
    bounds = exact_bounds(hits, n, doubt)
    exact = binomtest(hits, n).proportion_ci(1 - doubt, method="exact")
    assert bounds.low == pytest.approx(exact.low, abs=1e-9)
    assert bounds.high == pytest.approx(exact.high, abs=1e-9)


@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.integers(1, 60))
def test_strength_never_exceeds_what_was_seen(a: int, n: int, b: int, m: int) -> None:
    inside, outside = exact_bounds(min(a, n), n, 0.01), exact_bounds(min(b, m), m, 0.01)
    found = strength(inside, outside)
    assert found == pytest.approx(strength(outside, inside)) or inside.share == outside.share
    high, low = sorted((inside.share, outside.share), reverse=True)
    if low > 0 and high < 1:
        assert found <= high / (1 - high) / (low / (1 - low)) + 1e-9


def test_the_calendar_is_not_taken_for_the_lead() -> None:
    """A column that only tells the time: leads of its months, with any value, do as well."""
    cells = pd.DataFrame(
        [
            ["rate", "value", "low", 300, 150, 148.0],
            ["rate", "value", "high", 2700, 81, 83.0],
            ["hero", "value", "yes", 300, 150, 24.0],
            ["hero", "value", "no", 2700, 81, 207.0],
        ],
        columns=["column", "kind", "value", "leads", "reached", "usual"],
    ).assign(low=None, high=None)
    found = suspects(cells, (3000, 231), {"rate": "fixed"}).set_index("column")
    assert found["beyond"].all()
    assert found["clock"].to_dict() == {"rate": True, "hero": False}


def test_columns_that_may_name_people_show_no_value(tmp_path: Path) -> None:
    found = looked(small(7), tmp_path).suspects.set_index("column")
    assert found.loc[["name", "note"], "value"].isna().all()
