"""The list page of a run: who the best leads are, beside their scores and reasons."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from predict.jobs.run import Run
    from predict.scoring.lists import MatchedList


def write_page(
    path: Path, run: Run, matched: MatchedList, as_of: datetime, name: str, told: str = ""
) -> None:
    """Write ``list.html``.

    Parameters
    ----------
    path : Path
        File to write.
    run : Run
        After `Run.write`.
    matched : MatchedList
        Names and addresses are read from the list for the leads shown, and for these only.
    as_of : datetime
        The moment everything on the page was known.
    name : str
        Heading.
    told : str
        The first sentence: what the rows are, by number.
    """
    from predict.report.pages import ListSummary, render_list

    model = run.scorer.model
    summary = ListSummary(
        name=name,
        goal=run.scorer.goal,
        known_on=as_of,
        model=run.scorer.version,
        limits=run.scorer.limits,
        average=model.evidence["full"].overall,
        told=told,
        unused=matched.unused,
        remarks=matched.remarks,
    )
    scores, display = _whole(run, matched)
    text = render_list(scores, run.reasons, display=display, summary=summary)
    path.write_text(text, encoding="utf-8", newline="\n")


def _whole(run: Run, matched: MatchedList) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return scores of all rows, complete for those shown, and who those are."""
    from predict.report.who import who

    rows = run.best["row"]
    inputs = matched.inputs.filter(matched.inputs["row"].isin(rows.tolist())).to_pandas()
    display = who(inputs.set_index("row"))
    details = run.best.set_index("row").drop(columns=[c for c in run.slim if c != "row"])
    scores = run.slim.set_index("row").join(details).reset_index()
    return scores, display.reindex(scores["row"], fill_value="")
