"""Explaining: one lead of a scored folder, with its reasons and who it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.errors import InputError, nearest

if TYPE_CHECKING:
    import pandas as pd


def lead_of(
    scored: Path, lead_id: str | None = None
) -> list[tuple[pd.DataFrame, Mapping[str, Any], Mapping[str, str]]]:
    """Return reasons, score row and roles of every row of a lead in a scored folder.

    Parameters
    ----------
    scored : Path
        Folder that `predict.jobs.scoring.score` published.
    lead_id : str, optional
        The lead's id; for lists without ids, the row number, from 0. Without it, the rated
        qualified lead of the highest chance, else the lead of the highest chance.

    Raises
    ------
    InputError
        The folder holds no scored list, or no such lead.
    """
    import pandas as pd

    from predict.publish import read_json
    from predict.report.who import who

    if not (scored / "scored.parquet").is_file():
        raise InputError(
            "the folder holds no scored list",
            where=str(scored),
            do="name a folder that predict score wrote",
        )
    column = read_json(scored / "manifest.json").get("lead_id_column")
    frame = pd.read_parquet(scored / "scored.parquet")
    ids = frame[str(column)] if column else frame["row"].astype(str)
    if lead_id is None:
        best = frame.sort_values(["rated_qualified", "probability"], ascending=False, kind="stable")
        found = best.head(1)
    else:
        found = frame[ids == lead_id]
    if found.empty:
        near = nearest(str(lead_id), ids.dropna().astype(str).tolist()[:100_000])
        raise InputError(
            "there is no such lead in this list",
            where=str(scored),
            got=lead_id or "an empty list",
            do=f"did you mean {near}?" if near else "look it up in scored.csv",
        )
    reasons = pd.read_parquet(scored / "reasons.parquet")
    roles = who(found)
    return [
        (
            reasons[reasons["row"] == row["row"]],
            {**{str(k): v for k, v in row.items()}, "lead_id": ids[i]},
            roles.loc[i].to_dict(),
        )
        for i, row in zip(found.index, found.to_dict("records"), strict=True)
    ]
