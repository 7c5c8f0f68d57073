"""Registry: models registered, named live or on trial, and fetched back verified."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.errors import InputError, ModelError
from predict.registry import promotions
from predict.registry.copies import copy_of
from predict.registry.promotions import CHALLENGER, CHAMPION
from predict.registry.runs import log_more, log_run
from predict.registry.shareable import check_file, check_values, figures, texts
from predict.registry.store import Store
from predict.registry.versions import (
    LISTED,
    Version,
    listed,
    model_digest,
    registered,
    versions,
)

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel

    from predict.home import Home
    from predict.learning.lead_model import LeadModel


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

    def in_use(self, name: str) -> int | None:
        """Return the number of the version that scores, also where it was deleted since."""
        if not self.store.exists:
            return None
        with self.store.opened() as client:
            models = registered(client, name)
        return promotions.in_use(models[0]) if models else None

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
        return listed(self._versions(name))

    def promotions(self, name: str) -> list[dict[str, Any]]:
        """Return every promotion and roll-back, oldest first; see `promotions.history`."""
        if not self.store.exists:
            return []
        with self.store.opened() as client:
            found = registered(client, name)
            return [entry for model in found for entry in promotions.history(model)]

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
        told = {key: f"{v:.12g}" for key, v in figures(metrics).items() if key in LISTED}
        about = texts({**tags, **told, "digest": model_digest(model_folder)})
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

    def resumed(self, version: Version) -> Version:
        """Finish the registration of a version, should it have been killed on the way."""
        newest = self._versions(version.name)[-1]
        if newest.number != version.number or newest.aliases or "promoted_at" in newest.tags:
            return version
        with self.store.opened() as client:
            client.set_registered_model_alias(version.name, CHALLENGER, str(version.number))
        return self.version(version.name, version.number)

    def promote(
        self, name: str, number: int, reason: str, *, instead_of: int | None = None
    ) -> Version:
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
        instead_of : int, optional
            The version it was compared with; 0 where none was in use.

        Raises
        ------
        InputError
            There is no such version.
        ModelError
            Its files are missing or altered; the champion stays.
        RefusedError
            Another version than ``instead_of`` is in use by now; the champion stays.
        """
        check_values({"reason": reason}, "tag")
        self.fetch(self.version(name, number))
        with self.store.locked("promote"), self.store.opened() as client:
            promotions.promote(client, name, number, reason, instead_of)
        return self.version(name, number)

    def before(self, name: str) -> Version:
        """Return the version that `rollback` would go back to; raises as it does."""
        known = self._versions(name)
        if not known:
            raise promotions.nothing_in_use(name)
        with self.store.opened() as client:
            target, _, _ = promotions.earlier(client, name, [v.number for v in known])
        return self.version(name, target)

    def rollback(self, name: str, reason: str) -> Version:
        """Let the version score that scored before the one in use.

        A second roll-back goes to the one before that. Versions deleted since are passed over.
        It is recorded like a promotion (see `promotions`).

        Parameters
        ----------
        name : str
            Name of the definition.
        reason : str
            Why, as a sentence.

        Returns
        -------
        Version
            The version in use from now on.

        Raises
        ------
        RefusedError
            No model is in use, or none was before it.
        ModelError
            The files of the earlier version are missing or altered; the champion stays.
        """
        check_values({"reason": reason}, "tag")
        target = self.before(name)
        self.fetch(target)
        with self.store.locked("promote"), self.store.opened() as client:
            promotions.rollback(client, name, reason, target.number)
        return self.version(name, target.number)

    def log_verdict(
        self,
        version: Version,
        *,
        metrics: Mapping[str, object],
        artifacts: Mapping[str, Path],
        tags: Mapping[str, object],
    ) -> Version:
        """Keep what the gate said of a version, at its run and at the version itself.

        Parameters
        ----------
        version : Version
            The challenger.
        metrics : mapping
            Figures behind the verdict, by name.
        artifacts : mapping of str to Path
            Files for the run; see `predict.registry.shareable`.
        tags : mapping
            For the version and its run.

        Returns
        -------
        Version
            As it is now. The same verdict a second time changes nothing but its stamps.
        """
        for kind, values in (("metric", metrics), ("tag", tags)):
            check_values(values, kind)
        for path, file in artifacts.items():
            check_file(path, file)
        with self.store.opened() as client:
            log_more(client, version.run_id, metrics, artifacts, tags)
            # Last at the version: where they are, all else is.
            for key, value in texts(tags).items():
                client.set_model_version_tag(version.name, str(version.number), key, value)
        return self.version(version.name, version.number)

    def fetch(self, version: Version) -> Path:
        """Return a local, verified copy of a version's model folder, for `LeadModel.load`.

        Our own scoring reads this folder and runs no code from it. Copies are kept in the cache
        of the home under the digest of their files.

        Raises
        ------
        ModelError
            The files are missing, altered, or not those that were registered.
        """
        return copy_of(self.store, version)

    def load(self, version: Version) -> LeadModel:
        """Return the model of a version, from its verified files; raises as `fetch`."""
        from predict.learning.lead_model import LeadModel

        return LeadModel.load(self.fetch(version))

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
