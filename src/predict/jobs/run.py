"""Run: the rows of one matched list through one model, chunk by chunk, into files and ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.crm.profile import FROM_MAIL
from predict.crm.tables import CRITERION
from predict.definition.stages import stage_words
from predict.errors import RefusedError
from predict.findings import blocking
from predict.history.building import Recipe, catalogue, feature_chunks
from predict.jobs.output import ListWriter
from predict.scoring.fates import STATUSES, told
from predict.scoring.fidelity import ENOUGH, Fidelity
from predict.scoring.lists import MatchedList
from predict.scoring.words import safe_text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.report.imports import ImportFiles
    from predict.scoring.ledger import Entry
    from predict.scoring.scorer import Chunk, Scorer, Wanted

Progress = Callable[[int, int, str], None]

#: Rows scored at once: bounds memory.
CHUNK_ROWS = 50_000
#: Leads of a grade whose full row is kept for the pages: a page of a longer list holds one grade.
KEPT = 20_000
#: Leads of which the page tells more than reasons: what they did, and who was like them.
TOLD = 2_000
_SLIM = ["row", "status", "status_reason", "probability", "grade", "rated_qualified", "basis"]
_SLIM += ["do_not_contact"]


class Run:
    """Scores one list and keeps of it what the page and the manifest need.

    Parameters
    ----------
    crm : Crm
        The opened export.
    scorer : Scorer
        Model, criteria, words.
    wanted : {"qualified", "all", "none"}
        Whose reasons are put into words.

    Attributes
    ----------
    slim : pandas.DataFrame
        Row, status, chance, grade of every row.
    best : pandas.DataFrame
        All columns of the `KEPT` leads of the highest chance; of a longer list, of each grade.
    reasons : pandas.DataFrame
        Reasons of those.
    concepts : pandas.DataFrame
        What each concept adds, in log-odds, of the `TOLD` best of those with reasons that were
        scored on all features; index = row.
    fidelity : Fidelity
        Whether the reasons of the list are those of the model.
    """

    def __init__(self, crm: Crm, scorer: Scorer, wanted: Wanted) -> None:
        self.crm, self.scorer, self.wanted = crm, scorer, wanted
        recipe = Recipe.from_dict(scorer.model.card["data"]["recipe"])
        self.features = catalogue(crm, recipe)
        self.fidelity = Fidelity()
        self.slim: pd.DataFrame
        self.best: pd.DataFrame
        self.reasons: pd.DataFrame
        self.concepts: pd.DataFrame

    def write(
        self,
        folder: Path,
        matched: MatchedList,
        entry: Entry,
        progress: Progress | None,
        imports: ImportFiles | None = None,
    ) -> dict[str, Any]:
        """Score every row of the list and write the files row by row.

        Parameters
        ----------
        folder : Path
            Staging folder.
        matched : MatchedList
            The list.
        entry : Entry
            Of the ledger.
        progress : callable, optional
            Called with (rows done, rows, what).
        imports : ImportFiles, optional
            Files that go back into the CRM.

        Returns
        -------
        dict
            ``rows`` (read, and by status: they add up), ``told`` (the first sentence) with
            ``parts`` (its numbers, which add up too), ``basis``, ``grades``,
            ``rated_qualified``, ``matched_by``, ``columns_unused``, ``columns_absent`` (what the
            model asks of strangers and the list does not have), ``mapping``, ``headers``,
            ``rejected_values``, ``remarks`` on how the columns were read.
        """
        import pandas as pd

        total = int(matched.grid.count().execute())
        slim, best, why, concepts = [], [], [], []
        done = 0
        with ListWriter(folder, matched.columns) as writer:
            chunks = feature_chunks(self.crm, matched.grid, self.features, rows=CHUNK_ROWS)
            for number, X in enumerate(chunks):
                # Of the open leads, a chunk of row numbers may hold none.
                chosen = (number * CHUNK_ROWS, (number + 1) * CHUNK_ROWS)
                grid = _rows(matched.grid, chosen)
                leads, fields = leads_of(grid, self.scorer), fields_of(grid)
                chunk = self.scorer.score(leads, X.drop(columns="row"), fields, wanted=self.wanted)
                inputs = _rows(matched.inputs, chosen).drop(columns="row")
                found = found_of(grid)
                writer.write(inputs, replace(chunk, scores=chunk.scores.join(found)))
                if imports is not None:
                    imports.write(inputs, chunk.scores, chunk.reasons, found["crm_id"])
                entry.write(chunk.scores, X.drop(columns="row"), chunk.concepts)
                self._judge(chunk, X)
                slim.append(chunk.scores[_SLIM])
                top = _best_of(chunk.scores)
                best.append(top)
                why.append(chunk.reasons[chunk.reasons["row"].isin(top["row"])])
                concepts.append(_concepts_of(chunk, top))
                done += len(X)
                if progress is not None:
                    progress(done, total, "rows")
        self._refuse_unfaithful()
        self.slim = pd.concat(slim, ignore_index=True)
        every = pd.concat(best, ignore_index=True)
        self.best = _best_of(every).reset_index(drop=True)
        reasons = pd.concat(why, ignore_index=True)
        self.reasons = reasons[reasons["row"].isin(self.best["row"])].reset_index(drop=True)
        self.concepts = pd.concat(concepts)
        told = self.best["row"][self.best["row"].isin(self.concepts.index)].head(TOLD)
        self.concepts = self.concepts.loc[told]
        matched.rejects.to_csv(folder / "rejects.csv", index=False)
        return self._counts(matched, total)

    def _judge(self, chunk: Chunk, X: pd.DataFrame) -> None:
        """Measure the reasons of a chunk, and take those of the first leads away."""
        self.fidelity.add_order(chunk.reasons)
        self.fidelity.add_stability(chunk.scores["steadiness"])
        for basis in ("full", "profile"):
            if self.fidelity.checked >= ENOUGH:
                return
            fit = self.scorer.model.model(basis)
            scored = (chunk.scores["status"] == "scored") & (chunk.scores["basis"] == basis)
            rows = X.loc[scored.to_numpy(), fit.columns_.names].set_axis(
                chunk.scores["row"][scored]
            )
            self.fidelity.add_signs(fit, rows, chunk.reasons, self.scorer.specs(basis))

    def _refuse_unfaithful(self) -> None:
        stops = blocking(self.fidelity.findings())
        if stops:
            raise RefusedError(
                "the reasons are not those of the model, so the list is not published",
                where=self.scorer.version,
                got=" ".join(f.sentence for f in stops),
                do="score with an earlier model (predict rollback), or train again",
            )

    def _counts(self, matched: MatchedList, total: int) -> dict[str, Any]:
        statuses = self.slim["status"].value_counts()
        if int(statuses.sum()) != total or len(self.slim) != total:
            raise AssertionError("rows in are not rows out")
        scored = self.slim[self.slim["status"] == "scored"]
        rows = {"read": total, **{s: int(statuses.get(s, 0)) for s in STATUSES}}
        grid = matched.grid
        parts = _counted(grid, "part")
        if sum(parts.values()) != total:
            raise AssertionError("the parts of the list do not add up to its rows")
        return {
            "rows": rows,
            "parts": parts,
            "told": told(parts, self.scorer.goal.stage),
            "matched_by": _counted(grid.filter(grid.matched_by.notnull()), "matched_by"),
            "several_leads": int(grid.filter(grid.mail_leads > 1).count().execute()),
            "not_open": dict(matched.left_out),
            "basis": {b: int((scored["basis"] == b).sum()) for b in ("full", "profile")},
            "grades": {g: int((scored["grade"] == g).sum()) for g in "ABCD"},
            "rated_qualified": int(scored["rated_qualified"].sum()),
            "do_not_contact": int((scored["do_not_contact"] != "").sum()),
            "columns_unused": list(matched.unused),
            "columns_absent": self._absent(matched),
            "mapping": dict(matched.mapping),
            "headers": matched.headers.as_list(),
            "rejected_values": len(matched.rejects),
            "remarks": list(matched.remarks),
            "fidelity": self.fidelity.as_dict(),
        }

    def _absent(self, matched: MatchedList) -> list[str]:
        """Return columns that the model asks of a stranger and the list does not have."""
        given = set(matched.headers.renamed.values())
        asked = (p.name for p in self.crm.profile if "." not in p.name)
        return [name for name in asked if name not in given and name not in FROM_MAIL]


def _best_of(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the `KEPT` scored leads of each grade with the highest chance, the best first."""
    scored = scores[scores["status"] == "scored"]
    order = scored.sort_values(["probability", "row"], ascending=[False, True], kind="stable")
    return order.groupby("grade", sort=False).head(KEPT)


def _concepts_of(chunk: Chunk, top: pd.DataFrame) -> pd.DataFrame:
    """Return the concepts of the best leads of a chunk of which more is told; index = row."""
    named = top["row"].isin(chunk.reasons["row"]) & (top["basis"] == "full")
    positions = top.index[named][:TOLD]
    return chunk.concepts.loc[positions].set_axis(top.loc[positions, "row"].to_numpy())


def _counted(grid: ir.Table, column: str) -> dict[str, int]:
    counts = grid[column].value_counts(name="n").order_by(column).to_pandas()
    return dict(zip(counts[column], counts["n"].astype(int).tolist(), strict=True))


def _rows(table: ir.Table, between: tuple[int, int]) -> pd.DataFrame:
    low, high = between
    part = table.filter((table["row"] >= low) & (table["row"] < high))
    return part.order_by("row").to_pandas()


def leads_of(grid: pd.DataFrame, scorer: Scorer) -> pd.DataFrame:
    """Return what the scorer asks of the rows of a matched list."""
    reached = stage_words(scorer.goal.stage)[0]
    said = {status: words.format(reached=reached) for status, words in STATUSES.items()}
    reasons = grid["status"].map(said)
    owned = (grid["status"] == "open deal") & grid["owner"].notna()
    named = ", owner: " + grid.loc[owned, "owner"].map(safe_text).astype(object)
    reasons = reasons.astype(object).where(~owned, reasons.astype(object) + named)
    return grid[["row", "lead_id", "status", "basis"]].assign(
        as_of=grid["as_of_us"].astype("datetime64[us]"),
        created_at=grid["created_us"].astype("datetime64[us]"),
        status_reason=reasons,
        do_not_contact=grid["do_not_contact"],
    )


def found_of(grid: pd.DataFrame) -> pd.DataFrame:
    """Return whom the CRM knows behind each row, and by what."""
    known = grid["lead_no"].notna()
    by = grid["matched_by"].astype(object).where(grid["matched_by"].notna(), "")
    several = grid["mail_leads"].fillna(0) > 1
    by = by.where(~several, by + " of " + grid["mail_leads"].fillna(0).astype(int).astype(str))
    by = by.where(~several, by + " leads, the newest open one")
    ids = grid["lead_id"].astype(object).where(known, None)
    return grid[[]].assign(crm_id=ids, matched_by=by)


def fields_of(grid: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that the criteria ask for."""
    names = [c for c in grid.columns if c.startswith(CRITERION)]
    return grid[names].rename(columns={c: c[len(CRITERION) :] for c in names})
