"""Promotions: which version scores, which one before it, who moved it when and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from predict.errors import ModelError, RefusedError
from predict.registry.runs import who
from predict.registry.versions import moment, registered

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import RegisteredModel

CHAMPION = "champion"
CHALLENGER = "challenger"
#: Tag of a roll-back that was begun; it is taken away when the roll-back is on record.
BEGUN = "rollback.begun"

Action = Literal["promote", "rollback"]


def history(model: RegisteredModel) -> list[dict[str, Any]]:
    """Return every promotion and roll-back of a registered model, oldest first.

    Returns
    -------
    list of dict
        ``version``, ``previous`` (version in use before, or None), ``action`` ("promote" or
        "rollback"), ``by``, ``at`` (ISO, naive UTC, by MLflow's clock), ``because``.
    """
    keys = sorted(key for key in model.tags if key.startswith("promotion."))
    return [{"action": "promote"} | json.loads(model.tags[key]) for key in keys]


def line(entries: Sequence[dict[str, Any]], live: int | None) -> list[int]:
    """Return the versions that were in use, oldest first, as roll-backs left the line.

    Parameters
    ----------
    entries : sequence of dict
        From `history`.
    live : int or None
        The version in use, which counts where the record says otherwise: a move that was killed
        before it was recorded, or one made by hand in MLflow.

    Examples
    --------
    >>> went = [{"version": 1, "previous": None}, {"version": 2, "previous": 1}]
    >>> line(went, live=2)
    [1, 2]
    >>> back = {"version": 1, "previous": 2, "action": "rollback"}
    >>> line([*went, back], live=1), line([*went, back, {"version": 3, "previous": 1}], live=3)
    ([1], [1, 3])
    """
    stack: list[int] = []
    for entry in entries:
        _on_top(stack, entry.get("previous"), back=True)
        _on_top(stack, entry["version"], back=entry.get("action") == "rollback")
    _on_top(stack, live, back=True)
    return stack


def _on_top(stack: list[int], version: int | None, *, back: bool) -> None:
    """Let a version be the last of the line: by going back to it where asked, else by adding it."""
    if version is None or (stack and stack[-1] == version):
        return
    if back and version in stack:
        del stack[len(stack) - stack[::-1].index(version) :]
    else:
        stack.append(version)


def promote(
    client: MlflowClient, name: str, number: int, reason: str, instead_of: int | None = None
) -> None:
    """Move the alias of the champion to a version and record it; see `Registry.promote`.

    The alias moves first, in one step: killed before the record, the next call records it.
    """
    (model,) = registered(client, name)
    entries, live = history(model), in_use(model)
    last = entries[-1]["version"] if entries else None
    if live == last == number:
        return
    if instead_of is not None and (live or 0) not in {instead_of, number}:
        raise RefusedError(
            "another model came into use while this one was being judged",
            where=name,
            got=f"version {live or 'none'}, not {instead_of or 'none'}",
            do="run this again: it is then compared with the model in use",
        )
    client.set_registered_model_alias(name, CHAMPION, str(number))
    _record(client, model, number, last if live in {None, number} else live, reason, "promote")


def rollback(client: MlflowClient, name: str, reason: str, to: int) -> None:
    """Move the alias of the champion back by one and record it; see `Registry.rollback`.

    What is about to be done is written down first, so that a killed roll-back is completed by the
    next call and not followed by a second one.
    """
    target, live, model = earlier(client, name, [to])
    before = _begun(model)
    if before is not None and (before["version"], before["previous"]) == (target, live):
        reason = before["because"]
    begun = {"version": target, "previous": live, "because": reason}
    client.set_registered_model_tag(name, BEGUN, json.dumps(begun, ensure_ascii=False))
    client.set_registered_model_alias(name, CHAMPION, str(target))
    _record(client, model, target, live, reason, "rollback")
    client.delete_registered_model_tag(name, BEGUN)


def earlier(
    client: MlflowClient, name: str, there: Sequence[int]
) -> tuple[int, int, RegisteredModel]:
    """Return the version to go back to, the one to go back from, and the registered model.

    Parameters
    ----------
    client : MlflowClient
        From `Store.opened`.
    name : str
        Name of the definition.
    there : sequence of int
        Versions that have not been deleted.

    Raises
    ------
    RefusedError
        No model is in use, or none was in use before it.
    """
    models = registered(client, name)
    live = in_use(models[0]) if models else None
    if live is None:
        raise nothing_in_use(name)
    begun = _begun(models[0])
    if begun is not None and begun["version"] == live:
        return live, int(begun["previous"]), models[0]  # moved and not recorded
    before = [v for v in line(history(models[0]), live)[:-1] if v in there]
    if not before:
        raise RefusedError(
            f"there is nothing to roll back to: no model was in use before version {live}",
            where=name,
            do="name a version with `predict promote VERSION`; `predict models` lists them",
        )
    return before[-1], live, models[0]


def nothing_in_use(name: str) -> RefusedError:
    """Return the error of a roll-back where no model is in use."""
    return RefusedError(
        f"no model of “{name}” is in use, so there is none to go back from",
        do="run predict train first",
    )


def in_use(model: RegisteredModel) -> int | None:
    """Return the number of the version that the champion's alias points to."""
    return int(model.aliases.get(CHAMPION, 0)) or None


def _begun(model: RegisteredModel) -> dict[str, Any] | None:
    return json.loads(model.tags[BEGUN]) if BEGUN in model.tags else None


def _record(
    client: MlflowClient,
    model: RegisteredModel,
    number: int,
    previous: int | None,
    reason: str,
    action: Action,
) -> None:
    """Keep who, when, why and what was in use before, at the version and at the model."""
    name = model.name
    if int(model.aliases.get(CHALLENGER, 0)) == number:
        client.delete_registered_model_alias(name, CHALLENGER)
    moved = client.update_model_version(name, str(number), reason)
    if moved.last_updated_timestamp is None:
        raise ModelError("the model store does not say when the version was moved", where=name)
    entry = {
        "version": number,
        "previous": previous,
        "action": action,
        "by": who(),
        "at": moment(moved.last_updated_timestamp).isoformat(timespec="seconds"),
        "because": reason,
    }
    for key in ("by", "at", "because"):
        client.set_model_version_tag(name, str(number), f"promoted_{key}", entry[key])
    key = f"promotion.{len(history(model)) + 1:04d}"
    client.set_registered_model_tag(name, key, json.dumps(entry, ensure_ascii=False))
