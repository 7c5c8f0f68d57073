"""Repeats: a list dropped into an inbox that was scored there before, byte by byte."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from predict.jobs.scoring import KEPT
from predict.publish import MANIFEST, json_digest, publishing, read_json

#: Entry of the manifest that names the folder of the first result, and the page that says so.
SAME_AS, SAID = "same_as", "same_list.txt"
_SAID = """\
{name} is the same file as the one scored already. Its result is in the folder

  {first}

Nothing was scored again, so that nobody goes into the CRM twice. To have the list scored anew, for
instance with a newer model, take that folder out of “done” first and drop the list again.
"""


def earlier(done: Path, digest: str, vendor: str | None) -> Path | None:
    """Return the newest result of the same file, or None.

    Parameters
    ----------
    done : Path
        Folder of the results.
    digest : str
        Of the file's bytes.
    vendor : str or None
        Whose import files are asked for: a result without them does not answer that wish.
    """
    found = []
    for path in done.glob(f"*/{MANIFEST}"):
        if path.parent.name.startswith("."):
            continue  # on its way, or left by a run that was killed
        manifest = read_json(path)
        files, imports = manifest.get("files"), manifest.get("imports")
        if not isinstance(files, dict) or SAME_AS in manifest:
            continue
        kept = [d for name, d in files.items() if name.startswith(f"{KEPT}/")]
        theirs = imports.get("vendor") if isinstance(imports, dict) else None
        if digest in kept and theirs == vendor:
            found.append((str(manifest.get("as_of")), path.parent.name, path.parent))
    return max(found)[2] if found else None


def publish_repeat(to: Path, path: Path, digest: str, first: Path, as_of: datetime) -> str:
    """Put a list beside its first result, with a word that it is the same; return the word."""
    told = f"the same file as {first.parent.name}/{first.name}; not scored again"
    extra = {"list": path.name, SAME_AS: first.name, "told": told, "as_of": as_of.isoformat()}
    with publishing(to, json_digest([digest, first.name]), extra) as staging:
        said = _SAID.format(name=path.name, first=first.name)
        (staging / SAID).write_text(said, encoding="utf-8-sig", newline="\r\n")
        (staging / KEPT).mkdir()
        shutil.copyfile(path, staging / KEPT / path.name)
    return told
