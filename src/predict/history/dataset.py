"""Dataset: features, outcomes, keys and a manifest; always sorted by time, then lead."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from predict.history.specs import Spec


@dataclass(frozen=True)
class Dataset:
    """Matured snapshots of leads: what was known at ``as_of``, and what became of them.

    Parameters
    ----------
    X : pandas.DataFrame of shape (n_rows, n_features)
        Features; numbers are float64 (NaN = missing), categories and text are str or None.
        RangeIndex; rows sorted by (``as_of``, ``lead_id``).
    y : pandas.Series of shape (n_rows,), int8
        1 where the agreed stage was reached in [``as_of``, ``as_of`` + horizon).
    keys : pandas.DataFrame of shape (n_rows, 4)
        ``lead_id`` (text), ``as_of`` and ``created_at`` (datetime64, naive UTC), ``group``
        (account id, else lead id: never split over both sides of a split).
    specs : tuple of Spec
        One per column of ``X``, in the order of its columns.
    horizon_days, export_lag_days : float
        Days after ``as_of`` in which a conversion counts; days until the export shows it.
    incumbents : pandas.DataFrame of shape (n_rows, n_incumbents)
        What ranks leads today, for comparison; never features.
    manifest : dict
        Counts (rows, leads, immature, censored …), digests, vocabularies, ``exported_at``.
    """

    X: pd.DataFrame
    y: pd.Series
    keys: pd.DataFrame
    specs: tuple[Spec, ...]
    horizon_days: float
    export_lag_days: float = 0.0
    incumbents: pd.DataFrame | None = None
    manifest: dict[str, object] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        rate = float(self.y.mean()) if len(self) else float("nan")
        return (
            f"Dataset: {len(self):,} snapshots of {self.keys['lead_id'].nunique():,} leads, "
            f"{self.X.shape[1]} features, {rate:.1%} converted"
        )

    @property
    def as_of(self) -> pd.Series:
        """The moment each row is looked at, exclusive (naive UTC)."""
        return self.keys["as_of"]

    @property
    def groups(self) -> pd.Series:
        """Account, else lead: rows that stay together in every split and resampling."""
        return self.keys["group"]

    @property
    def text_columns(self) -> list[str]:
        """Columns of short text (job titles)."""
        return [s.name for s in self.specs if s.dtype == "text"]

    @property
    def profile_columns(self) -> list[str]:
        """Columns that a bare list has too: who the lead is."""
        return [s.name for s in self.specs if s.view == "profile"]

    @property
    def first_looks(self) -> pd.Series:
        """True at each lead's earliest row."""
        return ~self.keys["lead_id"].duplicated()

    def take(self, rows: pd.Series) -> Dataset:
        """Return the rows where the boolean series is true, order kept."""
        from dataclasses import replace

        def kept(frame: pd.DataFrame) -> pd.DataFrame:
            return frame.loc[rows].reset_index(drop=True)

        return replace(
            self,
            X=kept(self.X),
            y=self.y.loc[rows].reset_index(drop=True),
            keys=kept(self.keys),
            incumbents=None if self.incumbents is None else kept(self.incumbents),
        )

    def frame(self) -> pd.DataFrame:
        """Return keys, outcome and features side by side."""
        import pandas as pd

        return pd.concat([self.keys, self.y.rename("y"), self.X], axis=1)
