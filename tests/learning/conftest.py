"""Leads of a made-up shop, small enough to fit in a second."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from predict.learning.model import ConversionModel

TITLES = ["Head of IT", "CEO", "Sales Manager", "Working Student", None]


class Shop:
    """Rows of leads: numbers, categories, a title, missing values, outcomes, moments."""

    def __init__(self, n: int = 1200, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.X = pd.DataFrame(
            {
                "visits": rng.poisson(3, n).astype(float),
                "days_since": rng.exponential(20, n),
                "source": rng.choice(["web", "fair", "mail", "1", None], n),
                "title": rng.choice(TITLES, n),
            }
        )
        self.X.loc[rng.random(n) < 0.2, "days_since"] = np.nan
        pull = (
            0.35 * self.X["visits"]
            + (self.X["source"] == "fair")
            + 1.0 * (self.X["title"] == "CEO")
            - 0.5 * self.X["days_since"].isna()
        )
        self.y = (rng.random(n) < 1 / (1 + np.exp(2.5 - pull))).astype(int)
        days = np.sort(rng.uniform(0, 300, n))
        self.as_of = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D"))
        self.lead = rng.integers(0, n // 2, n).astype(str)

    def fit(self, **settings: object) -> ConversionModel:
        given = {"text_columns": ("title",), "n_seeds": 1, "half_lives": (), "n_threads": 1}
        model = ConversionModel(**{**given, **settings})
        return model.fit(self.X, self.y, as_of=self.as_of, groups=self.lead)


@pytest.fixture(scope="session")
def shop() -> Shop:
    return Shop()


@pytest.fixture(scope="session")
def fitted(shop: Shop) -> ConversionModel:
    return shop.fit()
