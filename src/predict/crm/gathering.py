"""Which tables the files, zips, workbooks and folders hold that somebody handed over."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from predict.crm.exports import SHEET_SUFFIXES, date_in, is_table, walk
from predict.errors import InputError


@dataclass(frozen=True)
class Place:
    """Where one table is, as a definition names it.

    Parameters
    ----------
    path : str
        Relative to the definition's folder where that is possible; ``x.zip::Lead.csv``.
    file : Path
        On disk.
    sheet : str or None
        Sheet of a workbook that has several.
    dated : datetime or None
        The date in the name of the file, of its folder, or of the zip entry.
    """

    path: str
    file: Path
    sheet: str | None = None
    dated: datetime | None = None

    @property
    def name(self) -> str:
        """The name of the table for people: file, entry or sheet without folders."""
        last = PurePosixPath(self.path.rpartition("::")[2]).name
        return f"{last}, sheet {self.sheet}" if self.sheet else last

    @property
    def stem(self) -> str:
        """The name without suffixes, or that of the sheet."""
        return self.sheet or self.name.split(".")[0]


def gather(exports: Sequence[str | os.PathLike[str]], folder: Path) -> list[Place]:
    """Return every table in files, zips, workbooks and folders, each once.

    Parameters
    ----------
    exports : sequence of path
        What was handed over.
    folder : Path
        Where the definition will stand: paths become relative to it.

    Raises
    ------
    InputError
        One of them does not exist, or nothing among them is a table.
    """
    found: dict[tuple[str, str | None], Place] = {}
    for export in exports:
        target = Path(export).expanduser()
        if not target.exists():
            raise InputError("there is no such file or folder", where=str(export), do="correct it")
        inside = list(_below(target)) if target.is_dir() else [target]
        for file in inside:
            for place in _in_file(file.resolve(), folder.resolve()):
                found.setdefault((place.path, place.sheet), place)
    if not found:
        raise InputError(
            "none of these is a table",
            where=", ".join(str(e) for e in exports),
            do="hand over CSV, XLSX or Parquet files, a zip or a folder of them",
        )
    return list(found.values())


def _below(folder: Path) -> Iterator[Path]:
    for path in walk(folder):
        if is_table(path) or path.suffix.lower() == ".zip":
            yield path


def _in_file(file: Path, folder: Path) -> Iterator[Place]:
    shown = PurePosixPath(Path(os.path.relpath(file, folder)).as_posix()).as_posix()
    dated = date_in(file.name) or date_in(file.parent.name)
    if file.suffix.lower() == ".zip":
        yield from _in_zip(file, shown, dated)
    elif file.suffix.lower() in SHEET_SUFFIXES:
        for sheet in _sheets(file):
            yield Place(shown, file, sheet, dated)
    else:
        yield Place(shown, file, None, dated)


def _in_zip(file: Path, shown: str, dated: datetime | None) -> Iterator[Place]:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [i for i in archive.infolist() if not i.is_dir()]
    except zipfile.BadZipFile as error:
        raise InputError("the zip is damaged", where=str(file), do="export it again") from error
    for entry in sorted(entries, key=lambda e: e.filename):
        if is_table(Path(entry.filename)) and not entry.filename.startswith("__MACOSX/"):
            stamp = datetime(*entry.date_time) if entry.date_time[0] > 1980 else None
            when = date_in(entry.filename) or dated or stamp
            yield Place(f"{shown}::{entry.filename}", file, None, when)


def _sheets(file: Path) -> list[str | None]:
    """Return the sheets of a workbook that hold anything; None alone where there is one."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(file))
        names = list(book.sheet_names)
        if len(names) < 2:
            return [None]
        return [n for n in names if book.get_sheet_by_name(n).start is not None]
    except (CalamineError, OSError) as error:
        raise InputError("the workbook cannot be read", where=str(file)) from error
