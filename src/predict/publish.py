"""Publishing files: staging, fsync, rename, SHA-256 manifest, lock. The only place that does."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from predict.errors import PredictError

MANIFEST = "manifest.json"
_BLOCK = 1 << 20
#: How a folder is called while another takes its place, and while it is being removed.
_REPLACED, _REMOVED = ".replaced", ".removed"
#: In the name of what is being written to take another's place.
_NEXT = ".next."


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hexadecimal text."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def json_digest(value: object) -> str:
    """Return the SHA-256 of a JSON-ready value, whatever the order of its keys.

    Examples
    --------
    >>> json_digest({"a": 1, "b": 2}) == json_digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def write_json(path: Path, value: object) -> None:
    """Write a JSON-ready value as readable text with sorted keys and a final line end."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1, default=str) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def read_json(path: Path) -> dict[str, object]:
    """Read a JSON object from a file."""
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise PredictError("the file does not hold a JSON object", where=str(path))
    return value


def files_in(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below ``folder``, by POSIX path, manifest left out."""
    return {
        path.relative_to(folder).as_posix(): file_digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / MANIFEST
    }


def seal(folder: Path, extra: Mapping[str, object] | None = None) -> None:
    """Write ``manifest.json`` with the SHA-256 of every file below ``folder``."""
    write_json(folder / MANIFEST, {**(extra or {}), "files": files_in(folder)})


def verify(folder: Path) -> dict[str, object]:
    """Check every file of a sealed folder against its manifest, before anything is parsed.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    PredictError
        The manifest is missing, or a file is missing, added or altered.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise PredictError(
            "the folder has no manifest, so its files cannot be trusted",
            where=str(folder),
            do="take a complete copy of the folder",
        )
    manifest = read_json(path)
    declared, found = manifest.get("files"), files_in(folder)
    if not isinstance(declared, dict):
        raise PredictError("the manifest lists no files", where=str(path))
    for name in sorted(declared.keys() | found.keys()):
        if declared.get(name) != found.get(name):
            state = (
                "missing"
                if name not in found
                else "not in the manifest"
                if name not in declared
                else "altered since it was written"
            )
            raise PredictError(
                f"a file of this folder is {state}",
                where=str(folder / name),
                do="take a complete copy of the folder, or make it again",
            )
    return manifest


def is_complete(folder: Path, inputs: str) -> bool:
    """Tell whether ``folder`` already holds what the inputs with this digest produce.

    Raises
    ------
    PredictError
        The folder holds something else, so writing there would overwrite it.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    try:
        manifest = verify(folder)
    except PredictError as error:
        raise PredictError(
            "the output folder holds something else",
            where=str(folder),
            got=error.what,
            do="name a new folder with --to, or remove this one",
        ) from error
    if manifest.get("inputs") != inputs:
        raise PredictError(
            "the output folder holds the result of other inputs",
            where=str(folder),
            do="name a new folder with --to, or remove this one",
        )
    return True


@contextlib.contextmanager
def publishing(
    target: Path, inputs: str, extra: Mapping[str, object] | None = None
) -> Iterator[Path]:
    """Yield a staging folder that becomes ``target`` in one rename when the block ends well.

    Parameters
    ----------
    target : Path
        Final folder; must be absent or empty (see `is_complete`).
    inputs : str
        Digest of everything the output depends on, kept in the manifest.
    extra : mapping, optional
        Further entries for the manifest; read when the block has ended, so it may be filled inside.

    Notes
    -----
    Killed anywhere, the target is either absent or complete.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield staging
        seal(staging, {**(extra or {}), "inputs": inputs})
        for path in staging.rglob("*"):
            if path.is_file():
                _fsync(path)
        staging.chmod(0o755)
        if target.is_dir() and not any(target.iterdir()):
            target.rmdir()
        staging.rename(target)
        _fsync(target.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextlib.contextmanager
def replacing(
    target: Path, inputs: str, extra: Mapping[str, object] | None = None
) -> Iterator[Path]:
    """Yield a staging folder that takes the place of ``target`` when the block ends well.

    Parameters
    ----------
    target : Path
        A sealed folder.
    inputs, extra
        As of `publishing`.

    Notes
    -----
    No system renames one folder over another, so the old one steps aside for a moment. Killed in
    between, `sealed_folders` yields the old one, and `settle` puts it back.
    """
    parent = target.parent
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}{_NEXT}", dir=parent))
    try:
        yield staging
        seal(staging, {**(extra or {}), "inputs": inputs})
        for path in staging.rglob("*"):
            if path.is_file():
                _fsync(path)
        staging.chmod(0o755)
        aside = parent / f".{target.name}{_REPLACED}"
        target.rename(aside)
        staging.rename(target)
        _fsync(parent)
        shutil.rmtree(aside)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def remove_folder(target: Path) -> None:
    """Remove a sealed folder: to readers it is there whole, or not at all."""
    gone = target.parent / f".{target.name}{_REMOVED}"
    target.rename(gone)
    _fsync(target.parent)
    shutil.rmtree(gone)


def settle(parent: Path, *, strays: bool = False) -> None:
    """Finish what a killed `replacing` or `remove_folder` left below ``parent``.

    The caller holds the lock under which the folders are written.

    Parameters
    ----------
    parent : Path
        Folder of sealed folders.
    strays : bool
        Whether to remove what killed runs were writing; only where all that writes holds the lock.
    """
    for left in (f".*{_REMOVED}", f".*{_NEXT}*"):
        for path in sorted(parent.glob(left)) if parent.is_dir() else []:
            shutil.rmtree(path)
    for path in sorted(parent.glob(f".*{_REPLACED}")) if parent.is_dir() else []:
        target = parent / path.name[1 : -len(_REPLACED)]
        if target.exists():
            shutil.rmtree(path)
        else:
            path.rename(target)
            _fsync(parent)
    for path in sorted(parent.glob(".*")) if strays and parent.is_dir() else []:
        if path.is_dir():
            shutil.rmtree(path)


def sealed_folders(parent: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and place of every sealed folder below ``parent``, by name.

    What killed runs left is none; a folder that a killed `replacing` left aside is one still.
    """
    for path in sorted(parent.iterdir()) if parent.is_dir() else []:
        name = path.name
        if name.startswith("."):
            name = name[1 : -len(_REPLACED)] if name.endswith(_REPLACED) else ""
            if not name or (parent / name).exists():
                continue
        if (path / MANIFEST).is_file():
            yield name, path


def publish_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write one file so that a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
        _fsync(path.parent)
    finally:
        Path(name).unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path: Path, timeout: float = 600.0) -> Iterator[None]:
    """Hold the lock file at ``path`` so that one job writes at a time.

    Parameters
    ----------
    path : Path
        Lock file; its folder is made where absent.
    timeout : float
        Seconds to wait for another job.

    Raises
    ------
    PredictError
        Another job held the lock for longer than ``timeout``.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(str(path))
    try:
        lock.acquire(timeout=timeout)
    except Timeout as error:
        raise PredictError(
            "another job is writing to this home",
            where=str(path),
            got=f"still busy after {timeout:.0f} seconds",
            do="wait until it ends and run this again",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
