"""Scoring: a list, or the open leads, through the model in use into one published folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.crm.exports import file_of
from predict.crm.opening import open_crm
from predict.crm.reading import read_text
from predict.crm.stamps import microseconds
from predict.definition.schema import Definition
from predict.errors import RefusedError
from predict.home import Home
from predict.jobs.output import ListWriter
from predict.publish import file_digest, is_complete, json_digest, publishing, read_json
from predict.scoring.lists import MatchedList, match_list

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.learning.lead_model import LeadModel
    from predict.scoring.scorer import Wanted

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Scoring:
    """What a scoring run left behind.

    Parameters
    ----------
    folder : Path
        The published folder.
    manifest : mapping
        Counts that add up, digests, what was noticed.
    already : bool
        Whether the folder was complete before.
    """

    folder: Path
    manifest: Mapping[str, Any]
    already: bool


@dataclass(frozen=True)
class Order:
    """What is asked of a scoring run.

    Parameters
    ----------
    to : Path
        Output folder.
    as_of : datetime
        The moment we look, exclusive; naive UTC.
    leads : Path or None
        The list; None scores the open leads of the definition.
    mapping : str or None
        Name of the ``[lists.NAME]`` that maps its headers.
    reasons : {"qualified", "all", "none"}
        Whose reasons are put into words.
    """

    to: Path
    as_of: datetime
    leads: Path | None = None
    mapping: str | None = None
    reasons: Wanted = "qualified"


def score(
    path: Path,
    home: Home,
    order: Order,
    *,
    data: Path | None = None,
    progress: Progress | None = None,
) -> Scoring:
    """Score a list or the open leads with the model in use.

    Parameters
    ----------
    path : Path
        Definition file.
    home : Home
        Registry and ledger.
    order : Order
        What to score, as of when, where to.
    data : Path, optional
        Folder that relative paths start from.
    progress : callable, optional
        Called with (rows done, rows, what).

    Returns
    -------
    Scoring
        The same list, model and ``as_of`` a second time change nothing.

    Raises
    ------
    RefusedError
        The definition means something else than the model's, or no model is in use.
    """
    from predict.learning.lead_model import LeadModel
    from predict.registry import Registry

    definition = Definition.read(path, data=data)
    registry = Registry(home)
    version = registry.champion(definition.name)
    if version is None:
        raise RefusedError(
            f"no model of “{definition.name}” is in use",
            where=str(home.root),
            do="run predict train first; a model is used once it beats the simple rules",
        )
    model = LeadModel.load(registry.fetch(version))
    _same_meaning(definition, model)
    types = {p["name"]: p["dtype"] for p in model.card["data"]["profile"]}
    crm = open_crm(definition, types=types)
    try:
        inputs = _inputs(definition, crm, version.digest, order)
        if is_complete(order.to, inputs):
            return Scoring(order.to, read_json(order.to / "manifest.json"), True)
        run = Run(crm, Scorer(model, definition, f"{version.name} {version.number}"), order.reasons)
        matched = _matched(crm, definition, order)
        manifest: dict[str, Any] = {}
        key = json_digest([inputs, "ledger"])
        with publishing(order.to, inputs, manifest) as staging:
            with Ledger(home.ledger).entry(key, _about(order, version)) as entry:
                manifest |= run.write(staging, matched, entry, progress)
            _write_page(staging, run, matched, order, definition, f"version {version.number}")
        return Scoring(order.to, read_json(order.to / "manifest.json"), False)
    finally:
        crm.close()


def _same_meaning(definition: Definition, model: LeadModel) -> None:
    if definition.digest() == model.card["definition_digest"]:
        return
    learned = Definition.parse(model.definition_text)
    keys = definition.differences(learned)
    raise RefusedError(
        "the definition means something else than the one the model learned from",
        where=str(definition.path or "definition"),
        got=", ".join(keys) or "another version of the software read it differently",
        do="train again with this definition, or score with the one the model learned from",
    )


def _inputs(definition: Definition, crm: Crm, model_digest: str, order: Order) -> str:
    return json_digest(
        {
            "definition": definition.digest(),
            "model": model_digest,
            "sources": sorted({(s["table"], s["sha256"]) for s in crm.sources}),
            "list": None if order.leads is None else file_digest(order.leads),
            "mapping": definition.lists.get(order.mapping or "", {}),
            "as_of": order.as_of.isoformat(),
            "reasons": order.reasons,
        }
    )


def _matched(crm: Crm, definition: Definition, order: Order) -> MatchedList:
    if order.leads is None:
        text = read_text(crm.workspace, definition.leads, folder=definition.folder)
    else:
        text = read_text(crm.workspace, file_of(order.leads), folder=Path.cwd())
    mapping = definition.lists[order.mapping] if order.mapping else None
    return match_list(crm, text, microseconds(order.as_of), mapping)

