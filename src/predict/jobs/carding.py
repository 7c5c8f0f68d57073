"""Carding: what a training keeps for its model card, the card logged, and the card rebuilt."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.publish import publish_file, write_json
from predict.scoring.grades import LETTERS, Limits, grade

if TYPE_CHECKING:
    from predict.history.dataset import Dataset
    from predict.history.delay import Delay
    from predict.learning.backtest_result import BacktestResult
    from predict.learning.lead_model import LeadModel
    from predict.registry.models import Registry
    from predict.registry.record import Record
    from predict.registry.versions import Version

#: Looks that drivers are measured on: the newest of the reference months, evenly taken.
MOST_REFERENCE_ROWS = 4_000
CARDS = ("card.html", "card.md")


def keep_facts(
    folder: Path, data: Dataset, result: BacktestResult, model: LeadModel, delay: Delay
) -> dict[str, Path]:
    """Write what only the training knows of a version, as artifacts of its run.

    Parameters
    ----------
    folder : Path
        Where to, made where absent.
    data : Dataset
        All matured looks.
    result : BacktestResult
        As-if predictions.
    model : LeadModel
        What goes live.
    delay : Delay
        How long success takes.

    Returns
    -------
    dict of str to Path
        ``drivers.json``, ``segments.json``, ``grades.json``, ``delay.json``, and
        ``curves/delay.svg`` where there is a delay.
    """
    from predict.learning.segments import segments
    from predict.report.delay_picture import DelayDisplay
    from predict.report.displays import to_svg
    from predict.scoring.driving import drivers

    folder.mkdir(parents=True, exist_ok=True)
    reference = _reference(data, result)
    told = drivers(model.full, reference, model.specs)
    idle = [c.name for c in model.full.columns_.items if not c.used]
    written: dict[str, dict[str, Any]] = {
        "drivers.json": {"rows": len(reference), "drivers": told, "idle": idle},
        "segments.json": {"segments": segments(result, data)},
        "grades.json": _grades(result, model),
        "delay.json": dict(delay.as_dict()),
    }
    for name, value in written.items():
        write_json(folder / name, value)
    kept = {name: folder / name for name in written}
    if delay.curve:
        picture = folder / "delay.svg"
        picture.write_text(to_svg(DelayDisplay(delay)), encoding="utf-8", newline="\n")
        kept["curves/delay.svg"] = picture
    return kept


def complete_card(registry: Registry, version: Version) -> bool:
    """Build the card of a registered version from the store and add it to its run.

    Figures by segment become metrics of the run. A card that tells all the store holds stays as it
    is; one that is missing, or older than a verdict, is replaced: a run that was killed before its
    card is completed by the next.

    Returns
    -------
    bool
        Whether a card was logged.

    Raises
    ------
    RefusedError
        The card would hold something personal; it is not logged.
    """
    from predict.registry.record import attach, record_of

    with tempfile.TemporaryDirectory() as scratch:
        record = record_of(registry, version, Path(scratch) / "run")
        made = write_card(record, Path(scratch) / "cards")
        if all(record.text(n) == file.read_text("utf-8") for n, file in made.items()):
            return False
        attach(registry, version, artifacts=made, metrics=_metrics(record))
    return True


def rebuild_card(registry: Registry, version: Version, to: Path) -> list[Path]:
    """Write ``card.html`` and ``card.md``, with their pictures, from the store alone.

    Returns
    -------
    list of Path
        The two cards.
    """
    from predict.registry.record import record_of

    with tempfile.TemporaryDirectory() as scratch:
        record = record_of(registry, version, Path(scratch) / "run")
        made = write_card(record, Path(scratch) / "cards")
        for name, file in made.items():
            publish_file(to / name, file.read_bytes())
        pictures = record.folder / "curves"
        for file in sorted(pictures.glob("*.svg")) if pictures.is_dir() else ():
            publish_file(to / "curves" / file.name, file.read_bytes())
    return [to / name for name in CARDS]


def write_card(record: Record, folder: Path) -> dict[str, Path]:
    """Write the card of a record into a folder; return it as artifacts."""
    from predict.report.modelcard import to_html, to_markdown
    from predict.report.modelcard_parts import parts_of

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    parts = parts_of(record)
    texts = {"card.html": to_html(record, parts), "card.md": to_markdown(record, parts)}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return {name: folder / name for name in texts}


def _metrics(record: Record) -> Mapping[str, object]:
    found: dict[str, object] = {}
    for one in (record.json("segments.json") or {}).get("segments", ()):
        for name in ("base_rate", "log_loss", "roc_auc"):
            found[f"segment/{one['kind']}/{one['segment']}/{name}"] = one[name]
    return found


def _reference(data: Dataset, result: BacktestResult) -> Any:
    import numpy as np

    from predict.jobs.fitting import _last_months

    since = _last_months(result.frame())["cutoff"].min()
    rows = np.flatnonzero((data.as_of >= since).to_numpy())
    if len(rows) > MOST_REFERENCE_ROWS:
        rows = rows[np.linspace(0, len(rows) - 1, MOST_REFERENCE_ROWS).astype(int)]
    return data.X.iloc[rows].reset_index(drop=True)


def _grades(result: BacktestResult, model: LeadModel) -> dict[str, Any]:
    """Return what became of the leads of each grade in the backtest, each at its best look."""
    from predict.learning.intervals import wilson

    limits = Limits.from_dict(model.limits)
    frame = result.frame().sort_values(["probability", "as_of"], ascending=[False, True])
    best = frame.drop_duplicates("lead_id")
    letters = grade(best["probability"], limits)
    rows = []
    for letter in LETTERS:
        part = best[letters == letter]
        low, high = wilson(int(part["y"].sum()), len(part))
        rows.append(
            {
                "grade": letter,
                "leads": len(part),
                "wins": int(part["y"].sum()),
                "rate": float(part["y"].mean()) if len(part) else None,
                "low": float(low),
                "high": float(high),
                "mean_chance": float(part["probability"].mean()) if len(part) else None,
            }
        )
    return {"says": limits.sentence(), "grades": rows}
