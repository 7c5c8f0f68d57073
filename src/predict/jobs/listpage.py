"""What sales works with: the page and the workbook of a run, leads beside scores and reasons."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from predict.jobs.run import Run
    from predict.report.workbook import Entry
    from predict.scoring.lists import MatchedList


def write_pages(
    folder: Path,
    run: Run,
    matched: MatchedList,
    as_of: datetime,
    name: str,
    told: str = "",
    key: str = "",
) -> None:
    """Write ``list.html`` and ``list.xlsx``.

    Parameters
    ----------
    folder : Path
        Where to.
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
    key : str
        Of the run in the ledger.
    """
    from predict.report.pages import ListSummary, render_list
    from predict.report.workbook import write_workbook

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
    (folder / "list.html").write_text(text, encoding="utf-8", newline="\n")
    write_workbook(
        folder / "list.xlsx",
        _entries(run, matched, display.set_axis(scores["row"].to_numpy())),
        heading=f"{name}: {run.scorer.goal.reached}",
        known_on=as_of,
        told=[run.scorer.limits.sentence()],
        run=key,
    )


def _entries(run: Run, matched: MatchedList, display: pd.DataFrame) -> list[Entry]:
    """Return the best leads as they are worked: by grade, the youngest first."""
    from predict.report.pages import cards_of
    from predict.report.workbook import Entry

    best = run.best[run.best["status"] == "scored"]
    order = ["grade", "created_at", "probability", "row"]
    best = best.sort_values(order, ascending=[True, False, False, True], kind="stable")
    grid = matched.grid.filter(matched.grid["row"].isin(best["row"].tolist()))
    owners = grid.select("row", "owner").to_pandas().set_index("row")["owner"]
    return [
        Entry(
            card,
            lead_id=_text(lead["lead_id"]),
            owner=_text(owners.get(card.row)),
            fit=_text(lead["fit"]),
            engagement=_text(lead["engagement"]),
        )
        for card, lead in zip(
            cards_of(best, run.reasons, display), best.to_dict("records"), strict=True
        )
    ]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _whole(run: Run, matched: MatchedList) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return scores of all rows, complete for those shown, and who those are."""
    from predict.report.who import who

    rows = run.best["row"]
    inputs = matched.inputs.filter(matched.inputs["row"].isin(rows.tolist())).to_pandas()
    display = who(inputs.set_index("row"))
    details = run.best.set_index("row").drop(columns=[c for c in run.slim if c != "row"])
    scores = run.slim.set_index("row").join(details).reset_index()
    return scores, display.reindex(scores["row"], fill_value="")
