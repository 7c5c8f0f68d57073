"""Registry: models registered, named live or on trial, and fetched back verified."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.errors import InputError, ModelError, PredictError
from predict.publish import publishing, verify
from predict.registry.runs import FOLDER, log_run, who
from predict.registry.shareable import check_file, check_values, figures, texts
from predict.registry.store import Store
from predict.registry.versions import Version, model_digest, moment, registered, versions

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel
    from mlflow.entities.model_registry import RegisteredModel

    from predict.home import Home

CHAMPION = "champion"
CHALLENGER = "challenger"
#: Figures that `Registry.models` lists; total metrics of these names are kept as tags too.
LISTED = ("log_loss", "roc_auc", "leads")


class Registry:
    """The models of one home: trained, named live or on trial, fetched.

    Parameters
    ----------
    home : Home
        Holds the SQLite store and the artifacts, unless ``$PREDICT_TRACKING_URI`` names a server.

    Notes
    -----
    A home without a store is answered for at once: nothing is created and MLflow is not imported.
    Times come from MLflow's clock, never from ours.

    Examples
    --------
    >>> import tempfile
    >>> from predict.home import Home
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     registry = Registry(Home.at(folder))
    ...     registry.champion("opportunity-in-90-days") is None, len(registry.models())
    (True, 0)
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self.store = Store(home)

    # ---- asking --------------------------------------------------------------------------------

    def champion(self, name: str) -> Version | None:
        """Return the version that scores, or None where no model has been promoted yet.

        Raises
        ------
        ModelError
            It was deleted from the store, and the alias still points to it.
        """
        return self._named(name, CHAMPION)

    def challenger(self, name: str) -> Version | None:
        """Return the newest trained version not promoted, or None; raises as `champion`."""
        return self._named(name, CHALLENGER)

    def version(self, name: str, number: int) -> Version:
        """Return one version by its number.

        Raises
        ------
        InputError
            There is no such version; the message lists those there are.
        """
        known = self._versions(name)
        for version in known:
            if version.number == number:
                return version
        raise InputError(
            f"there is no version {number} of {name!r}",
            where=self.store.where,
            got=f"versions {', '.join(str(v.number) for v in known)}" if known else "none",
            do="run `predict models` to see the versions there are",
        )

    def find(self, name: str, inputs: str) -> Version | None:
        """Return the newest version trained on inputs with this digest, or None."""
        return next((v for v in reversed(self._versions(name)) if v.inputs == inputs), None)

    def models(self, name: str | None = None) -> pd.DataFrame:
        """Return all versions, of one definition or of all, as a tidy frame.

        Returns
        -------
        pandas.DataFrame
            ``name``, ``version`` (int), ``alias`` (text, "" without), ``created`` (naive UTC),
            ``log_loss``, ``roc_auc`` (of the backtest), ``leads`` (Int64, trained on), ``reason``
            (why it was promoted, else what the training said), ``digest`` of the model folder.
        """
        import pandas as pd

        known = self._versions(name)
        frame = pd.DataFrame(
            {
                "name": pd.Series([v.name for v in known], dtype="str"),
                "version": pd.Series([v.number for v in known], dtype="int64"),
                "alias": pd.Series([", ".join(v.aliases) for v in known], dtype="str"),
                "created": pd.Series([v.created for v in known], dtype="datetime64[ms]"),
            }
        )
        for figure in LISTED:
            listed = pd.Series([v.tags.get(figure) for v in known], dtype="object")
            frame[figure] = pd.to_numeric(listed).astype("float64")
        frame["leads"] = frame["leads"].astype("Int64")  # MLflow keeps counts as floats
        told = [v.tags.get("promoted_because") or v.tags.get("verdict") or "" for v in known]
        frame["reason"] = pd.Series(told, dtype="str")
        frame["digest"] = pd.Series([v.digest for v in known], dtype="str")
        return frame

    def promotions(self, name: str) -> list[dict[str, Any]]:
        """Return every promotion, oldest first: version, previous, by, at (UTC), because."""
        if not self.store.exists:
            return []
        with self.store.opened() as client:
            return [entry for model in registered(client, name) for entry in _promotions(model)]

    # ---- changing ------------------------------------------------------------------------------

    def log_training(
        self,
        name: str,
        model_folder: Path,
        *,
        params: Mapping[str, object],
        metrics: Mapping[str, object],
        fold_metrics: Sequence[Mapping[str, object]],
        artifacts: Mapping[str, Path],
        tags: Mapping[str, object],
    ) -> Version:
        """Log one training as a run and register its model as the challenger.

        Parameters
        ----------
        name : str
            Name of the definition: of the experiment and of the registered model.
        model_folder : Path
            Sealed folder of a `LeadModel`; verified and loaded before anything is logged.
        params : mapping
            Settings; values become text.
        metrics : mapping
            Figures of all folds together: numbers, or tables ``{"value", "low", "high"}`` as of
            `predict.learning.metrics.evaluate`. Those in `LISTED` are shown by `models`.
        fold_metrics : sequence of mapping
            One per fold, oldest first, with its ``cutoff``; the numbers in it become steps 1, 2, …
            of ``fold/<name>``, dated by the cutoff. What is not a finite number is left out.
        artifacts : mapping of str to Path
            Path below the run's artifacts → file; see `predict.registry.shareable`.
        tags : mapping
            For the run and the version. ``inputs``, the digest of everything the training depended
            on, is required; ``verdict`` is what `models` shows until the version is promoted.

        Returns
        -------
        Version
            The new version, or the one there is where the same inputs were logged before.

        Raises
        ------
        RefusedError
            Something to be logged may hold personal data; nothing was logged.
        ModelError
            The folder is not a sealed model that loads.
        """
        from predict.learning.lead_model import LeadModel

        inputs = str(tags["inputs"])
        known = self.find(name, inputs)
        if known is not None:
            return known
        for kind, values in (("parameter", params), ("metric", metrics), ("tag", tags)):
            check_values(values, kind)
        for path, file in artifacts.items():
            check_file(path, file)
        columns = [spec.name for spec in LeadModel.load(model_folder).specs]
        listed = {key: f"{v:.12g}" for key, v in figures(metrics).items() if key in LISTED}
        about = texts({**tags, **listed, "digest": model_digest(model_folder)})
        with self.store.opened() as client:
            model = log_run(
                client,
                self.store.experiment(client, name),
                model_folder,
                columns,
                params=params,
                metrics=metrics,
                fold_metrics=fold_metrics,
                artifacts=artifacts,
                tags=tags,
            )
            number = _register(client, name, model, about)
        return self.version(name, number)

    def promote(self, name: str, number: int, reason: str) -> Version:
        """Let a version score from now on; the one before stays registered.

        The alias moves in one step, after the files of the version have been fetched and verified.
        Promoting the version that scores already changes nothing. Who, when (by MLflow's clock),
        why and what was live before are kept as tags of the version and, of every promotion ever,
        of the registered model (see `promotions`).

        Parameters
        ----------
        name : str
            Name of the definition.
        number : int
            Version to promote.
        reason : str
            Why, as a sentence.

        Raises
        ------
        InputError
            There is no such version.
        ModelError
            Its files are missing or altered; the champion stays.
        """
        check_values({"reason": reason}, "tag")
        self.fetch(self.version(name, number))
        with self.store.locked("promote"), self.store.opened() as client:
            (model,) = registered(client, name)
            history = _promotions(model)
            last = history[-1]["version"] if history else None
            live = int(model.aliases.get(CHAMPION, 0)) or None
            if live == last == number:
                return self.version(name, number)
            client.set_registered_model_alias(name, CHAMPION, str(number))
            # Killed here, the promotion is done and not yet recorded: the next call records it.
            if int(model.aliases.get(CHALLENGER, 0)) == number:
                client.delete_registered_model_alias(name, CHALLENGER)
            moved = client.update_model_version(name, str(number), reason)
            entry = {
                "version": number,
                "previous": last if live in {None, number} else live,
                "by": who(),
                "at": moment(moved.last_updated_timestamp).isoformat(timespec="seconds"),
                "because": reason,
            }
            for key in ("by", "at", "because"):
                client.set_model_version_tag(name, str(number), f"promoted_{key}", entry[key])
            client.set_registered_model_tag(
                name, f"promotion.{len(history) + 1:04d}", json.dumps(entry, ensure_ascii=False)
            )
        return self.version(name, number)

    def fetch(self, version: Version) -> Path:
        """Return a local, verified copy of a version's model folder, for `LeadModel.load`.

        Our own scoring reads this folder and runs no code from it. Copies are kept in the cache
        of the home under the digest of their files.

        Raises
        ------
        ModelError
            The files are missing, altered, or not those that were registered.
        """
        target = self.home.cache / version.digest
        with self.store.locked("cache"):
            if not target.exists():
                self._download(version, target)
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

    # ---- inside --------------------------------------------------------------------------------

    def _versions(self, name: str | None = None) -> list[Version]:
        if not self.store.exists:
            return []
        with self.store.opened() as client:
            return versions(client, name)

    def _named(self, name: str, alias: str) -> Version | None:
        if not self.store.exists:
            return None
        with self.store.opened() as client:
            models = registered(client, name)
        number = int(models[0].aliases.get(alias, 0)) if models else 0
        if not number:
            return None
        for version in self._versions(name):
            if version.number == number:
                return version
        raise ModelError(
            f"the {alias} of {name!r} was deleted from the model store",
            where=self.store.where,
            got=f"version {number}, which is not there",
            do="promote another version; `predict models` lists them",
        )

    def _download(self, version: Version, target: Path) -> None:
        """Publish the verified files of a version at ``target``, with the manifest they had."""
        where = f"{version.name} version {version.number} in {self.store.where}"
        with tempfile.TemporaryDirectory() as scratch:
            with self.store.opened() as client:
                source = client.get_model_version_download_uri(version.name, str(version.number))
                folder = self.store.download(f"{source}/artifacts/{FOLDER}", Path(scratch))
            if model_digest(folder) != version.digest:
                raise ModelError(
                    "the files of a model are not those that were registered",
                    where=where,
                    do="do not score with this version; train again",
                )
            with publishing(target, inputs=version.digest, extra=verify(folder)) as staging:
                shutil.copytree(folder, staging, dirs_exist_ok=True)


def _register(client: MlflowClient, name: str, model: LoggedModel, tags: Mapping[str, str]) -> int:
    """Register a logged model under ``name``, call it the challenger and return its number."""
    if not registered(client, name):
        client.create_registered_model(name)
    # By location, since the SQL store looks up a "models:/" source in the process-wide store; and
    # with the model's id, by which a server checks that the location is the model's own.
    made = client.create_model_version(
        name,
        source=model.artifact_location,
        run_id=model.source_run_id,
        model_id=model.model_id,
        tags=dict(tags),
        description=tags.get("verdict"),
    )
    client.set_registered_model_alias(name, CHALLENGER, made.version)
    linked = json.dumps([{"name": name, "version": str(made.version)}])
    client.set_logged_model_tags(model.model_id, {"mlflow.modelVersions": linked})
    return int(made.version)


def _promotions(model: RegisteredModel) -> list[dict[str, Any]]:
    keys = sorted(key for key in model.tags if key.startswith("promotion."))
    return [json.loads(model.tags[key]) for key in keys]
