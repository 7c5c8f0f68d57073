"""Ledger: every lead ever scored, with what was known of it and what that added; append-only.

A run is a sealed folder named by its key, with ``rows.parquet`` and a manifest. Nothing in it is
ever changed, but for the rows of leads that are to be forgotten, which go. It holds ids, figures
and features; names, addresses and other personal columns never come here.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.errors import InputError, ModelError
from predict.publish import MANIFEST, json_digest, publishing, read_json, sealed_folders

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ROWS = "rows.parquet"
#: Columns of the scores that are kept; the reasons can be told again from the rest.
KEPT = (
    "row",
    "lead_id",
    "as_of",
    "basis",
    "probability",
    "log_odds",
    "score",
    "grade",
    "rated_qualified",
)
#: What tells a feature, a concept and a kept column of the same name apart.
FEATURE, CONCEPT = "feature.", "concept."

_KEY = re.compile(r"[0-9a-f]{64}")


def run_key(list_digest: str, model_digest: str, as_of: datetime) -> str:
    """Return the key of a run: the same list, model and moment are the same run.

    Parameters
    ----------
    list_digest : str
        Digest of the rows scored and of the exports that their behaviour was read from.
    model_digest : str
        Digest of the model folder.
    as_of : datetime
        The moment looked at, exclusive; naive UTC.

    Examples
    --------
    >>> run_key("a", "b", datetime(2026, 7, 1)) == run_key("a", "b", datetime(2026, 7, 1))
    True
    """
    return json_digest([list_digest, model_digest, as_of.isoformat()])


class Entry:
    """The rows of one run, written in chunks; memory holds one chunk at a time.

    Parameters
    ----------
    path : Path or None
        Parquet file to write; None where the run is in the ledger already and nothing is written.
    profile : sequence of str, optional
        See `Ledger.entry`.
    """

    def __init__(self, path: Path | None, profile: Sequence[str] | None = None) -> None:
        self.path = path
        self.profile = profile
        self.rows = 0
        self._writer: Any = None

    @property
    def already(self) -> bool:
        """Whether the run was in the ledger before, so that nothing is written."""
        return self.path is None

    def write(self, scores: pd.DataFrame, X: pd.DataFrame, concepts: pd.DataFrame) -> None:
        """Append the scored rows of a chunk.

        Parameters
        ----------
        scores : pandas.DataFrame of shape (n, ≥ 9)
            Columns `KEPT` and, where there are others, ``status``: only rows "scored" are entered.
        X : pandas.DataFrame of shape (n, n_features)
            The features of the same rows, in the same order.
        concepts : pandas.DataFrame of shape (≤ n, n_concepts)
            Contributions in log-odds; index = position in ``scores``, scored rows only.

        Raises
        ------
        ModelError
            The chunk has other columns than the first one, or rows that do not belong together.
        """
        if self.path is None:
            return
        import pyarrow as pa

        columns = _columns(scores, X, concepts, self.profile)
        if self._writer is None:
            self._open(columns)
        schema = self._writer.schema
        if list(columns) != schema.names:
            raise ModelError(
                "the chunks of one list have different columns",
                got=", ".join(sorted(set(columns) ^ set(schema.names))) or "another order",
            )
        arrays = [
            pa.array(columns[field.name], field.type, from_pandas=True)  # NaN is missing
            for field in schema
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        self.rows += len(arrays[0])

    def finish(self) -> None:
        """Leave a file also where no chunk came."""
        if self.path is not None and self._writer is None:
            import pandas as pd

            self._open(dict.fromkeys(KEPT, pd.Series(dtype="float64")))

    def close(self) -> None:
        """End the file."""
        if self._writer is not None:
            self._writer.close()

    def _open(self, columns: Mapping[str, pd.Series]) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        schema = pa.schema([(name, _type(name, values)) for name, values in columns.items()])
        self._writer = parquet.ParquetWriter(self.path, schema, compression="zstd")


class Ledger:
    """The runs below one folder.

    Parameters
    ----------
    folder : Path
        Usually `Home.ledger`; made with the first entry.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"row": [0], "lead_id": ["L-1"], "as_of": pd.Timestamp("2026-07-01"),
    ...     "basis": "full", "probability": [0.5], "log_odds": [0.0], "score": [80.0],
    ...     "grade": "A", "rated_qualified": True})
    >>> key = run_key("list", "model", datetime(2026, 7, 1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ledger = Ledger(Path(folder))
    ...     X, concepts = pd.DataFrame({"n_visit": [2.0]}), pd.DataFrame({"visit": [0.4]})
    ...     with ledger.entry(key, {"version": 3}) as entry:
    ...         entry.write(scores, X, concepts)
    ...     ledger.runs()[["version", "rows"]].values.tolist()
    ...     ledger.frame("L-1")[["lead_id", "feature.n_visit", "concept.visit"]].values.tolist()
    [[3, 1]]
    [['L-1', 2.0, 0.4]]
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def entry(
        self, key: str, meta: Mapping[str, object], *, profile: Sequence[str] | None = None
    ) -> Iterator[Entry]:
        """Yield what the rows of a run are written to; it is published when the block ends well.

        Parameters
        ----------
        key : str
            See `run_key`. A run that is there already is left as it is, to the byte.
        meta : mapping
            What `runs` tells of it: plain values, no personal data.
        profile : sequence of str, optional
            The features that a lead of basis "profile" was scored by. Its others were not known
            and are entered as missing: a count of 0 would say that it did nothing.

        Yields
        ------
        Entry
        """
        if not _KEY.fullmatch(key):
            raise InputError("the key of a run is 64 hexadecimal digits", got=key, do="use run_key")
        target = self.folder / key
        if target.exists():
            yield Entry(None)
            return
        manifest: dict[str, object] = {}
        with (
            contextlib.suppress(_EnteredMeanwhile),
            publishing(target, key, manifest) as staging,
        ):
            entry = Entry(staging / ROWS, profile)
            try:
                yield entry
                entry.finish()
            finally:
                entry.close()
            manifest |= {"meta": dict(meta), "rows": entry.rows}
            if target.exists():
                raise _EnteredMeanwhile

    def enter(
        self,
        key: str,
        scores: pd.DataFrame,
        X: pd.DataFrame,
        concepts: pd.DataFrame,
        *,
        meta: Mapping[str, object],
        profile: Sequence[str] | None = None,
    ) -> None:
        """Enter a run at once; see `entry` and `Entry.write`."""
        with self.entry(key, meta, profile=profile) as entry:
            entry.write(scores, X, concepts)

    def runs(self) -> pd.DataFrame:
        """Return one row per run: ``run`` (its key), what was told of it, ``rows``.

        Sorted by ``as_of`` where the runs have one, then by key.
        """
        import pandas as pd

        found = [
            {"run": path.name, **_mapping(manifest["meta"]), "rows": manifest["rows"]}
            for path, manifest in self._manifests()
        ]
        frame = pd.DataFrame(found) if found else pd.DataFrame({"run": [], "rows": []})
        if "as_of" in frame:
            frame["as_of"] = pd.to_datetime(frame["as_of"])
        order = [name for name in ("as_of", "run") if name in frame]
        return frame.sort_values(order, kind="stable", ignore_index=True)

    def frame(
        self,
        lead_id: str | Set[str] | None = None,
        *,
        columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Return the rows of all runs, of one lead, of some or of all.

        Parameters
        ----------
        lead_id : str or set of str, optional
            Whose rows; all by default.
        columns : sequence of str, optional
            Which columns besides ``run``, ``row``, ``lead_id`` and ``as_of``; all by default. A
            column that a run lacks is missing there.

        Returns
        -------
        pandas.DataFrame
            ``run``, `KEPT`, ``feature.<name>`` and ``concept.<name>``; sorted by ``as_of``, run
            and row.
        """
        import pandas as pd
        from pyarrow import parquet

        keys = ["row", "lead_id", "as_of"]
        wanted = None if columns is None else [*keys, *(c for c in columns if c not in keys)]
        asked = {lead_id} if isinstance(lead_id, str) else lead_id
        filters = None if asked is None else [("lead_id", "in", asked)]
        frames = []
        for path, _ in self._manifests():
            present = parquet.read_schema(path / ROWS).names
            chosen = present if wanted is None else [c for c in wanted if c in present]
            table = parquet.read_table(path / ROWS, columns=chosen, filters=filters)
            if table.num_rows:
                rows = table.to_pandas()
                rows.insert(0, "run", path.name)
                frames.append(rows)
        if not frames:
            return pd.DataFrame({name: [] for name in ("run", *(wanted or KEPT))})
        found = pd.concat(frames, ignore_index=True)
        if wanted is not None:
            found = found.reindex(columns=["run", *wanted])
        return found.sort_values(["as_of", "run", "row"], kind="stable", ignore_index=True)

    def rows(self, run: str, lead_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the rows of one run, of some leads or of all, as they were entered.

        Parameters
        ----------
        run : str
            Its key.
        lead_ids : sequence of str, optional
            Whose rows.

        Returns
        -------
        pandas.DataFrame
            `KEPT`, ``feature.<name>`` and ``concept.<name>``, in the order of the list.

        Raises
        ------
        InputError
            There is no such run.
        """
        from pyarrow import parquet

        if not _KEY.fullmatch(run) or not (self.folder / run / MANIFEST).is_file():
            raise InputError(
                "the ledger has no such run",
                where=str(self.folder),
                got=run,
                do="score the list again; a run is entered when its list is published",
            )
        filters = None if lead_ids is None else [("lead_id", "in", list(lead_ids))]
        return parquet.read_table(self.folder / run / ROWS, filters=filters).to_pandas()

    def _manifests(self) -> Iterator[tuple[Path, dict[str, object]]]:
        """Yield folder and manifest of each run, by key; what killed runs left is no run."""
        for name, path in sealed_folders(self.folder):
            if _KEY.fullmatch(name):
                yield path, read_json(path / MANIFEST)


class _EnteredMeanwhile(Exception):
    """Another process entered the same run while this one was writing it."""


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _columns(
    scores: pd.DataFrame,
    X: pd.DataFrame,
    concepts: pd.DataFrame,
    profile: Sequence[str] | None,
) -> dict[str, pd.Series]:
    """Return the columns of the scored rows, by their name in the ledger."""
    import numpy as np

    if len(X.columns) and len(X) != len(scores):
        raise ModelError(
            "there are not as many rows of features as scores", got=f"{len(X)}, {len(scores)}"
        )
    scored = np.ones(len(scores), dtype=bool)
    if "status" in scores:
        scored = (scores["status"] == "scored").to_numpy()
    positions = np.flatnonzero(scored)
    if len(concepts.columns) and not np.isin(positions, concepts.index).all():
        raise ModelError("a scored row has no contributions")
    told = concepts.reindex(positions)
    known = (scores["basis"].loc[scored] != "profile").to_numpy()
    behaviour = set() if profile is None else set(X.columns) - set(profile)
    features = {name: X[name].loc[scored] for name in X.columns}
    return {
        **{name: scores[name].loc[scored] for name in KEPT},
        **{
            f"{FEATURE}{name}": values.where(known) if name in behaviour else values
            for name, values in features.items()
        },
        **{f"{CONCEPT}{name}": told[name] for name in told.columns},
    }


def _type(name: str, values: pd.Series) -> pa.DataType:
    """Return the type of a column in the file: it must not depend on the rows of a chunk."""
    import pandas as pd
    import pyarrow as pa

    kept = {
        "row": pa.int64(),
        "as_of": pa.timestamp("us"),
        "rated_qualified": pa.bool_(),
        **dict.fromkeys(("probability", "log_odds", "score"), pa.float64()),
        **dict.fromkeys(("lead_id", "basis", "grade"), pa.string()),
    }
    if name in kept:
        return kept[name]
    is_number = name.startswith(CONCEPT) or pd.api.types.is_numeric_dtype(values.dtype)
    return pa.float64() if is_number else pa.string()
