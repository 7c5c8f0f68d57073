from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from predict.history.specs import Spec
from predict.learning.bins import MIN_LEADS, MOST_RANGES
from predict.learning.edges import readable_edges, roundest
from predict.learning.evidence import Evidence, build_evidence

SPECS = [
    Spec("visits", "number", "behaviour", "visits", "visits"),
    Spec("days", "number", "behaviour", "recency", "recency", unit="days"),
    Spec("balance", "number", "profile", "balance", "balance"),
    Spec("industry", "category", "profile", "industry", "industry"),
    Spec("title", "text", "profile", "title", "job title"),
]


def history(n_leads: int = 400, seed: int = 0) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """Leads looked at one to four times, features that move, all kinds of values."""
    rng = np.random.default_rng(seed)
    looks = rng.integers(1, 5, n_leads)
    lead = np.repeat(np.arange(n_leads), looks)
    n = len(lead)
    order = rng.permutation(n)
    day = np.datetime64("2024-01-01") + rng.integers(0, 200, n).astype("timedelta64[D]")
    keys = pd.DataFrame({"lead_id": [f"L{i}" for i in lead], "as_of": day.astype("datetime64[us]")})
    X = pd.DataFrame(
        {
            "visits": rng.poisson(rng.choice([0, 2, 9], n)).astype(float),
            "days": np.where(rng.random(n) < 0.2, np.nan, rng.exponential(20, n)),
            "balance": np.round(rng.normal(0, 1000, n), 2),
            "industry": rng.choice(["retail", "steel", "rare", None], n, p=[0.6, 0.3, 0.02, 0.08]),
            "title": [f"Title {int(k)}" for k in rng.exponential(25, n)],
        }
    )
    X["industry"] = X["industry"].astype(object)
    y = pd.Series((rng.random(n) < 0.2).astype("int8"))
    keys = keys.iloc[order].sort_values(["as_of", "lead_id"], kind="stable")
    rows = keys.index
    return (
        X.loc[rows].reset_index(drop=True),
        y.loc[rows].reset_index(drop=True),
        keys.reset_index(drop=True),
    )


def like(X: pd.DataFrame, feature: str, row: dict) -> pd.Series:
    """Rows that fall in a bin, by its words in the frame: an independent reading."""
    x = X[feature]
    if row["kind"] == "missing":
        return x.isna()
    if row["kind"] == "level":
        return x == row["level"]
    if row["kind"] == "zero":
        return x == 0
    low = -math.inf if math.isnan(row["low"]) else row["low"]
    high = math.inf if math.isnan(row["high"]) else row["high"]
    return (x >= low) & (x < high) & ((x != 0) | ~(X[feature] == 0).any())


def test_every_bin_equals_a_plain_count() -> None:
    X, y, keys = history()
    evidence = build_evidence(X, y, keys, SPECS)
    frame = evidence.frame()
    first = keys.assign(y=y).groupby("lead_id").first()
    for row in frame.to_dict("records"):
        if row["kind"] == "other":
            kept = frame.loc[(frame.feature == row["feature"]) & (frame.kind == "level"), "level"]
            x = X[row["feature"]]
            rows = x.notna() & ~x.isin(kept)
        else:
            rows = like(X, row["feature"], row)
        # One row a lead: its first in the bin; the rows are sorted by time.
        leads = keys[rows].assign(y=y[rows]).groupby("lead_id").first()
        assert row["n"] == len(leads), row
        assert row["converters"] == leads["y"].sum(), row
        assert row["rate"] == pytest.approx(leads["y"].mean())
        bounds = binomtest(int(leads["y"].sum()), len(leads)).proportion_ci(method="wilson")
        assert (row["rate_low"], row["rate_high"]) == pytest.approx((bounds.low, bounds.high))
        assert row["since"] == f"{leads['as_of'].min():%Y-%m-%d}"
        assert row["until"] == f"{leads['as_of'].max():%Y-%m-%d}"
        assert row["overall"] == pytest.approx(first["y"].mean())


def test_bins_hold_every_lead_and_every_row_finds_its_bin() -> None:
    X, y, keys = history()
    evidence = build_evidence(X, y, keys, SPECS)
    for spec in SPECS:
        found = [evidence.of(spec.name, value) for value in X[spec.name]]
        assert all(b is not None for b in found)
        seen = pd.DataFrame({"lead": keys["lead_id"], "bin": [b.label for b in found if b]})
        counts = seen.drop_duplicates().groupby("bin").size()
        wanted = evidence.frame().query("feature == @spec.name").set_index("bin")["n"]
        pd.testing.assert_series_equal(counts.sort_index(), wanted.sort_index(), check_names=False)


def test_the_order_of_rows_does_not_matter() -> None:
    X, y, keys = history()
    keys["as_of"] += pd.to_timedelta(np.arange(len(keys)), unit="s")  # no two at once
    order = np.random.default_rng(5).permutation(len(X))
    moved = build_evidence(X.iloc[order], y.iloc[order], keys.iloc[order], SPECS)
    assert moved.as_dict() == build_evidence(X, y, keys, SPECS).as_dict()


def test_json_round_trip_keeps_everything() -> None:
    evidence = build_evidence(*history(), SPECS)
    text = json.dumps(evidence.as_dict(), allow_nan=False)
    back = Evidence.from_dict(json.loads(text))
    pd.testing.assert_frame_equal(back.frame(), evidence.frame())
    assert back.overall == evidence.overall
    assert back.of("industry", "steel") == evidence.of("industry", "steel")


def test_texts_of_few_leads_are_never_stored() -> None:
    X, y, keys = history(1000)
    leads = X.assign(lead=keys["lead_id"]).groupby("title")["lead"].nunique()
    assert (leads < MIN_LEADS).any() and (leads >= MIN_LEADS).any()  # the case is there
    text = json.dumps(build_evidence(X, y, keys, SPECS).as_dict())
    for title, n in leads.items():
        assert (json.dumps(title) in text) == (n >= MIN_LEADS), title
    # One lead looked at thirty times is one lead.
    alone = pd.DataFrame({"industry": ["secret"] * 30 + ["retail"] * 30})
    ids = pd.DataFrame(
        {"lead_id": ["L0"] * 30 + list(range(30)), "as_of": pd.Timestamp("2024-01-01")}
    )
    found = build_evidence(alone, pd.Series([0] * 60), ids.astype({"lead_id": str}), [SPECS[3]])
    assert "secret" not in json.dumps(found.as_dict())
    assert found.of("industry", "retail").n == 30  # type: ignore[union-attr]
    assert found.of("industry", "secret").kind == "other"  # type: ignore[union-attr]


def test_values_never_seen() -> None:
    X, y, keys = history()
    X["industry"] = "retail"
    X["visits"] = X["visits"].fillna(0)
    evidence = build_evidence(X, y, keys, SPECS)
    assert evidence.of("industry", "steel") is None
    assert evidence.of("visits", None) is None
    assert evidence.of("visits", math.nan) is None
    assert evidence.of("unheard of", 3) is None
    assert evidence.of("visits", 10**9) == evidence.of("visits", X["visits"].max())


def test_no_rows_no_bins() -> None:
    X, y, keys = history(10)
    evidence = build_evidence(X.head(0), y.head(0), keys.head(0), SPECS)
    assert evidence.frame().empty and math.isnan(evidence.overall)
    assert evidence.of("visits", 3.0) is None


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.one_of(
            st.integers(-50, 50).map(float),
            st.floats(-1e6, 1e6, allow_nan=False),
            st.sampled_from([0.0, 1.0, 2.0]),
        ),
        min_size=1,
        max_size=300,
    )
)
def test_ranges_are_few_full_and_in_order(values: list[float]) -> None:
    x = np.array(values)
    edges = readable_edges(x, np.arange(len(x)), most=MOST_RANGES, least=MIN_LEADS)
    assert len(edges) <= MOST_RANGES and (np.diff(edges) > 0).all()
    if len(edges):
        counts = np.bincount(np.searchsorted(edges, x, side="right"), minlength=len(edges) + 1)
        assert counts.min() >= MIN_LEADS


@settings(deadline=None)
@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=300))
def test_edges_of_whole_numbers_are_whole(values: list[int]) -> None:
    x = np.array(values, dtype=float)
    edges = readable_edges(x, np.arange(len(x)), most=MOST_RANGES, least=1)
    assert (edges == np.floor(edges)).all()


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e6))
def test_roundest_stays_inside(low: float, width: float) -> None:
    high = low + width
    found = roundest(low, high, (low + high) / 2)
    assert low <= found <= high


def test_edges_are_such_as_a_reader_would_choose() -> None:
    rng = np.random.default_rng(0)
    leads = np.arange(5000)
    amounts = np.exp(rng.normal(9, 1, 5000))
    for edge in readable_edges(amounts, leads, most=6, least=20):
        assert float(f"{edge:.1e}") == edge  # two digits
    ages = rng.integers(18, 70, 5000).astype(float)
    assert set(readable_edges(ages, leads, most=6, least=20) % 5) == {0.0}
