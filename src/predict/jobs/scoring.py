"""Scoring: a list, or the open leads, through the model in use into one published folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from predict.crm.checks import check_moment
from predict.crm.opening import open_crm
from predict.crm.people import rows_of_leads
from predict.crm.sources import read_text
from predict.crm.stamps import microseconds
from predict.definition.exports import Export
from predict.definition.schema import Definition
from predict.errors import InputError, RefusedError, nearest
from predict.home import Home
from predict.jobs.importing import imported, importing, vendor_of
from predict.jobs.run import Run
from predict.publish import file_digest, is_complete, json_digest, publishing, read_json
from predict.scoring.ledger import Ledger, run_key
from predict.scoring.lists import MatchedList, match_list

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.learning.lead_model import LeadModel
    from predict.registry.versions import Version
    from predict.report.importfields import Vendor
    from predict.scoring.scorer import Wanted

#: Folder, inside a result, of the list as it came.
KEPT = "original"

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
        Whose reasons are put into words; where import files are written, all are, unless "none".
    vendor : {"salesforce", "hubspot"} or None
        Whose import files are written; None goes by the ids of the leads.
    keep : bool
        Whether a copy of the list is put beside its result.
    read_as : mapping of str to str
        How the text of the list is read where it does not say so itself: ``delimiter``,
        ``encoding``, ``decimal``, ``dates``; see `predict.definition.exports.Export`.
    by : {"owner"} or None
        Whether each rep gets a page of his or her own leads, in ``by_owner/``.
    work : int, optional
        For how many of the first leads the page says what they are to be expected to bring; by
        default the capacity agreed, else those rated qualified.
    """

    to: Path
    as_of: datetime
    leads: Path | None = None
    mapping: str | None = None
    reasons: Wanted = "qualified"
    vendor: str | None = None
    keep: bool = False
    read_as: Mapping[str, str] = field(default_factory=dict)
    by: Literal["owner"] | None = None
    work: int | None = None


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
    office = Office.open(path, home, data=data)
    try:
        return office.score(order, progress=progress)
    finally:
        office.close()


@dataclass(frozen=True)
class Office:
    """What scores one list after the other: the export opened once, the model in use, the ledger.

    Parameters
    ----------
    crm : Crm
        The opened export.
    version, model
        The model in use.
    home : Home
        Registry and ledger.
    """

    crm: Crm
    version: Version
    model: LeadModel
    home: Home

    @classmethod
    def open(cls, path: Path, home: Home, *, data: Path | None = None) -> Office:
        """Open the export of a definition and the model in use; see `score`."""
        definition = Definition.read(path, data=data)
        version, model = champion(definition, home)
        types = {p["name"]: p["dtype"] for p in model.card["data"]["profile"]}
        crm = open_crm(definition, types=types, archive=home.archive)
        return cls(crm, version, model, home)

    def close(self) -> None:
        """Close the export."""
        self.crm.close()

    def score(
        self,
        order: Order,
        *,
        matched: MatchedList | None = None,
        progress: Progress | None = None,
    ) -> Scoring:
        """Score one list; see `score`.

        Parameters
        ----------
        order : Order
            What to score, as of when, where to.
        matched : MatchedList, optional
            From `match`, where the list was read already.
        progress : callable, optional
            Called with (rows done, rows, what).
        """
        vendor = vendor_of(self.crm, order.vendor)
        listed = _list_digest(self.crm.definition, self.crm, order)
        asked: list[object] = [
            order.reasons,
            *([vendor, order.keep] if vendor or order.keep else []),
        ]
        asked += [dict(order.read_as)] if order.read_as else []
        asked += [order.by, order.work] if order.by or order.work else []
        inputs = json_digest([listed, self.version.digest, order.as_of.isoformat(), *asked])
        if is_complete(order.to, inputs):
            return Scoring(order.to, read_json(order.to / "manifest.json"), True)
        matched = matched or self.match(order)
        return _publish(self, order, matched, vendor, listed, inputs, progress)

    def match(self, order: Order) -> MatchedList:
        """Read a list and match its rows to the CRM.

        Raises
        ------
        InputError, RefusedError
            The list cannot be read as it is.
        """
        return _matched(self.crm, order)


def champion(definition: Definition, home: Home) -> tuple[Version, LeadModel]:
    """Return the model in use, verified and of the same meaning as the definition.

    Raises
    ------
    RefusedError
        No model is in use, or the definition means something else than the model's.
    """
    from predict.registry.models import Registry

    registry = Registry(home)
    version = registry.champion(definition.name)
    if version is None:
        raise RefusedError(
            f"no model of “{definition.name}” is in use",
            where=str(home.root),
            do="run predict train first; a model is used once it beats the simple rules",
        )
    model = registry.load(version)
    same_meaning(definition, model)
    return version, model


def _publish(
    office: Office,
    order: Order,
    matched: MatchedList,
    vendor: Vendor | None,
    listed: str,
    inputs: str,
    progress: Progress | None,
) -> Scoring:
    from predict.jobs.listpage import write_pages
    from predict.report.notes import note_on_rows
    from predict.scoring.scorer import Scorer

    crm, version = office.crm, office.version
    name = f"{version.name} {version.number}"
    stale = check_moment(crm, order.as_of)
    noticed = [*crm.findings, *([stale] if stale else [])]
    wanted = "all" if vendor and order.reasons == "qualified" else order.reasons
    run = Run(crm, Scorer(office.model, crm.definition, name), wanted)
    manifest: dict[str, Any] = {
        "as_of": order.as_of.isoformat(),
        "model": name,
        "model_digest": version.digest,
        "list": "open leads" if order.leads is None else order.leads.name,
        "list_digest": listed,
        "lead_id_column": _id_column(crm, matched),
        "findings": [f.as_dict() for f in noticed if f.severity != "note"],
    }
    key = run_key(listed, version.digest, order.as_of)
    told = {k: manifest[k] for k in ("as_of", "model", "list")}
    ledger = Ledger(office.home.ledger)
    with publishing(order.to, inputs, manifest) as staging:
        with (
            ledger.entry(key, told, profile=office.model.profile.columns_.names) as entry,
            importing(staging, vendor, matched) as imports,
        ):
            manifest |= run.write(staging, matched, entry, progress, imports)
            manifest["findings"] += [f.as_dict() for f in run.fidelity.findings()]
        manifest["ledger"] = key
        manifest["imports"] = imported(crm, staging, vendor, matched, imports)
        if order.leads is not None:
            text = matched.headers.as_toml(order.leads.name.split(".")[0])
            (staging / "mapping.toml").write_text(text, encoding="utf-8", newline="\n")
        if order.keep and order.leads is not None:
            (staging / KEPT).mkdir()
            shutil.copyfile(order.leads, staging / KEPT / order.leads.name)
            unread = int(manifest["rows"]["unreadable"])
            if len(matched.rejects):
                note_on_rows(order.leads.name, matched.rejects, unread).write(staging)
        title = str(manifest["list"])
        warned = stale.sentence.rstrip(".") if stale else ""
        rows = str(manifest["told"])
        write_pages(staging, run, matched, office.home, order, title, rows, warned, key)
    return Scoring(order.to, manifest, False)


def same_meaning(definition: Definition, model: LeadModel) -> None:
    """Refuse a model that learned something else than the definition says.

    Raises
    ------
    RefusedError
        With the keys that differ.
    """
    if definition.digest() == model.card["definition_digest"]:
        return
    learned = Definition.parse(model.definition_text)
    keys = definition.differences(learned)
    raise RefusedError(
        "the definition means something else than the one the model learned from",
        where=str(definition.path or "definition"),
        got=", ".join(keys) or "an older version of the software read it differently",
        do="train again with this definition, or score with the one the model learned from",
    )


def _list_digest(definition: Definition, crm: Crm, order: Order) -> str:
    """Return the digest of the rows to score and of all that their features come from."""
    return json_digest(
        {
            "definition": definition.digest(),
            "sources": crm.read_from,
            "list": None if order.leads is None else _file_digest(order.leads),
            "mapping": _mapping(definition, order) or _lists(definition, order),
        }
    )


def _file_digest(path: Path) -> str:
    if not path.is_file():
        near = nearest(path.name, [p.name for p in path.parent.glob("*")] if path.parent else [])
        raise InputError(
            "there is no such list",
            where=str(path),
            do=f"did you mean {near}?" if near else "check the path",
        )
    return file_digest(path)


def _mapping(definition: Definition, order: Order) -> Mapping[str, str]:
    if order.mapping is None:
        return {}
    if order.mapping not in definition.lists:
        near = nearest(order.mapping, definition.lists)
        raise InputError(
            f"the definition has no [lists.{order.mapping}]",
            where=str(definition.path),
            got=", ".join(definition.lists) or "no lists",
            do=f"did you mean {near}?" if near else "add it, or leave --list away",
        )
    return definition.lists[order.mapping]


def _lists(definition: Definition, order: Order) -> Mapping[str, Mapping[str, str]]:
    """Return the mappings of the definition, of which a list may find its own."""
    return {} if order.leads is None else definition.lists


def _matched(crm: Crm, order: Order) -> MatchedList:
    definition, as_of_us = crm.definition, microseconds(order.as_of)
    if order.leads is None:
        return match_list(crm, rows_of_leads(crm), as_of_us).only_open(crm)
    path = order.leads.resolve()
    try:
        spec = Export.model_validate({"path": path.name, **order.read_as})
    except ValidationError as error:
        wrong = error.errors()[0]
        option = f"--{wrong['loc'][0]}" if wrong["loc"] else "options of the list"
        raise InputError(
            "no list can be read like that",
            where=option,
            got=str(wrong["input"]),
            do=wrong["msg"].removeprefix("Value error, "),
        ) from error
    text = read_text(crm.workspace, spec, folder=path.parent)
    return match_list(crm, text, as_of_us, _mapping(definition, order), order.mapping or "")


def _id_column(crm: Crm, matched: MatchedList) -> str | None:
    """Return the header of the list that holds the lead's id, if any."""
    ours = crm.definition.leads.lead_id
    header = {v: k for k, v in matched.mapping.items()}.get(ours, ours)
    return header if header in matched.columns else None
