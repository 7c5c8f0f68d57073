"""Evidence: what became of past leads alike in one feature; counts of leads, not rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from predict.history.specs import Spec
from predict.learning.bins import Bin, level_bins, number_bins
from predict.learning.intervals import wilson


class Evidence:
    """The bins of every feature; JSON in and out, nothing about a single lead.

    Parameters
    ----------
    bins : iterable of Bin
        In order of feature and value.
    leads, converters : int
        All leads, each at its first row, and those that converted.

    Examples
    --------
    >>> X = pd.DataFrame({"visits": [0.0, 3.0] * 40})
    >>> keys = pd.DataFrame({"lead_id": range(80), "as_of": pd.Timestamp("2024-05-01")})
    >>> spec = Spec("visits", "number", "behaviour", "visits", "visits")
    >>> evidence = build_evidence(X, pd.Series([0, 1] * 40), keys, [spec])
    >>> found = evidence.of("visits", 3)
    >>> found.n, found.converters, found.overall
    (40, 40, 0.5)
    """

    def __init__(self, bins: Iterable[Bin], *, leads: int, converters: int) -> None:
        self.leads, self.converters = leads, converters
        self._bins: dict[str, list[Bin]] = {}
        self._named: dict[tuple[str, str, str | None], Bin] = {}
        for found in bins:
            self._bins.setdefault(found.feature, []).append(found)
            if found.kind != "range":
                self._named[found.feature, found.kind, found.level] = found

    @property
    def overall(self) -> float:
        """Rate of all leads, each at its first row."""
        return self.converters / self.leads if self.leads else math.nan

    @property
    def features(self) -> list[str]:
        """Features with bins, in the order of the columns."""
        return list(self._bins)

    def of(self, feature: str, value: object) -> Bin | None:
        """Return the bin a value falls in.

        Parameters
        ----------
        feature : str
            Column of ``X``.
        value : float, str or None
            A lead's value; None and NaN are missing.

        Returns
        -------
        Bin or None
            None for an unknown feature, or where no past lead was like that.
        """
        if _missing(value):
            return self._named.get((feature, "missing", None))
        if isinstance(value, str):
            own = self._named.get((feature, "level", value))
            return own or self._named.get((feature, "other", None))
        number = float(value)  # type: ignore[arg-type]
        if number == 0 and (feature, "zero", None) in self._named:
            return self._named[feature, "zero", None]
        ranges = (b for b in self._bins.get(feature, ()) if b.kind == "range")
        return next((b for b in ranges if _within(b, number)), None)

    def frame(self) -> pd.DataFrame:
        """Return one row per feature and bin.

        Returns
        -------
        pandas.DataFrame
            feature, bin (words), kind, low, high, level, n, converters, rate, rate_low,
            rate_high, since, until, overall.
        """
        columns = ["feature", "bin", "kind", "low", "high", "level", "n", "converters", "rate"]
        columns += ["rate_low", "rate_high", "since", "until", "overall"]
        rows = [{**asdict(b), "bin": b.label} for bins in self._bins.values() for b in bins]
        return pd.DataFrame(rows, columns=columns).astype({"low": float, "high": float})

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-ready mapping."""
        common = ("feature", "overall")
        return {
            "leads": self.leads,
            "converters": self.converters,
            "features": {
                name: [{k: v for k, v in asdict(b).items() if k not in common} for b in bins]
                for name, bins in self._bins.items()
            },
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Evidence:
        """Return the evidence that `as_dict` described."""
        leads, converters = int(value["leads"]), int(value["converters"])
        empty = cls([], leads=leads, converters=converters)
        bins = [
            Bin(feature=name, overall=empty.overall, **found)
            for name, found_bins in value["features"].items()
            for found in found_bins
        ]
        return cls(bins, leads=leads, converters=converters)


def build_evidence(
    X: pd.DataFrame, y: pd.Series, keys: pd.DataFrame, specs: Iterable[Spec]
) -> Evidence:
    """Count what became of leads, per feature and bin.

    Parameters
    ----------
    X : pandas.DataFrame of shape (n_rows, n_features)
        Features of matured snapshots.
    y : pandas.Series of shape (n_rows,)
        1 where the lead converted within the horizon of that row.
    keys : pandas.DataFrame of shape (n_rows, ≥ 2)
        ``lead_id`` and ``as_of``.
    specs : iterable of Spec
        What the columns mean; columns without one are left out.

    Returns
    -------
    Evidence

    Notes
    -----
    A lead with several rows in a bin counts once, as it was when it first came there: otherwise
    leads that stay open long, which are losses, would count most. A lead may be in several bins of
    a feature, one after the other.
    """
    order = np.argsort(keys["as_of"].to_numpy(), kind="stable")
    leads = pd.factorize(keys["lead_id"].to_numpy()[order])[0]
    n_leads = int(leads.max()) + 1 if len(leads) else 0
    won = y.to_numpy(dtype=np.int64)[order]
    days = keys["as_of"].to_numpy().astype("datetime64[D]")[order]
    converters = int(won[_firsts(leads)].sum())
    overall = converters / n_leads if n_leads else math.nan
    bins: list[Bin] = []
    for spec in specs:
        count = number_bins if spec.dtype == "number" else level_bins
        codes, shapes = count(X[spec.name].iloc[order], leads)
        at = _firsts(leads * len(shapes) + codes)
        bin_of = codes[at]
        n = np.bincount(bin_of, minlength=len(shapes))
        wins = np.bincount(bin_of[won[at] == 1], minlength=len(shapes))
        low, high = wilson(wins, n)
        earliest, latest = np.zeros((2, len(shapes)), dtype=np.int64)
        earliest[bin_of[::-1]], latest[bin_of] = at[::-1], at
        bins += [
            Bin(
                feature=spec.name,
                n=int(n[code]),
                converters=int(wins[code]),
                rate=float(wins[code] / n[code]),
                rate_low=float(low[code]),
                rate_high=float(high[code]),
                since=str(days[earliest[code]]),
                until=str(days[latest[code]]),
                overall=overall,
                **shape,
            )
            for code, shape in enumerate(shapes)
            if n[code]
        ]
    return Evidence(bins, leads=n_leads, converters=converters)


def _missing(value: object) -> bool:
    return not isinstance(value, str) and bool(pd.isna(value))  # type: ignore[call-overload]


def _within(found: Bin, number: float) -> bool:
    return (found.low is None or number >= found.low) and (
        found.high is None or number < found.high
    )


def _firsts(keys: np.ndarray) -> np.ndarray:
    """Return the first position of each key, ascending; rows are sorted by time."""
    return np.flatnonzero(~pd.Series(keys).duplicated().to_numpy())
