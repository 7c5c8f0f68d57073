"""The letters of a text file: UTF-8, UTF-16 or Windows-1252, always handed on as plain UTF-8."""

from __future__ import annotations

import codecs
import gzip
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from predict.crm.exports import ExportFile
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
}


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
        fits it, then Windows-1252, which is said in a finding.

    Raises
    ------
    InputError
        The file is empty, is not text, or does not fit the encoding.
    """
    with _bytes_of(file) as stream:
        head = stream.read(4096)
    if not head:
        raise InputError("the file is empty", where=file.name, do="export it again")
    for magic, words in _MAGIC.items():
        if head.startswith(magic):
            raise InputError(
                f"the file is {words}, not text", where=file.name, do="give it the right suffix"
            )
    mark = next((name for bom, name in _BOMS.items() if head.startswith(bom)), None)
    assert file.path is not None
    packed = file.member is not None or file.path.suffix.lower() in (".gz", ".zst")
    for encoding in _candidates(file, declared, mark):
        in_place = encoding == "utf-8-sig" and not packed
        marks = _transcode(file, encoding, None if in_place else target)
        if marks is not None:
            assumed = encoding == "cp1252" and declared is None
            finding = Finding(
                "assumed-encoding",
                "note",
                file.name,
                'The file is not UTF-8, so it was read as Windows-1252; set encoding = "…" '
                "if names look wrong.",
            )
            path = file.path if in_place else target
            return PlainText(path, encoding, marks % 2 == 0, (finding,) if assumed else ())
    raise InputError(
        "the file holds bytes that do not fit its encoding",
        where=file.name,
        got=declared or mark or "neither UTF-8 nor Windows-1252",
        do='declare encoding = "…", or export the file as UTF-8',
    )


def unpacked(file: ExportFile, target: Path) -> Path:
    """Return a file's path, or that of a copy at ``target`` where it is in a zip."""
    assert file.path is not None
    if file.member is None:
        return file.path
    with _bytes_of(file) as stream, target.open("wb") as copy:
        shutil.copyfileobj(stream, copy, _BLOCK)
    return target


def _candidates(file: ExportFile, declared: str | None, mark: str | None) -> list[str]:
    if declared is not None:
        try:
            name = codecs.lookup(declared).name
        except LookupError as error:
            raise InputError(
                "no encoding has this name", where=file.name, got=declared, do='say "utf-8"'
            ) from error
        return ["utf-8-sig" if name == "utf-8" else name]
    return [mark] if mark else ["utf-8-sig", "cp1252"]


def _transcode(file: ExportFile, encoding: str, target: Path | None) -> int | None:
    """Copy the file as UTF-8, or only check it, and count its quotation marks.

    None where a byte does not fit ``encoding``.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    marks = 0
    try:
        with _bytes_of(file) as stream, ExitStack() as opened:
            copy = None if target is None else opened.enter_context(target.open("wb"))
            for text in _decoded(stream, decoder):
                _refuse_binary(text, file)
                marks += text.count('"')
                if copy is not None:
                    copy.write(text.encode("utf-8"))
    except UnicodeError:
        return None
    return marks


def _decoded(stream: IO[bytes], decoder: codecs.IncrementalDecoder) -> Iterator[str]:
    while block := stream.read(_BLOCK):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _refuse_binary(text: str, file: ExportFile) -> None:
    if "\0" in text:
        raise InputError(
            "the file holds zero bytes, so it is not text in this encoding",
            where=file.name,
            do='declare encoding = "utf-16" if it came from Excel as "Unicode text"',
        )


@contextmanager
def _bytes_of(file: ExportFile) -> Iterator[IO[bytes]]:
    """Open a file's bytes, unpacked."""
    assert file.path is not None
    packing = Path(file.member or file.path.name).suffix.lower()
    try:
        if file.member is not None:
            with zipfile.ZipFile(file.path) as archive, archive.open(file.member) as entry:
                yield _unpacked(entry, packing)
        else:
            with file.path.open("rb") as plain:
                yield _unpacked(plain, packing)
    except (EOFError, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise InputError(
            "the packed file is damaged", where=file.name, do="copy it again"
        ) from error


def _unpacked(stream: IO[bytes], packing: str) -> IO[bytes]:
    if packing == ".gz":
        return gzip.GzipFile(fileobj=stream)  # type: ignore[return-value]
    if packing == ".zst":
        import zstandard

        return zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
    return stream
