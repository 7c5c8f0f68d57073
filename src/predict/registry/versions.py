"""Version: one registered model, as the MLflow store tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.publish import json_digest, verify

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

#: Figures of a training that are listed; total metrics of these names are kept as tags too.
LISTED = ("log_loss", "roc_auc", "leads")


@dataclass(frozen=True)
class Version:
    """One registered model of a definition.

    Parameters
    ----------
    name : str
        Name of the definition.
    number : int
        1 for the first version of this name.
    run_id : str
        MLflow run that trained it.
    digest : str
        SHA-256 over the files of the model folder (see `model_digest`).
    inputs : str
        Digest of everything the training depended on.
    created : datetime
        When MLflow registered it (naive UTC).
    aliases : tuple of str
        ``champion`` scores; ``challenger`` is the newest one trained.
    tags : mapping of str to str
        ``promoted_by``, ``promoted_at``, ``promoted_because`` and whatever the training added.
    """

    name: str
    number: int
    run_id: str
    digest: str
    inputs: str
    created: datetime
    aliases: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def model_digest(folder: Path) -> str:
    """Return the SHA-256 over all files of a sealed model folder, each verified on the way.

    Raises
    ------
    PredictError
        A file is missing, added or altered.
    """
    return json_digest(verify(folder)["files"])


def registered(client: MlflowClient, name: str | None = None) -> list[RegisteredModel]:
    """Return the registered model of this name, in a list of one or none; without a name, all."""
    return _pages(client.search_registered_models, name)


def versions(client: MlflowClient, name: str | None = None) -> list[Version]:
    """Return versions by name and number, of one name or of all; deleted ones are not there."""
    # The search leaves aliases out; the registered models have them.
    aliases = {model.name: model.aliases for model in registered(client, name)}
    found = _pages(client.search_model_versions, name)
    read = [_version(item, aliases.get(item.name, {})) for item in found]
    return sorted(read, key=lambda version: (version.name, version.number))


def listed(known: Sequence[Version]) -> pd.DataFrame:
    """Return versions as a tidy frame; see `predict.registry.models.Registry.models`."""
    import pandas as pd

    frame = pd.DataFrame(
        {
            "name": pd.Series([v.name for v in known], dtype="str"),
            "version": pd.Series([v.number for v in known], dtype="int64"),
            "alias": pd.Series([", ".join(v.aliases) for v in known], dtype="str"),
            "created": pd.Series([v.created for v in known], dtype="datetime64[ms]"),
        }
    )
    for figure in LISTED:
        told = pd.Series([v.tags.get(figure) for v in known], dtype="object")
        frame[figure] = pd.to_numeric(told).astype("float64")
    frame["leads"] = frame["leads"].astype("Int64")  # MLflow keeps counts as floats
    whys = [v.tags.get("promoted_because") or v.tags.get("verdict") or "" for v in known]
    frame["reason"] = pd.Series(whys, dtype="str")
    frame["digest"] = pd.Series([v.digest for v in known], dtype="str")
    return frame


def moment(milliseconds: int) -> datetime:
    """Return the time, naive UTC, of a stamp of MLflow.

    Examples
    --------
    >>> moment(1767225600000)
    datetime.datetime(2026, 1, 1, 0, 0)
    """
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).replace(tzinfo=None)


def _version(item: ModelVersion, aliases: Mapping[str, object]) -> Version:
    number = int(item.version)
    return Version(
        name=item.name,
        number=number,
        run_id=item.run_id,
        digest=item.tags.get("digest", ""),
        inputs=item.tags.get("inputs", ""),
        created=moment(item.creation_timestamp),
        aliases=tuple(sorted(alias for alias, of in aliases.items() if int(str(of)) == number)),
        tags=dict(item.tags),
    )


def _pages(search: Callable[..., Any], name: str | None) -> list[Any]:
    """Return the hits of all pages of a search by name."""
    # MLflow's filters know two kinds of quotes and no escape.
    quote = '"' if name is not None and "'" in name else "'"
    wanted = "" if name is None else f"name = {quote}{name}{quote}"
    page = search(filter_string=wanted)
    found = list(page)
    while page.token:
        page = search(filter_string=wanted, page_token=page.token)
        found += page
    return found
