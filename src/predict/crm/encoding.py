"""The letters of a text file: UTF-8, UTF-16 or Windows-1252, always handed on as plain UTF-8."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from predict.crm.exports import ExportFile
from predict.crm.packing import is_packed, unpacked_bytes
from predict.errors import InputError
from predict.findings import Finding

_BLOCK = 1 << 20
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_MAGIC = {
    b"PK\x03\x04": "a zip or Excel file",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"SQLite format 3": "a SQLite database",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"GIF8": "a picture (GIF)",
    b"II*\0": "a picture (TIFF)",
    b"MM\0*": "a picture (TIFF)",
    b"RIFF": "a picture, sound or film",
}
#: Of these no other suffix makes a table.
_NO_TABLE = ("a picture", "a PDF")


@dataclass(frozen=True)
class PlainText:
    """A text file as UTF-8 without compression.

    Parameters
    ----------
    path : Path
        The original where it is plain UTF-8 already (with or without a byte order mark), else a
        copy in the workspace.
    encoding : str
        Python's name of the encoding that the original was read in.
    balanced : bool
        Quotation marks come in pairs; otherwise one may never be closed.
    findings : tuple of Finding
        Says so where the encoding had to be assumed.
    """

    path: Path
    encoding: str
    balanced: bool = True
    findings: tuple[Finding, ...] = ()


def plain_text(file: ExportFile, target: Path, *, declared: str | None = None) -> PlainText:
    """Read a text file's letters once, strictly, and hand it on as UTF-8.

    Parameters
    ----------
    file : ExportFile
        Plain, ``.gz``, ``.zst``, or the entry of a zip.
    target : Path
        Where a copy goes, if one is needed.
    declared : str, optional
        Encoding by Python's name; without it a byte order mark decides, then UTF-8 if every byte
        fits it, then Windows-1252, which is said in a finding. A file in which most letters beyond
        ASCII are UTF-8 is damaged UTF-8: the broken ones read as \ufffd, which is said too.

    Raises
    ------
    InputError
        The file is empty, is not text, or does not fit the encoding.
    """
    with unpacked_bytes(file) as stream:
        head = stream.read(4096)
    if not head:
        raise InputError("the file is empty", where=file.name, do="export it again")
    for magic, words in _MAGIC.items():
        if head.startswith(magic):
            none = words.startswith(_NO_TABLE)
            cure = "export the table itself" if none else "give it the right suffix"
            raise InputError(f"the file is {words}, not text", where=file.name, do=cure)
    mark = next((name for bom, name in _BOMS.items() if head.startswith(bom)), None)
    said = _known(declared, file) or mark
    try:
        return _transcode(file, said or "utf-8-sig", target)
    except UnicodeError as error:
        broken = error
    if said is None:
        good, bad = _letters(file)
        if good > bad:
            return _transcode(file, "utf-8-sig", target, _damaged(file, bad), errors="replace")
        try:
            return _transcode(file, "cp1252", target, _assumed(file))
        except UnicodeError as error:
            broken = error
    raise InputError(
        "the file holds bytes that do not fit its encoding",
        where=file.name,
        got=said or "neither UTF-8 nor Windows-1252",
        do='declare encoding = "…", or export the file as UTF-8',
    ) from broken


def _known(declared: str | None, file: ExportFile) -> str | None:
    if declared is None:
        return None
    try:
        name = codecs.lookup(declared).name
    except LookupError as error:
        raise InputError(
            "no encoding has this name", where=file.name, got=declared, do='say "utf-8"'
        ) from error
    return "utf-8-sig" if name == "utf-8" else name


def _transcode(
    file: ExportFile,
    encoding: str,
    target: Path,
    *findings: Finding,
    errors: str = "strict",
) -> PlainText:
    """Copy the file as UTF-8, or only check it where it is UTF-8 on disk already."""
    assert file.path is not None
    in_place = encoding == "utf-8-sig" and errors == "strict" and not is_packed(file)
    marks = 0
    with ExitStack() as opened:
        copy = None if in_place else opened.enter_context(target.open("wb"))
        for text in _decoded(file, encoding, errors):
            if "\0" in text:
                raise InputError(
                    "the file holds zero bytes, so it is not text in this encoding",
                    where=file.name,
                    do='declare encoding = "utf-16" if it came from Excel as "Unicode text"',
                )
            marks += text.count('"')
            if copy is not None:
                copy.write(text.encode("utf-8"))
    return PlainText(file.path if in_place else target, encoding, marks % 2 == 0, findings)


def _decoded(file: ExportFile, encoding: str, errors: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors=errors)
    with unpacked_bytes(file) as stream:
        while block := stream.read(_BLOCK):
            yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _letters(file: ExportFile) -> tuple[int, int]:
    """Return how many letters beyond ASCII are UTF-8, and how many are not."""
    beyond = bad = 0
    for text in _decoded(file, "utf-8-sig", "replace"):
        beyond += sum(map(len, re.findall(r"[^\x00-\x7f]+", text)))
        bad += text.count("\ufffd")
    return beyond - bad, bad


def _assumed(file: ExportFile) -> Finding:
    return Finding(
        "assumed-encoding",
        "note",
        file.name,
        'The file is not UTF-8, so it was read as Windows-1252; set encoding = "…" if names look '
        "wrong.",
    )


def _damaged(file: ExportFile, letters: int) -> Finding:
    return Finding(
        "damaged-letters",
        "warn",
        file.name,
        f"{letters:,} letters of the file are not UTF-8 while most are; they were read as \ufffd.",
        {"letters": float(letters)},
    )
