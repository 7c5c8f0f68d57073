"""Sheet: one exported file, written block by block as CSV or Parquet."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


class Sheet:
    """A file that grows by tables of one schema; the ending of its name says which format.

    Parameters
    ----------
    path : Path
        ``.csv`` (UTF-8, comma, quotes where needed, empty for missing) or ``.parquet`` (one row
        group a block).

    Attributes
    ----------
    rows : int
        Rows written so far.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._writer: Any = None

    def __enter__(self) -> Sheet:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def write(self, table: pa.Table) -> None:
        """Append a table."""
        if self._writer is None:
            self._writer = self._opened(table.schema)
        self._writer.write_table(table)
        self.rows += table.num_rows

    def _opened(self, schema: pa.Schema) -> Any:
        if self.path.suffix == ".parquet":
            import pyarrow.parquet as pq

            return pq.ParquetWriter(self.path, schema, compression="zstd")
        from pyarrow import csv

        return csv.CSVWriter(
            self.path, schema, write_options=csv.WriteOptions(quoting_style="needed")
        )
