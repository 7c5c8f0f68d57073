"""Rows of text and data frames, written as Parquet files in batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.crm.cells import shown
from predict.crm.texttable import FILE, RECORD
from predict.errors import InputError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

_BATCH = 50_000
#: Rows of a group in files that are to be the same bytes for the same rows.
_GROUP = 100_000


def write_rows(
    rows: Iterable[Sequence[str | None]], columns: Sequence[str], target: Path, *, file: str
) -> None:
    """Stream rows of text into a Parquet file that also names the file and numbers the records.

    Parameters
    ----------
    rows : iterable of sequence
        Text per column; consumed in batches.
    columns : sequence of str
        Names.
    target : Path
        The Parquet file.
    file : str
        What the column ``_file`` shall hold.
    """
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema(
        [*((c, pa.string()) for c in columns), (FILE, pa.string()), (RECORD, pa.int64())]
    )
    done = 0
    with parquet.ParquetWriter(target, schema) as writer:
        for batch in _batches(rows):
            numbers = pa.array(range(done + 1, done + len(batch) + 1), pa.int64())
            names = pa.array([file] * len(batch), pa.string())
            texts = [pa.array([row[i] for row in batch], pa.string()) for i in range(len(columns))]
            writer.write_table(pa.Table.from_arrays([*texts, names, numbers], schema=schema))
            done += len(batch)


def write_frame(df: pd.DataFrame, target: Path) -> None:
    """Write a data frame as a Parquet file, its index left out, types kept where columns have one.

    Categories become what they name; columns of mixed objects the text they show.

    Raises
    ------
    InputError
        Two columns have the same name.
    """
    import pandas as pd
    import pyarrow as pa
    from pyarrow import parquet

    arrays: dict[str, Any] = {}
    for position, label in enumerate(df.columns):
        column, name = df.iloc[:, position], str(label)
        if name in arrays:
            raise InputError("two columns have the same name", where="data frame", got=name)
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(column.cat.categories.dtype)
        if column.dtype.kind == "O" or isinstance(column.dtype, pd.PeriodDtype):
            array = _array_of(column.tolist())
        else:
            array = pa.array(column, from_pandas=True)
        arrays[name] = array.cast(pa.string()) if pa.types.is_null(array.type) else array
    parquet.write_table(pa.table(arrays), target)


def write_ordered(rows: ir.Table, target: Path) -> int:
    """Write a table in the order that it has, so that the same rows are the same bytes.

    Parameters
    ----------
    rows : Ibis table
        Ordered by keys without ties; streams.
    target : Path
        The Parquet file.

    Returns
    -------
    int
        Rows written.
    """
    import pyarrow as pa
    from pyarrow import parquet

    with rows.to_pyarrow_batches(chunk_size=_GROUP) as batches:
        schema = batches.schema
        waiting, held, done = [], 0, 0
        with parquet.ParquetWriter(target, schema, compression="zstd") as writer:
            for batch in batches:
                waiting.append(batch)
                held += batch.num_rows
                # Engines cut batches as their threads run; groups are cut here.
                while held >= _GROUP:
                    table = pa.Table.from_batches(waiting, schema)
                    writer.write_table(table.slice(0, _GROUP).combine_chunks())
                    waiting = table.slice(_GROUP).to_batches()
                    held, done = held - _GROUP, done + _GROUP
            if held or not done:
                writer.write_table(pa.Table.from_batches(waiting, schema).combine_chunks())
    return done + held


def parquet_columns(path: Path, name: str) -> tuple[str, ...]:
    """Return the names of a Parquet file's columns; errors call the file ``name``."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return tuple(parquet.read_schema(path).names)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError("the file is not Parquet, or damaged", where=name) from error


def _array_of(values: list[object]) -> Any:
    """Return Python objects of one kind as they are, of mixed kinds as text."""
    import pyarrow as pa

    kinds = {type(v) for v in values if shown(v) is not None}
    if kinds == {int, float}:
        return pa.array([None if shown(v) is None else v for v in values], pa.float64())
    if len(kinds) == 1 and str not in kinds:
        try:
            return pa.array([None if shown(v) is None else v for v in values])
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            pass  # a kind that Parquet does not know
    return pa.array([shown(v) for v in values], pa.string())


def _batches(rows: Iterable[Sequence[str | None]]) -> Iterable[list[Sequence[str | None]]]:
    batch: list[Sequence[str | None]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
