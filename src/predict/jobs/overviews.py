"""Overviews: what stands on top of the page of a list, gathered from model and ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from predict.report.overview import MOST_MOVED, Overview, SourceRecord, calling_order, moved
from predict.scoring import figures
from predict.scoring.ledger import CONCEPT
from predict.scoring.movers import Movers, earlier, movers
from predict.scoring.words import safe_text, spaced
from predict.scoring.worth import worth

if TYPE_CHECKING:
    import pandas as pd

    from predict.jobs.run import Run
    from predict.scoring.ledger import Ledger

#: Sources whose record is told, those with most leads in the list.
MOST_SOURCES = 3
#: Leads of a source, here and in the past, from which on the two are compared.
LEAST_OF_SOURCE = 20
#: What a run of the open leads is called in the ledger.
_OPEN = "open leads"


class Overviews:
    """What can be said on top of a page of some of the leads of a run.

    Parameters
    ----------
    run : Run
        After `Run.write`.
    ledger : Ledger
        Earlier runs; the run itself may be in it.
    as_of : datetime
        The moment of the run, exclusive.
    names : mapping of row to str
        Who the leads are.
    key : str
        Of the run in the ledger.
    work : int or None
        For how many of the first leads is said what they are to be expected to bring.
    is_open : bool
        Whether the run is of the open leads themselves.
    """

    def __init__(
        self,
        run: Run,
        ledger: Ledger,
        as_of: datetime,
        names: Mapping[int, str],
        key: str,
        *,
        work: int | None,
        is_open: bool,
    ) -> None:
        self.run, self.ledger, self.as_of = run, ledger, as_of
        self.names, self.key = names, key
        capacity = run.crm.definition.money.capacity_per_month
        self.work = work or (None if capacity is None else max(1, round(capacity)))
        self.is_open = is_open
        ids = run.best["lead_id"].dropna()
        self.before = earlier(ledger, set(ids.astype(str)), as_of) if len(ids) else None

    def of(self, scored: pd.DataFrame, sources: pd.Series) -> Overview:
        """Return what is said of some leads.

        Parameters
        ----------
        scored : pandas.DataFrame
            Their rows of the scores.
        sources : pandas.Series
            Their sources, by row.
        """
        order = calling_order(scored)
        count = self.work or int(scored["rated_qualified"].astype(bool).sum()) or len(scored)
        told = Overview(
            worth=worth(order["probability"].head(count)) if len(order) else None,
            sources=self._sources(scored, sources),
            elsewhere="" if self.is_open else self._elsewhere(scored),
        )
        return told if self.before is None else self._moved(told, movers(scored, self.before))

    def _moved(self, told: Overview, found: Movers) -> Overview:
        if found.since is None:
            return told
        whys = self._whys([*found.over["row"][:MOST_MOVED], *found.under["row"][:MOST_MOVED]])
        return replace(
            told,
            over=moved(found.over, self.names, whys),
            under=moved(found.under, self.names, whys),
            over_count=len(found.over),
            under_count=len(found.under),
            fresh=found.fresh,
            seen=found.seen,
            since=figures.day(found.since),
        )

    def _whys(self, rows: Sequence[int]) -> dict[int, str]:
        """Return what moved some leads most since the last time, by row.

        What the concepts add can be compared within one model and basis; else that is the reason.
        """
        best = self.run.best.set_index("row")
        ids = {str(best.at[row, "lead_id"]): row for row in rows}
        if not ids:
            return {}
        found = self.ledger.frame(set(ids))
        models = self.ledger.runs().set_index("run")["model"]
        concepts = [name for name in found.columns if name.startswith(CONCEPT)]
        words = {s.concept: s.concept_words for s in self.run.scorer.specs("full") if s.reason}
        told = {}
        for lead_id, row in ids.items():
            mine = found[found["lead_id"] == lead_id]
            now = mine[(mine["run"] == self.key) & (mine["row"] == row)]
            then = mine[mine["as_of"] < self.as_of].tail(1)
            if now.empty or then.empty:
                continue
            after, before = now.iloc[0], then.iloc[0]
            if models[after["run"]] != models[before["run"]]:
                told[row] = "Scored with another model than then"
            elif after["basis"] != before["basis"]:
                told[row] = "Not as much was known of it then"
            else:
                gone = (after[concepts] - before[concepts]).astype(float).fillna(0.0)
                sign = 1.0 if after["log_odds"] > before["log_odds"] else -1.0
                ranked = (sign * gone).sort_values(ascending=False, kind="stable")
                named = [str(name).removeprefix(CONCEPT) for name, by in ranked.items() if by > 0]
                topics = [words[name] for name in named if name in words][:2]
                told[row] = f"Moved most by {' and '.join(topics)}" if topics else ""
        return told

    def _sources(self, scored: pd.DataFrame, sources: pd.Series) -> tuple[SourceRecord, ...]:
        """Return the record of the sources with most leads, where there is enough of both."""
        column = self.run.crm.definition.leads.source
        evidence = self.run.scorer.model.evidence.get("full")
        if column is None or evidence is None:
            return ()
        of_row = scored.set_index("row")["probability"]
        given = sources.reindex(of_row.index).fillna("")
        found = []
        for name, n in given[given != ""].value_counts().items():
            past = evidence.of(column, str(name))
            if n < LEAST_OF_SOURCE or past is None or past.kind != "level":
                continue
            here = float(of_row[given == name].mean())
            record = (past.n, past.rate, past.rate_low, past.rate_high)
            found.append(SourceRecord(safe_text(spaced(name)), int(n), here, *record))
        return tuple(found[:MOST_SOURCES])

    def _elsewhere(self, scored: pd.DataFrame) -> str:
        """Return where better leads are, where the list has no A and the open leads do."""
        runs = self.ledger.runs()
        if runs.empty or "list" not in runs or (scored["grade"] == "A").any():
            return ""
        open_runs = runs[(runs["list"] == _OPEN) & (runs["as_of"] <= self.as_of)]
        open_runs = open_runs[open_runs["model"] == self.run.scorer.version]
        if open_runs.empty:
            return ""
        newest = open_runs.iloc[-1]
        rows = self.ledger.frame(columns=["grade", "rated_qualified"])
        mine = rows[(rows["run"] == newest["run"]) & (rows["grade"] == "A")]
        n = int(mine["rated_qualified"].astype(bool).sum())
        if not n:
            return ""
        day = figures.day(newest["as_of"])
        them = "1 of them is an A" if n == 1 else f"{n:,} of them are an A"
        return (
            f"No lead here is an A. Your own open leads are worth more: {them}, as known on {day}."
        )
