"""The files of one fitted model: JSON and LightGBM text, each with its SHA-256, no pickle."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from predict.errors import ModelError
from predict.learning.blend import Blend
from predict.learning.boosting import BoostingMember
from predict.learning.calibration import Calibrator
from predict.learning.linear import LinearMember
from predict.publish import file_digest, read_json, write_json

MODEL, LOGISTIC, LIGHTGBM = "model.json", "logistic.json", "lightgbm.txt"
SIBLINGS = "siblings"
_FORMAT = 1


def save_blend(folder: Path, blend: Blend, about: Mapping[str, object]) -> None:
    """Write a blend, and what its estimator wants to know again, into ``folder``.

    Parameters
    ----------
    folder : Path
        Made where absent. The files of a model are replaced.
    blend : Blend
    about : mapping
        JSON-ready; kept in ``model.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stale in (*folder.glob("lightgbm*.txt"), folder / LOGISTIC, folder / MODEL):
        stale.unlink(missing_ok=True)
    write_json(folder / LOGISTIC, blend.linear.as_dict())
    texts = [] if blend.boosting is None else blend.boosting.texts()
    names = [LIGHTGBM if i == 0 else f"lightgbm-{i + 1}.txt" for i in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    write_json(
        folder / MODEL,
        {
            **about,
            "format": _FORMAT,
            "share": blend.share,
            "calibrator": blend.calibrator.as_dict(),
            "base": blend.base,
            "files": {name: file_digest(folder / name) for name in (LOGISTIC, *names)},
            "boosters": names,
        },
    )


def load_blend(folder: Path) -> tuple[Blend, dict[str, Any]]:
    """Return the blend of a folder, and what `save_blend` was told about it.

    Raises
    ------
    ModelError
        A file is missing or altered, or of another format. Nothing is parsed by LightGBM before
        its digest is verified: a cut text would end the process, a changed digit would pass.
    """
    if not (folder / MODEL).is_file():
        raise ModelError("the folder holds no model", where=str(folder))
    about: dict[str, Any] = read_json(folder / MODEL)
    if about.get("format") != _FORMAT:
        raise ModelError(
            "the model is of another format",
            where=str(folder / MODEL),
            got=about.get("format"),
            do="train again with this version",
        )
    for name, digest in about["files"].items():
        if not (folder / name).is_file() or file_digest(folder / name) != digest:
            raise ModelError(
                "a file of the model is missing or altered",
                where=str(folder / name),
                do="take a complete copy of the folder, or train again",
            )
    texts = [(folder / name).read_text(encoding="utf-8") for name in about["boosters"]]
    blend = Blend(
        linear=LinearMember.from_dict(read_json(folder / LOGISTIC)),
        boosting=BoostingMember.from_texts(texts) if texts else None,
        share=about["share"],
        calibrator=Calibrator.from_dict(about["calibrator"]),
        base=about["base"],
    )
    return blend, about


def save_siblings(folder: Path, blends: Sequence[Blend]) -> None:
    """Write a model's siblings into folders of their own beside it; those there are replaced."""
    shutil.rmtree(folder / SIBLINGS, ignore_errors=True)
    for number, blend in enumerate(blends, start=1):
        save_blend(folder / SIBLINGS / str(number), blend, {})


def load_siblings(folder: Path) -> list[Blend]:
    """Return the siblings that `save_siblings` wrote; raises as `load_blend`."""
    found = sorted(folder.glob(f"{SIBLINGS}/*/"), key=lambda path: int(path.name))
    return [load_blend(path)[0] for path in found]
