"""The report of a month as one page: the verdict first, then everything it stands on."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.findings import Finding, blocking, ordered
from predict.report.delays import Delays, delays
from predict.report.first_words import table_words
from predict.report.pages import environment
from predict.scoring import figures
from predict.scoring.words import Goal, safe_text

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.history.dataset import Dataset
    from predict.history.delay import Delay
    from predict.learning.backtest_result import BacktestResult
    from predict.learning.leakage.audit import Audit
    from predict.learning.verdict import Verdict

_TEMPLATES = Path(__file__).parent / "templates"
LETTERS = ("A", "B", "C", "D")
#: Figures of the backtest that the page shows: name, what it says, whether it is a share.
FIGURES = (
    ("log_loss", "Log loss", "how far the chances are from what happened; less is better", False),
    ("brier", "Brier score", "squared distance of the chances; less is better", False),
    ("roc_auc", "ROC-AUC", "how often a winner ranks before a loser; 0.5 is chance", False),
    ("average_precision", "Average precision", "how pure the top of the ranking is", False),
    ("precision_at_capacity", "Precision at capacity", "of what sales can follow up, won", True),
    ("capture_at_capacity", "Capture at capacity", "of all winners, among those", True),
    ("calibration_slope", "Calibration slope", "1 where chances are neither bold nor shy", False),
    ("calibration_intercept", "Calibration intercept", "0 where they are right on average", False),
)
_RIVALS = {
    "p_base_rate": "same chance for all",
    "p_recency": "days since last active",
    "p_profile": "profile alone",
}
NO_BREAK = "\u00a0"
#: Moves of the model in use that are told, the newest first.
MOST_MOVES = 12


@dataclass(frozen=True)
class Month:
    """What a monthly run found and did.

    Parameters
    ----------
    crm : Crm
        The opened export.
    findings : tuple of Finding
        Of checks, audit and gate.
    version, before : int
        The new version, and the one it was compared with; None and 0 where there is none.
    state : str
        "first", "promoted", "kept" or "blocked"; see `predict.jobs.monthly.State`.
    verdict, changes, result, counts, audit
        What was learned; None where a finding stopped the run.
    moves : tuple of dict
        From `predict.registry.models.Registry.promotions`.
    watch : tuple of Finding or None
        Of monitoring; None where nothing was scored yet.
    """

    crm: Crm
    findings: tuple[Finding, ...]
    version: int | None = None
    before: int = 0
    state: str = "blocked"
    verdict: Verdict | None = None
    changes: pd.DataFrame | None = None
    result: BacktestResult | None = None
    counts: dict[str, int] | None = None
    audit: Audit | None = None
    delay: Delay | None = None
    moves: tuple[dict[str, Any], ...] = ()
    watch: tuple[Finding, ...] | None = None

    def learned(
        self,
        verdict: Verdict,
        changes: pd.DataFrame | None,
        data: Dataset,
        result: BacktestResult,
        audit: Audit,
        delay: Delay,
    ) -> Month:
        """Return the month with what was learned."""
        counts: Any = data.manifest["counts"]
        return replace(
            self,
            verdict=verdict,
            changes=changes,
            result=result,
            counts=counts,
            audit=audit,
            delay=delay,
        )

    def watched(self, watch: tuple[Finding, ...] | None) -> Month:
        """Return the month with what monitoring says."""
        return replace(self, watch=watch)

    def ended(self, state: str, moves: tuple[dict[str, Any], ...]) -> Month:
        """Return the month with what became of it."""
        return replace(self, state=state, moves=moves)

    @property
    def headline(self) -> str:
        """What is in use now, as a sentence."""
        if self.state == "blocked":
            return "Nothing was learned from this export: a finding stops the run."
        if self.state == "first":
            return f"Version {self.version} is the first model in use."
        if self.state == "promoted":
            return f"Version {self.version} is in use now, instead of version {self.before}."
        if self.before:
            return f"Version {self.before} stays in use; version {self.version} is on trial."
        return f"No model is in use yet; version {self.version} is on trial."

    @property
    def sentence(self) -> str:
        """What is in use now, and why."""
        stops = blocking(self.findings)
        if stops:
            return f"{self.headline} {stops[0].subject}: {stops[0].sentence}"
        return self.headline if self.verdict is None else f"{self.headline} {self.verdict.sentence}"


def render_month(month: Month) -> str:
    """Return the report of a month as one self-contained HTML page.

    The page loads nothing and runs nothing, and holds no personal data.

    Parameters
    ----------
    month : Month
        What was found and done.

    Returns
    -------
    str
        HTML; the same month gives the same text.
    """
    from markupsafe import Markup

    definition = month.crm.definition
    goal = Goal(definition.conversion.stage, definition.conversion.within_days)
    style = "".join(
        (_TEMPLATES / name).read_text(encoding="utf-8")
        for name in ("list.css", "first_look.css", "monthly.css")
    )
    page = environment()
    page.filters["number"] = figures.number
    page.filters["figure"] = lambda value: "–" if value is None else f"{value:.3f}"
    page.filters["safe"] = safe_text
    page.filters["day"] = figures.day
    text = page.get_template("monthly.html").render(
        name=safe_text(definition.name, limit=80),
        goal=goal,
        month=month,
        day=figures.day(month.crm.exported_at),
        conditions=_conditions(month),
        sales=_sales(month.changes),
        findings=_findings(month.findings),
        audit=_audit(month.audit),
        backtest=_backtest(month.result),
        delay=_delay(month),
        watch=None if month.watch is None else _findings(month.watch),
        moves=_moves(month),
        style=Markup(style),
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
    head, body = text.split("</style>")
    # A percentage is never torn from its sign at the end of a line.
    return f"{head}</style>{body.replace(' %', NO_BREAK + '%')}"


def _conditions(month: Month) -> list[dict[str, Any]]:
    if month.verdict is None:
        return []
    return [
        {
            "name": condition.name.replace("_", " "),
            "passed": condition.passed,
            "sentence": safe_text(condition.sentence, limit=600),
            "figures": [(k.replace("_", " "), _told(v)) for k, v in condition.figures.items()],
        }
        for condition in month.verdict.conditions
    ]


def _told(value: float) -> str:
    """Return a figure of the gate with the digits that such figures are compared by.

    Examples
    --------
    >>> _told(412.0), _told(0.01234), _told(-0.00021)
    ('412', '0.0123', '-0.0002')
    """
    return f"{int(value):,}" if float(value).is_integer() else f"{value:.4f}"


def _sales(changes: pd.DataFrame | None) -> dict[str, Any] | None:
    """Return the table of grades now and new, and the sums that sales asks for."""
    if changes is None or changes.empty:
        return None
    pairs = {(r["now"], r["new"]): int(r["leads"]) for r in changes.to_dict("records")}
    total = sum(pairs.values())
    stays = sum(n for (now, new), n in pairs.items() if now == new)
    up = sum(n for (now, new), n in pairs.items() if new < now)
    return {
        "open": total,
        "changed": total - stays,
        "up": up,
        "down": total - stays - up,
        "gained": int(changes["gained"].sum()),
        "lost": int(changes["lost"].sum()),
        "rows": [(now, [pairs.get((now, new), 0) for new in LETTERS]) for now in LETTERS],
    }


def _findings(findings: tuple[Finding, ...]) -> dict[str, list[dict[str, str]]]:
    """Return findings by severity, their subjects as readers call them."""
    told: dict[str, list[dict[str, str]]] = {"block": [], "warn": [], "note": []}
    for finding in ordered(findings):
        section = finding.subject.partition(".")[0]
        is_table = "." in finding.subject and section in ("events", "outcomes", "related")
        words = table_words(finding.subject, None) if is_table else None
        subject = f"{words[0]}: {words[1]}" if words and words[1] else finding.subject
        told[finding.severity].append(
            {"subject": safe_text(subject), "sentence": safe_text(finding.sentence, limit=700)}
        )
    return told


def _audit(audit: Audit | None) -> dict[str, Any] | None:
    """Return how many columns were judged by which rules, and what is allowed by whom."""
    if audit is None or not audit.verdicts:
        return None
    rules: dict[str, dict[str, int]] = {}
    for verdict in audit.verdicts:
        counted = rules.setdefault(verdict.title, {})
        counted[verdict.severity] = counted.get(verdict.severity, 0) + 1
    allowed = [
        {"column": safe_text(column), **{k: safe_text(str(v)) for k, v in told.items()}}
        for column, told in sorted(audit.allowed.items())
    ]
    columns = {v.column for v in audit.verdicts}
    return {"columns": len(columns), "rules": sorted(rules.items()), "allowed": allowed}


def _backtest(result: BacktestResult | None) -> dict[str, Any] | None:
    """Return the figures beside the simple rules', and how they went from month to month."""
    if result is None:
        return None
    summary: Any = result.summary()
    total = summary["total"]
    rivals = [name for name in total["baselines"] if name in _RIVALS]
    rows = []
    for key, title, words, share in FIGURES:
        found = total["model"].get(key)
        if found is None or found["value"] is None:
            continue
        others = [total["baselines"][r].get(key, {}).get("value") for r in rivals]
        rows.append({"title": title, "words": words, "share": share, **found, "others": others})
    folds = [
        {
            "month": f"{f['cutoff'][:7]}",
            "rows": f["test_rows"],
            "wins": f["wins"],
            "log_loss": f["model"]["log_loss"],
            "roc_auc": f["model"]["roc_auc"],
        }
        for f in summary["folds"]
    ]
    return {
        "rows": rows,
        "rivals": [_RIVALS[r] for r in rivals],
        "folds": folds,
        "predictions": total["rows"],
        "leads": total["leads"],
        "wins": total["wins"],
        "since": summary["since"][:10],
        "until": summary["until"][:10],
        "sentence": safe_text(summary["beats_baselines"]["sentence"], limit=600),
        "notes": [safe_text(note, limit=300) for note in summary["notes"]],
    }


def _delay(month: Month) -> Delays | None:
    return None if month.delay is None else delays(month.crm, month.delay)


def _moves(month: Month) -> list[dict[str, Any]]:
    return [
        {
            "version": move["version"],
            "action": move["action"],
            "at": str(move["at"]).replace("T", " "),
            "by": safe_text(str(move["by"]), limit=60),
            "because": safe_text(str(move["because"]), limit=400),
        }
        for move in reversed(month.moves[-MOST_MOVES:])
    ]
