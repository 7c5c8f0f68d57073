"""Copies: the model folder of a version fetched from its store, verified, kept by its digest."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from predict.errors import ModelError, PredictError
from predict.publish import publishing, verify
from predict.registry.runs import FOLDER
from predict.registry.store import Store
from predict.registry.versions import Version, model_digest


def copy_of(store: Store, version: Version) -> Path:
    """Return a verified copy in the cache of the home; see `Registry.fetch`.

    Raises
    ------
    ModelError
        The files are missing, altered, or not those that were registered.
    """
    target = store.home.cache / version.digest
    with store.locked("cache"):
        if not target.exists():
            _download(store, version, target)
    try:
        digest = model_digest(target)
    except PredictError as error:
        raise ModelError(
            "the cached copy of a model is damaged",
            where=error.where,
            got=error.what,
            do=f"remove {target}; it is fetched again",
        ) from error
    if digest != version.digest:
        raise ModelError(
            "the cached copy of a model is of another model",
            where=str(target),
            do="remove this folder; it is fetched again",
        )
    return target


def _download(store: Store, version: Version, target: Path) -> None:
    """Publish the verified files of a version at ``target``, with the manifest they had."""
    where = f"{version.name} version {version.number} in {store.where}"
    with tempfile.TemporaryDirectory() as scratch:
        with store.opened() as client:
            source = client.get_model_version_download_uri(version.name, str(version.number))
            folder = store.download(f"{source}/artifacts/{FOLDER}", Path(scratch))
        if model_digest(folder) != version.digest:
            raise ModelError(
                "the files of a model are not those that were registered",
                where=where,
                do="do not score with this version; train again",
            )
        with publishing(target, inputs=version.digest, extra=verify(folder)) as staging:
            shutil.copytree(folder, staging, dirs_exist_ok=True)
