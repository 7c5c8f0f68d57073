"""What sales works with: the pages and the workbook of a run, leads beside scores and reasons."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from predict.jobs.alikes import alikes
from predict.jobs.overviews import Overviews
from predict.jobs.run import TOLD
from predict.jobs.timelines import timelines
from predict.scoring import figures
from predict.scoring.ledger import Ledger

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.home import Home
    from predict.jobs.run import Run
    from predict.jobs.scoring import Order
    from predict.report.folded import Folded
    from predict.report.overview import Overview
    from predict.report.pages import ListSummary
    from predict.report.workbook import Entry
    from predict.scoring.lists import MatchedList

#: Leads of the workbook, the highest chances first; spreadsheets get slow beyond.
MOST_ENTRIES = 20_000
#: Where the pages of the reps are, and leads without an owner among them.
BY_OWNER, NOBODY = "by_owner", "no owner"
#: Letters of the name of a rep's file.
_LONGEST = 60


@dataclass(frozen=True)
class _Leads:
    """The leads of the pages: scores of all rows, and who those shown are, in the same order."""

    scores: pd.DataFrame
    display: pd.DataFrame
    summary: ListSummary
    folded: Mapping[int, Folded]


def write_pages(
    folder: Path,
    run: Run,
    matched: MatchedList,
    home: Home,
    order: Order,
    name: str,
    told: str = "",
    warned: str = "",
    key: str = "",
) -> None:
    """Write ``list.html``, ``list.xlsx`` and, where asked, ``by_owner/``.

    Parameters
    ----------
    folder : Path
        Where to.
    run : Run
        After `Run.write`.
    matched : MatchedList
        Names and addresses are read from the list for the leads shown, and for these only.
    home : Home
        Its ledger knows what was said of the leads before.
    order : Order
        As of when, for how many to work, whether each rep gets a page.
    name : str
        Heading.
    told : str
        The first sentence: what the rows are, by number.
    warned : str
        What to know of the export before any of the chances, for every page.
    key : str
        Of the run in the ledger.
    """
    from predict.report.pages import MOST_LEADS, ListSummary, render_list
    from predict.report.workbook import write_workbook

    model = run.scorer.model
    summary = ListSummary(
        name=name,
        goal=run.scorer.goal,
        known_on=order.as_of,
        model=run.scorer.version,
        limits=run.scorer.limits,
        average=model.evidence["full"].overall,
        told=". ".join(said for said in (told, warned) if said),
        unused=matched.unused,
        remarks=matched.remarks,
    )
    scores, display = _whole(run, matched)
    shown = display.loc[run.best["row"]]
    leads = _Leads(
        scores, display, summary, _folded(run, matched, shown, order, _changed(run, home, key))
    )
    tops = Overviews(
        run,
        Ledger(home.ledger),
        order.as_of,
        _by_row(shown["name"]) if "name" in shown else {},
        key,
        work=order.work,
        is_open=order.leads is None,
    )
    scored = scores[scores["status"] == "scored"]
    top = tops.of(scored, shown["source"])
    if len(scored) <= MOST_LEADS:
        _write(folder / "list.html", render_list(
            scores, run.reasons, display=display, summary=summary, overview=top,
            folded=leads.folded,
        ))  # fmt: skip
    else:
        _by_grade(folder, run, leads, top)
    if order.by == "owner":
        owners = _owners(run, matched).reindex(scores["row"]).fillna("")
        _by_owner(folder / BY_OWNER, run, leads, tops, owners, warned)
    write_workbook(
        folder / "list.xlsx",
        _entries(run, display),
        heading=f"{name}: {run.scorer.goal.reached}",
        known_on=order.as_of,
        told=[run.scorer.limits.sentence()],
        run=key,
    )


def _by_grade(folder: Path, run: Run, leads: _Leads, top: Overview) -> None:
    """Write a page for each grade; the best of them is ``list.html``."""
    from predict.report.pages import render_list
    from predict.scoring.grades import LETTERS

    present = [letter for letter in LETTERS if (run.best["grade"] == letter).any()]
    pages: dict[str, str] = {letter: f"list_{letter}.html" for letter in present}
    pages[present[0]] = "list.html"
    for letter, file in pages.items():
        here = replace(top, grade=letter, pages=pages)
        if letter != present[0]:
            here = replace(here, worth=None, sources=(), elsewhere="", since="")
        text = render_list(
            leads.scores, run.reasons, display=leads.display, summary=leads.summary,
            overview=here, folded=leads.folded,
        )  # fmt: skip
        _write(folder / file, text)


def _by_owner(
    folder: Path, run: Run, leads: _Leads, tops: Overviews, owners: pd.Series, warned: str
) -> None:
    """Write a page for each owner of leads shown, with what of theirs was not scored and why."""
    from predict.report.pages import render_list

    folder.mkdir()
    names = owners.where(owners != "", NOBODY).to_numpy()
    shown = leads.scores["row"].isin(run.best["row"]).to_numpy()
    left = (leads.scores["status"] != "scored").to_numpy()
    taken: set[str] = set()
    for owner in sorted(set(names[shown]), key=str.casefold):
        mine = (names == owner) & (shown | left)
        scores, display = leads.scores[mine], leads.display[mine]
        top = tops.of(scores[scores["status"] == "scored"], display["source"])
        top = replace(top, rep=owner, elsewhere="")
        remarks = (warned,) if warned else ()
        summary = replace(leads.summary, told="", remarks=remarks, unused=())
        text = render_list(
            scores, run.reasons[run.reasons["row"].isin(scores["row"])], display=display,
            summary=summary, overview=top, folded=leads.folded,
        )  # fmt: skip
        _write(folder / f"{file_name(owner, taken)}.html", text)


def file_name(owner: str, taken: set[str]) -> str:
    """Return a name for the file of an owner that every file system takes, and remember it.

    Parameters
    ----------
    owner : str
        As the CRM has it: a name, an address or an id.
    taken : set of str
        Names given already, in small letters; the new one is added.

    Examples
    --------
    >>> taken = set()
    >>> [file_name(owner, taken) for owner in ("Zoë O'Neil", "zoe o neil", "../..", "CON")]
    ['Zoe_O_Neil', 'zoe_o_neil_2', 'owner', 'owner_CON']
    """
    flat = unicodedata.normalize("NFKD", owner).encode("ascii", "ignore").decode()
    base = re.sub(r"[^A-Za-z0-9@.-]+", "_", flat).strip("_.-")[:_LONGEST] or "owner"
    if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", base):  # devices of Windows
        base = f"owner_{base}"
    made, n = base, 1
    while made.lower() in taken:
        n += 1
        made = f"{base}_{n}"
    taken.add(made.lower())
    return made


def _told_rows(run: Run) -> pd.DataFrame:
    """Return the best leads, of which something is folded below the first screen."""
    return run.best[run.best["row"].isin(run.reasons["row"])].head(TOLD)


def _changed(run: Run, home: Home, key: str) -> dict[int, tuple[str, list[tuple[str, float]]]]:
    """Return, by row, the chance of the last time and what moved it since."""
    from predict.jobs.changing import changes_of

    rows = [int(row) for row in _told_rows(run)["row"]]
    if not rows or not key:
        return {}
    moved = changes_of(home, run.crm.definition, key, rows=rows)
    moved = moved[moved["since"].notna()]
    return {
        int(cast("int", row)): (
            f"{figures.percent(part['before'].iloc[0])} on {figures.day(part['since'].iloc[0])}",
            list(zip(part["sentence"], part["points"], strict=True)),
        )
        for row, part in moved.groupby("row")
    }


def _folded(
    run: Run,
    matched: MatchedList,
    shown: pd.DataFrame,
    order: Order,
    changed: Mapping[int, tuple[str, list[tuple[str, float]]]],
) -> dict[int, Folded]:
    """Return what is folded below the best leads besides their reasons."""
    from predict.report.folded import Folded

    best = _told_rows(run)
    rows = [int(row) for row in best["row"]]
    nothing: tuple[str, list[tuple[str, float]]] = ("", [])
    did = timelines(run.crm, matched.grid, rows)
    fits = dict(zip(best["row"], best["fit"], strict=True))
    sources = _by_row(shown["source"])
    like = alikes(run.crm, run.scorer, run.concepts, fits, sources, order.as_of)
    return {
        row: Folded(
            timeline=did.get(row, ()),
            alike=like.get(row, ()),
            before=changed.get(row, nothing)[0],
            changed=tuple(changed.get(row, nothing)[1]),
        )
        for row in rows
    }


def _entries(run: Run, display: pd.DataFrame) -> list[Entry]:
    """Return the best leads as they are worked: by grade, the youngest first."""
    from predict.report.pages import cards_of
    from predict.report.workbook import Entry

    order = ["grade", "created_at", "probability", "row"]
    best = run.best.sort_values(["probability", "row"], ascending=[False, True], kind="stable")
    best = best.head(MOST_ENTRIES)
    best = best.sort_values(order, ascending=[True, False, False, True], kind="stable")
    return [
        Entry(
            card,
            lead_id=_text(lead["lead_id"]),
            owner=card.owner,
            fit=card.fit,
            engagement=card.engagement,
        )
        for card, lead in zip(
            cards_of(best, run.reasons, display), best.to_dict("records"), strict=True
        )
    ]


def _by_row(values: pd.Series) -> dict[int, str]:
    return {int(row): str(value) for row, value in values.items()}  # type: ignore[call-overload]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _whole(run: Run, matched: MatchedList) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return scores of all rows, complete for those shown, and by row who those are."""
    from predict.report.who import who

    rows = run.best["row"]
    inputs = matched.inputs.filter(matched.inputs["row"].isin(rows.tolist())).to_pandas()
    display = who(inputs.set_index("row"))
    for name, values in _belongings(run, matched, inputs.set_index("row")).items():
        display[name] = values.reindex(display.index).fillna("")
    details = run.best.set_index("row").drop(columns=[c for c in run.slim if c != "row"])
    scores = run.slim.set_index("row").join(details).reset_index()
    return scores, display.reindex(scores["row"], fill_value="")


def _belongings(run: Run, matched: MatchedList, inputs: pd.DataFrame) -> dict[str, pd.Series]:
    """Return source, campaign, list and owner by row: as the CRM has them, else as the list."""
    spec = run.crm.definition.leads
    grid = matched.grid.filter(matched.grid["row"].isin(inputs.index.tolist()))
    asked = {"source": spec.source, "campaign": spec.campaign, "list": spec.list}
    found = {
        name: _belonging(grid, f"p:{ours}", inputs, _header(matched, ours))
        for name, ours in asked.items()
    }
    return found | {"owner": _belonging(grid, "owner", inputs, _header(matched, spec.owner))}


def _owners(run: Run, matched: MatchedList) -> pd.Series:
    """Return the owner of every row of the list, scored or not."""
    header = _header(matched, run.crm.definition.leads.owner)
    columns = ["row", *([header] if header in matched.inputs.columns else [])]
    inputs = matched.inputs.select(*columns).to_pandas().set_index("row")
    return _belonging(matched.grid, "owner", inputs, header)


def _header(matched: MatchedList, ours: str | None) -> str:
    """Return how the list calls a column of the definition."""
    headers = {name: header for header, name in matched.headers.renamed.items()}
    return headers.get(ours or "", ours or "")


def _belonging(grid: ir.Table, column: str, inputs: pd.DataFrame, header: str) -> pd.Series:
    """Return a text by row, as the CRM has it, else as the list; empty where neither does."""
    values = None
    if column in grid.columns:
        values = grid.select("row", column).to_pandas().set_index("row")[column]
        values = values.reindex(inputs.index)
    if header and header in inputs.columns:
        given = inputs[header]
        values = given if values is None else values.where(values.notna(), given)
    return inputs[[]].assign(x="")["x"] if values is None else values.map(_text).astype(object)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
