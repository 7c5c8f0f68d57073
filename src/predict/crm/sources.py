"""Open any export as an Ibis table; the only file that names an engine (DuckDB, through Ibis)."""

from __future__ import annotations

import atexit
import contextlib
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
from ibis.expr import types as ir

from predict.crm.databases import query
from predict.crm.exports import ExportFile, Place, earliest_date, find_files, named
from predict.crm.footers import body_text
from predict.crm.packing import outside_zip
from predict.crm.parquets import parquet_columns, write_frame, write_rows
from predict.crm.records import rewrite
from predict.crm.rejects import Reject
from predict.crm.sniffing import checked_header, divide
from predict.crm.spreadsheets import open_sheet
from predict.crm.texttable import (
    FILE,
    RECORD,
    TextTable,
    keep_where,
    numbered_rows,
    require,
    united,
)
from predict.errors import InputError
from predict.findings import Finding

if TYPE_CHECKING:
    import pandas as pd
    from ibis.backends.duckdb import Backend

__all__ = ["FILE", "RECORD", "TextTable", "Workspace", "read_text", "require"]

DEFAULT_MEMORY = "1200MB"
FRAME_NAME = "data frame"
_LONGEST_LINE = 16_000_000


class Workspace:
    """A temporary database that spills to disk, and the folder it works in.

    Parameters
    ----------
    memory_limit : str
        What the engine may hold in memory before it spills to the workspace's folder.
    threads : int, optional
        All cores where not given. Results do not depend on it.
    parent : Path, optional
        Where the temporary folder is made; the system's place where not given.

    Attributes
    ----------
    connection : ibis.backends.duckdb.Backend
        For expressions that need one; tables returned by the methods carry it along.
    folder : Path
        Removed with everything in it by `close`.

    Examples
    --------
    >>> import pandas as pd
    >>> with Workspace() as workspace:
    ...     leads = workspace.frame(pd.DataFrame({"Id": ["00123"], "Size": [7]}), "leads")
    ...     int(leads.Size.sum().execute())
    7
    """

    connection: Backend
    folder: Path

    def __init__(
        self,
        *,
        memory_limit: str = DEFAULT_MEMORY,
        threads: int | None = None,
        parent: Path | None = None,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="predict-", dir=parent))
        settings: dict[str, Any] = {
            "memory_limit": memory_limit,
            "temp_directory": str(self.folder / "spill"),
            # Nothing is fetched from the network; nothing is loaded that was not asked for.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if threads is not None:
            settings["threads"] = threads
        self.connection = ibis.duckdb.connect(self.folder / "workspace.duckdb", **settings)
        self.connection.raw_sql("SET TimeZone = 'UTC'")
        # In a notebook without ipywidgets DuckDB refuses the setting; it has no bar there either.
        with contextlib.suppress(duckdb.InvalidInputException):
            self.connection.raw_sql("SET enable_progress_bar = false")
        #: What was converted already, by source and options; `read_text` fills it.
        self.kept: dict[object, Any] = {}
        self._made = 0
        # One that nobody closes (a notebook) still leaves nothing behind.
        atexit.register(self.close)

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect and remove the folder; tables of this workspace end with it."""
        atexit.unregister(self.close)
        self.connection.disconnect()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_path(self, name: str, suffix: str) -> Path:
        """Return a path in the folder that was never used before."""
        plain = "".join(c if c.isalnum() else "-" for c in name)[-40:]
        return self.folder / f"{self._next():04d}-{plain}{suffix}"

    def materialise(
        self, expr: ir.Table, name: str, *, order_by: Iterable[str | ir.Value] = ()
    ) -> ir.Table:
        """Compute a table once, into a Parquet file of the folder, and return the table read back.

        Parameters
        ----------
        expr : ibis Table
            Of this workspace. Streams: it need not fit in memory.
        name : str
            For the file's name only.
        order_by : iterable of column names or expressions
            Sort keys; give keys without ties where order matters.
        """
        keys = list(order_by)
        path = self.new_path(name, ".parquet")
        self.connection.to_parquet(expr.order_by(keys) if keys else expr, path)
        return self.parquet([path])

    def frame(self, df: pd.DataFrame, name: str) -> ir.Table:
        """Return a data frame as a table; the frame is copied, its index is left out.

        Categories become text, columns of mixed things the text they show.
        """
        path = self.new_path(name, ".parquet")
        write_frame(df, path)
        return self.parquet([path])

    def empty(self, name: str, schema: Mapping[str, str] | ibis.Schema) -> ir.Table:
        """Return a table without rows."""
        path = self.new_path(name, ".parquet")
        columns = [ibis.null(kind).name(column) for column, kind in ibis.schema(schema).items()]
        one = self.connection.sql("SELECT 1 AS one").select(*columns)
        self.connection.to_parquet(one.limit(0), path)
        return self.parquet([path])

    def parquet(self, paths: Sequence[Path], **options: object) -> ir.Table:
        """Return Parquet files, one below the other, columns matched by name."""
        return self.connection.read_parquet(
            [str(p) for p in paths],
            table_name=f"t{self._next()}",
            union_by_name=len(paths) > 1,
            hive_partitioning=False,
            **options,
        )

    def csv(
        self,
        path: Path,
        columns: Sequence[str],
        *,
        delimiter: str,
        file: str,
        numbered: bool = False,
    ) -> Path | None:
        """Copy a CSV file into Parquet, every column as text, or return None if it is ragged.

        Parameters
        ----------
        path : Path
            Plain UTF-8; with a header, or without one and with the record's number as first
            field if ``numbered``.
        columns : sequence of str
            Names; nothing about the file is guessed.
        delimiter, file : str
            The delimiter, and what the column ``_file`` shall hold.

        Returns
        -------
        Path or None
            Parquet file with the columns, ``_file`` and ``_record``.
        """
        target = self.new_path(path.stem, ".parquet")
        names = [RECORD, *columns] if numbered else list(columns)
        fields = ", ".join(f"{_literal(n)}: 'VARCHAR'" for n in names)
        record = f"{_name(RECORD)}::BIGINT" if numbered else "row_number() OVER ()"
        selected = ", ".join(_name(n) for n in columns)
        reader = (
            f"read_csv({_literal(str(path))}, columns = {{{fields}}}, auto_detect = false, "
            f"header = {str(not numbered).lower()}, delim = {_literal(delimiter)}, quote = '\"', "
            "escape = '\"', all_varchar = true, nullstr = '', strict_mode = true, "
            f"null_padding = false, ignore_errors = false, max_line_size = {_LONGEST_LINE})"
        )
        statement = (
            f"COPY (SELECT {selected}, {_literal(file)} AS {_name(FILE)}, "
            f"{record} AS {_name(RECORD)} FROM {reader}) "
            f"TO {_literal(str(target))} (FORMAT parquet)"
        )
        try:
            self.connection.raw_sql(statement)
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            # What the engine says quotes the record, which may be personal: it is not passed on.
            target.unlink(missing_ok=True)
            return None
        return target

    def _next(self) -> int:
        self._made += 1
        return self._made


def read_text(
    workspace: Workspace, spec: object, *, folder: Path, frame: pd.DataFrame | None = None
) -> TextTable:
    """Read an export as text.

    Parameters
    ----------
    workspace : Workspace
        Where copies and intermediate files live; the same file is converted once.
    spec : object
        Anything with some of the attributes ``path`` (str or list), ``sql`` and ``url_env``,
        ``sheet``, ``delimiter``, ``encoding``, ``decimal``, ``dates``, ``where``.
    folder : Path
        Where relative paths start.
    frame : pandas.DataFrame, optional
        Read this instead of ``path`` or ``sql``.

    Raises
    ------
    InputError
        Nothing is there, or it cannot be read without a guess.
    """
    sql, path = getattr(spec, "sql", None), getattr(spec, "path", None)
    if frame is not None:
        read = _of_frame(workspace, frame)
    elif sql is not None:
        read = _of_query(workspace, sql, getattr(spec, "url_env", None))
    elif path is not None:
        read = _of_files(workspace, path, folder, spec)
    else:
        raise InputError("the table names no source", do="give it a path or sql")
    read = replace(
        read,
        decimal=getattr(spec, "decimal", None) or read.decimal,
        dates=getattr(spec, "dates", None),
    )
    return keep_where(read, getattr(spec, "where", None) or {})


@dataclass(frozen=True)
class _Piece:
    """One file, converted: Parquet of text with file and record."""

    path: Path
    columns: tuple[str, ...]
    rejects: tuple[Reject, ...] = ()
    findings: tuple[Finding, ...] = ()
    text: tuple[Path, str] | None = None


def _of_frame(workspace: Workspace, frame: pd.DataFrame) -> TextTable:
    columns = checked_header(list(frame.columns), FRAME_NAME)
    path = workspace.new_path(FRAME_NAME, ".parquet")
    write_frame(frame.set_axis(list(columns), axis=1), path)
    numbered = workspace.parquet([path], file_row_number=True)
    table = numbered_rows(numbered, columns, ibis.literal(FRAME_NAME))
    return TextTable(table, columns, (ExportFile(FRAME_NAME, path),), FRAME_NAME)


def _of_query(workspace: Workspace, sql: str, url_env: str | None) -> TextTable:
    name = f"query on {url_env}"
    if (sql, url_env) not in workspace.kept:
        path = workspace.new_path(name, ".parquet")
        with query(sql, url_env) as (columns, rows):
            write_rows(rows, columns, path, file=name)
        workspace.kept[sql, url_env] = _Piece(path, columns)
    piece: _Piece = workspace.kept[sql, url_env]
    table = workspace.parquet([piece.path]).select(*piece.columns, FILE, RECORD)
    return TextTable(table, piece.columns, (ExportFile(name, piece.path),), name, decimal=".")


def _of_files(
    workspace: Workspace, path: Place | Sequence[Place], folder: Path, spec: object
) -> TextTable:
    files, findings = find_files(path, folder)
    kinds = {f.kind for f in files}
    if "parquet" in kinds:
        if len(kinds) > 1:
            raise InputError(
                "Parquet and other files cannot be read as one table",
                where=str(path),
                do="make them two tables, or export all in one format",
            )
        return _of_parquet(workspace, files, findings)
    pieces = {f.name: _piece(workspace, f, spec) for f in files}
    if len(pieces) < len(files):
        raise InputError("the same file is named twice", where=str(path))
    columns, lacking = united({n: p.columns for n, p in pieces.items()})
    table = workspace.parquet([p.path for p in pieces.values()]).select(*columns, FILE, RECORD)
    return TextTable(
        table,
        columns,
        files,
        named(files),
        exported_at_hint=earliest_date(files),
        decimal="." if kinds == {"sheet"} else None,
        rejects=tuple(r for p in pieces.values() for r in p.rejects),
        findings=findings + tuple(f for p in pieces.values() for f in p.findings),
        lacking=lacking,
        _texts={n: p.text for n, p in pieces.items() if p.text is not None},
    )


def _of_parquet(
    workspace: Workspace, files: tuple[ExportFile, ...], findings: tuple[Finding, ...]
) -> TextTable:
    places = {str(f.path): f.name for f in files}
    headers = {}
    for file in files:
        assert file.path is not None
        headers[file.name] = checked_header(parquet_columns(file.path, file.name), file.name)
    columns, lacking = united(headers)
    paths = [f.path for f in files if f.path is not None]
    numbered = workspace.parquet(paths, filename=FILE, file_row_number=True)
    shown = numbered[FILE].substitute(places)
    return TextTable(
        numbered_rows(numbered, columns, shown),
        columns,
        files,
        named(files),
        exported_at_hint=earliest_date(files),
        findings=findings,
        lacking=lacking,
    )


def _piece(workspace: Workspace, file: ExportFile, spec: object) -> _Piece:
    """Convert one file, or return what an earlier table of the definition converted."""
    assert file.path is not None
    options = tuple(getattr(spec, n, None) for n in ("sheet", "delimiter", "encoding"))
    key = (str(file.path), file.member, file.name, options)
    if key not in workspace.kept:
        convert = _sheet_piece if file.kind == "sheet" else _text_piece
        workspace.kept[key] = convert(workspace, file, spec)
    piece: _Piece = workspace.kept[key]
    return piece


def _sheet_piece(workspace: Workspace, file: ExportFile, spec: object) -> _Piece:
    path = outside_zip(file, workspace.new_path("workbook", Path(file.member or "").suffix))
    sheet = open_sheet(path, name=file.name, sheet=getattr(spec, "sheet", None))
    target = workspace.new_path(file.name, ".parquet")
    write_rows(sheet.rows(), sheet.columns, target, file=file.name)
    return _Piece(target, sheet.columns, findings=sheet.findings())


def _text_piece(workspace: Workspace, file: ExportFile, spec: object) -> _Piece:
    delimiter = getattr(spec, "delimiter", None)
    copy, encoding = workspace.new_path(file.name, ".csv"), getattr(spec, "encoding", None)
    plain = body_text(file, copy, declared=encoding, delimiter=delimiter)
    division = divide(plain.path, name=file.name, declared=delimiter)
    columns, delimiter = division.columns, division.delimiter
    path: Path | None = None
    rejects: tuple[Reject, ...] = ()
    # The engine would take a blank line in a single column for a missing value, and the end of
    # the file for that of a quoted value: where that can be, Python's own reader decides.
    if division.header_line == 1 and len(columns) > 1 and plain.balanced:
        path = workspace.csv(plain.path, columns, delimiter=delimiter, file=file.name)
    if path is None:
        clean = workspace.new_path(file.name, ".csv")
        rejects = rewrite(plain.path, delimiter, len(columns), clean, name=file.name)
        path = workspace.csv(clean, columns, delimiter=",", file=file.name, numbered=True)
    if path is None:
        raise InputError("the file cannot be read as delimited text", where=file.name)
    return _Piece(path, columns, rejects, plain.findings, (plain.path, delimiter))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
