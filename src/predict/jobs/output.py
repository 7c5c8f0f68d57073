"""Output: the files of a scored list, written chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from predict.scoring.scorer import Chunk

#: Our columns beside those of the list, in this order.
OURS = [
    "row",
    "status",
    "status_reason",
    "probability",
    "log_odds",
    "score",
    "grade",
    "fit",
    "engagement",
    "basis",
    "matched_by",
    "crm_id",
    "rated_qualified",
    "criteria_failed",
    "criteria_unknown",
    "do_not_contact",
    "unlike",
    "reasons",
    "steadiness",
    "model_version",
    "as_of",
]
#: What makes a spreadsheet take a text for a formula, full-width forms included; but for numbers.
#: Two patterns, since RE2, which pyarrow uses, cannot look ahead.
_FORMULA, _NUMBER = "^[=+\\-@\t\r\n＝＋－＠]", r"^-?\d+([.,]\d+)?$"


class ListWriter:
    """Writes ``scored.csv``, ``scored.parquet`` and ``reasons.parquet`` of one list.

    The Parquet file holds every text as it is. In the CSV file, which is opened in spreadsheets,
    a text that a spreadsheet would take for a formula begins with an apostrophe. A column of the
    list whose name is one of ours is kept as ``list.NAME``.

    Parameters
    ----------
    folder : Path
        Staging folder.
    columns : sequence of str
        Headers of the list.
    """

    def __init__(self, folder: Path, columns: Sequence[str]) -> None:
        self.folder = folder
        taken = set(OURS)
        self.names = {c: f"list.{c}" if c in taken else c for c in columns}
        self._parquet: Any = None
        self._csv: Any = None
        self._reasons: Any = None

    def __enter__(self) -> ListWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for writer in (self._parquet, self._csv, self._reasons):
            if writer is not None:
                writer.close()

    def write(self, inputs: pd.DataFrame, chunk: Chunk) -> None:
        """Append some rows: the columns of the list beside ours, and their reasons."""
        import pyarrow as pa
        from pyarrow import csv, parquet

        rows = _table(inputs.rename(columns=self.names), chunk.scores)
        reasons = pa.Table.from_pandas(
            chunk.reasons, schema=_reasons_schema(), preserve_index=False
        )
        if self._parquet is None:
            path = self.folder / "scored.parquet"
            self._parquet = parquet.ParquetWriter(path, rows.schema, compression="zstd")
            stream = (self.folder / "scored.csv").open("wb")
            stream.write(b"\xef\xbb\xbf")  # spreadsheets take a file without it for a local one
            self._csv = _Csv(stream, csv.CSVWriter(stream, _for_csv(rows).schema))
            path = self.folder / "reasons.parquet"
            self._reasons = parquet.ParquetWriter(path, reasons.schema, compression="zstd")
        self._parquet.write_table(rows)
        self._csv.write(_for_csv(rows))
        self._reasons.write_table(reasons)


class _Csv:
    """A CSV writer that closes its file."""

    def __init__(self, stream: Any, writer: Any) -> None:
        self.stream, self.writer = stream, writer

    def write(self, rows: pa.Table) -> None:
        self.writer.write_table(rows)

    def close(self) -> None:
        self.writer.close()
        self.stream.close()


def _table(inputs: pd.DataFrame, scores: pd.DataFrame) -> pa.Table:
    import pyarrow as pa

    fields = [pa.field(name, pa.string()) for name in inputs.columns]
    kinds = {
        "row": pa.int64(),
        "probability": pa.float64(),
        "log_odds": pa.float64(),
        "score": pa.float64(),
        "steadiness": pa.float64(),
        "rated_qualified": pa.bool_(),
        "as_of": pa.timestamp("us"),
    }
    fields += [pa.field(name, kinds.get(name, pa.string())) for name in OURS]
    arrays = [pa.array(inputs[name], pa.string(), from_pandas=True) for name in inputs.columns]
    arrays += [
        pa.array(scores[name], kinds.get(name, pa.string()), from_pandas=True) for name in OURS
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _for_csv(rows: pa.Table) -> pa.Table:
    import pyarrow as pa
    from pyarrow import compute

    for i, field in enumerate(rows.schema):
        if pa.types.is_string(field.type):
            column = rows.column(i)
            live = compute.fill_null(compute.match_substring_regex(column, _FORMULA), False)
            if compute.any(live).as_py():
                numbers = compute.match_substring_regex(column, _NUMBER)
                live = compute.and_(live, compute.invert(compute.fill_null(numbers, False)))
                safe = compute.binary_join_element_wise("'", column, "")
                rows = rows.set_column(i, field, compute.if_else(live, safe, column))
    return rows


def _reasons_schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            ("row", pa.int64()),
            ("lead_id", pa.string()),
            ("rank", pa.int64()),
            ("direction", pa.string()),
            ("concept", pa.string()),
            ("contribution", pa.float64()),
            ("points", pa.float64()),
            ("value", pa.string()),
            ("sentence", pa.string()),
            ("n", pa.int64()),
            ("converters", pa.int64()),
            ("rate", pa.float64()),
            ("rate_low", pa.float64()),
            ("rate_high", pa.float64()),
            ("overall", pa.float64()),
            ("since", pa.string()),
            ("until", pa.string()),
        ]
    )
