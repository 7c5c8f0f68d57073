"""The bytes of an export file out of their packing: gzip, Zstandard, an entry of a zip."""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from predict.crm.exports import ExportFile
from predict.errors import InputError

_BLOCK = 1 << 20


def is_packed(file: ExportFile) -> bool:
    """Tell whether the bytes on disk are not those of the file itself."""
    return file.member is not None or _suffix(file) in (".gz", ".zst")


@contextmanager
def unpacked_bytes(file: ExportFile) -> Iterator[IO[bytes]]:
    """Open a file's bytes as they were before packing.

    Raises
    ------
    InputError
        The packing is damaged, or asks for a password.
    """
    import zstandard

    assert file.path is not None
    broken = (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, zstandard.ZstdError)
    try:
        if file.member is None:
            with file.path.open("rb") as plain:
                yield _stream(plain, _suffix(file))
        else:
            with zipfile.ZipFile(file.path) as archive, _entry(archive, file) as entry:
                yield _stream(entry, _suffix(file))
    except broken as error:
        raise InputError(
            "the packed file is damaged", where=file.name, do="copy it again"
        ) from error


def outside_zip(file: ExportFile, target: Path) -> Path:
    """Return a file's path, or that of a copy at ``target`` where it is in a zip."""
    assert file.path is not None
    if file.member is None:
        return file.path
    with unpacked_bytes(file) as stream, target.open("wb") as copy:
        shutil.copyfileobj(stream, copy, _BLOCK)
    return target


def _suffix(file: ExportFile) -> str:
    return Path(file.member or str(file.path)).suffix.lower()


def _entry(archive: zipfile.ZipFile, file: ExportFile) -> IO[bytes]:
    try:
        return archive.open(str(file.member))
    except RuntimeError as error:  # a password, or a compression Python does not know
        raise InputError(
            "the zip cannot be opened", where=file.name, got=str(error), do="pack it without"
        ) from error


def _stream(stream: IO[bytes], suffix: str) -> IO[bytes]:
    if suffix == ".gz":
        return gzip.GzipFile(fileobj=stream)  # type: ignore[return-value]
    if suffix == ".zst":
        return _Zstandard(stream)  # type: ignore[return-value]
    return stream


class _Zstandard:
    """Zstandard frames read as a stream; unlike the library's own, one cut off is an error."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._frame: Any = None
        self._ready = bytearray()

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes, fewer only at the end."""
        while len(self._ready) < size and (block := self._packed.read(_BLOCK >> 4)):
            self._unpack(block)
        if len(self._ready) < size and self._frame is not None:
            raise EOFError("the last frame is cut off")
        taken = bytes(self._ready[:size])
        del self._ready[:size]
        return taken

    def _unpack(self, block: bytes) -> None:
        import zstandard

        while block:
            self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
            self._ready += self._frame.decompress(block)
            block = self._frame.unused_data if self._frame.eof else b""
            self._frame = None if self._frame.eof else self._frame
