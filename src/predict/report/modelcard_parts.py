"""Parts of a model card: what each section says of a version, from its record in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from predict.definition.schema import Definition
from predict.definition.stages import stage_words
from predict.history.delay import Delay
from predict.report.modelcard import Grid, Part, Picture, grid
from predict.report.modelcard_figures import calibration, metrics, segments

if TYPE_CHECKING:
    from predict.registry.record import Record

#: Drivers told one by one.
MOST_DRIVERS = 20
#: Verdicts of an audit told one by one, the gravest first.
MOST_VERDICTS = 60
_EXCLUDED = {
    "leads without id or creation date": "rows of leads without id or date of creation",
    "leads twice": "rows that repeat the id of another lead",
    "leads merged": "leads merged into another lead",
    "leads left out by where": "leads left out by the definition's filter",
    "leads of customers": "leads of firms that are customers already",
    "leads suppressed": "leads not to be contacted",
    "leads born converted": "leads created with or after their own success",
    "looks at customers": "looks at leads who were customers by then",
    "immature looks": "looks too young to judge: neither won nor lost",
}
_CLASSES = {
    "personal": "personal: never a feature; of an e-mail address its kind alone is derived",
    "hindsight": "known only after the outcome",
    "last_of": "holds only the latest date, which later contact moves",
    "first_of": "a date of an event; counts only as an events table",
    "incumbent": "a score that ranks leads today: compared with, never a feature",
    "eligibility": "says who may be contacted; shown beside the score",
}
_DEGREES = {"block": "stops a training", "warn": "warning", "note": "note"}


def parts_of(record: Record) -> list[Part]:
    """Return all parts of a version's card, in order.

    Parameters
    ----------
    record : Record
        From `predict.registry.record.record_of`; what it does not hold is said in words.
    """
    return [
        _verdict(record),
        _window(record),
        _label(record),
        _excluded(record),
        _audit(record),
        metrics(record),
        segments(record),
        calibration(record),
        _drivers(record),
        _limits(record),
        _fields(record),
        _made(record),
    ]


def _verdict(record: Record) -> Part:
    gate = record.json("verdict.json")
    own = record.tags.get("verdict") or "The training left no verdict."
    if not gate:
        return Part("Verdict", (own, "No verdict of a gate was kept with this version."))
    rows = [
        [c["name"], "held" if c["passed"] else "did not hold", c["sentence"]]
        for c in gate.get("conditions", ())
    ]
    said = (gate["sentence"], f"Against simple rules: {own}")
    grids = (grid("What was asked for", ["condition", "result", "in words"], rows),) if rows else ()
    return Part("Verdict", said, grids)


def _window(record: Record) -> Part:
    data, card = record.json("data.json") or {}, record.json("card.json") or {}
    counts = data.get("counts", {})
    rows = [
        ["exported at (UTC)", _moment(data.get("exported_at"))],
        ["first look that trains", card.get("since")],
        ["last look that trains", card.get("until")],
        ["old enough to judge until (UTC)", _moment(data.get("matured_until"))],
        ["leads read", counts.get("leads read")],
        ["leads that train", card.get("leads")],
        ["looks that train", card.get("rows")],
        ["share of those looks that got there", _percent(card.get("rate"))],
    ]
    months = [
        [
            c["month"],
            c["leads"],
            c["matured"],
            c["converted"] if c["matured"] else "too young to say",
            _percent(c["converted"] / c["matured"]) if c["matured"] else "too young to say",
        ]
        for c in data.get("cohorts", ())
    ]
    grids = [grid("Data", ["what", "value"], rows)]
    if months:
        head = ["month of creation", "leads", "old enough to judge", "got there", "share"]
        grids.append(grid("Leads by month of creation", head, months))
    delay = _delay(record)
    if delay is None or delay.newest_created is None:
        newest = "Which lead is the newest that trains was not kept with this version."
    else:
        newest = delay.findings()[-1].sentence
    return Part("Data window", (newest,), tuple(grids))


def _label(record: Record) -> Part:
    definition = _definition(record)
    if definition is None:
        return Part("Label", ("The definition was not kept with this version.",))
    agreed, reached = definition.conversion, stage_words(definition.conversion.stage)[0]
    looks = definition.snapshots
    rows = [
        ["stage agreed on", agreed.stage],
        ["counts within", f"{agreed.within_days:g} days after each look"],
        ["days until an export shows it", f"{agreed.export_lag_days:g}"],
        ["looks", f"every {looks.every}" if looks.every else _ages(looks.ages_days)],
        ["stages that end a lead", ", ".join(agreed.lost_stages) or "none are named"],
    ]
    if not agreed.within_days:
        rows[1][1] = "the outcome stands in the row of the lead"
    said = [f"A look counts as won where the lead {reached} in time, and as lost otherwise."]
    delay, svg = _delay(record), record.text("curves/delay.svg")
    if delay is None:
        said.append("How long success takes was not kept with this version.")
    else:
        said.append(delay.findings()[0].sentence)
    shows = "Share of leads that had got there by each day after the first look"
    pictures = (Picture("curves/delay.svg", shows, svg),) if svg else ()
    return Part("Label", tuple(said), (grid("Label", ["what", "value"], rows),), pictures)


def _excluded(record: Record) -> Part:
    counts = (record.json("data.json") or {}).get("counts", {})
    rows = [[words, counts[key] or "none"] for key, words in _EXCLUDED.items() if key in counts]
    said = ["Left out before anything was learned:"]
    definition = _definition(record)
    if definition is not None and definition.leads.covers_from:
        said.append(f"Leads created before {definition.leads.covers_from} are left out too.")
    if not rows:
        return Part("Exclusions", ("Counts of what was left out were not kept.",))
    return Part("Exclusions", tuple(said), (grid("Exclusions", ["what", "number"], rows),))


def _audit(record: Record) -> Part:
    audit = record.json("audit.json")
    if audit is None:
        return Part("Leakage audit", ("No audit was kept with this version.",))
    verdicts = audit.get("verdicts", [])
    told = [v for degree in _DEGREES for v in verdicts if v["severity"] == degree]
    others = len(verdicts) - len(told)
    said = [
        f"{len(verdicts):,} verdicts: {sum(v['severity'] == 'block' for v in verdicts):,} would "
        f"stop a training, {sum(v['severity'] == 'warn' for v in verdicts):,} are warnings; "
        f"{others:,} found nothing or did not apply."
    ]
    for column, why in sorted(audit.get("allowed", {}).items()):
        terms = ", ".join(f"{k} {v}" for k, v in sorted(why.items()) if v)
        said.append(f"“{column}” is allowed all the same: {terms or 'no terms were kept'}.")
    if not audit.get("allowed"):
        said.append("No column was allowed against the audit.")
    if len(told) > MOST_VERDICTS:
        said.append(f"The {MOST_VERDICTS} gravest are told here, audit.json has all.")
    rows = [
        [_DEGREES[v["severity"]], v["column"], v["rule"], v["sentence"]]
        for v in told[:MOST_VERDICTS]
    ]
    head = ["degree", "column", "rule", "in words"]
    return Part("Leakage audit", tuple(said), (grid("Findings", head, rows),) if rows else ())


def _drivers(record: Record) -> Part:
    kept = record.json("drivers.json")
    if not kept:
        return Part("Drivers", ("Drivers were not kept with this version.",))
    found: Sequence[Mapping[str, Any]] = kept["drivers"]
    rows = [
        [d["words"], _percent(d["share"]), d["direction"], d["says"]] for d in found[:MOST_DRIVERS]
    ]
    said = [
        f"Measured on {kept['rows']:,} looks of the newest months: the mean size of what each "
        "concept adds to a chance, as a share of all. A driver goes along with success; it need "
        "not bring it about."
    ]
    if len(found) > MOST_DRIVERS:
        rest = sum(d["share"] for d in found[MOST_DRIVERS:])
        said.append(f"{len(found) - MOST_DRIVERS:,} weaker ones make up {_percent(rest)}.")
    head = ["concept", "share of all", "direction", "in words"]
    return Part("Drivers", tuple(said), (grid("Drivers", head, rows),))


def _limits(record: Record) -> Part:
    data = record.json("data.json") or {}
    counts, said = data.get("counts", {}), []
    findings = record.json("findings.json") or []
    few = [f["sentence"] for f in findings if f["code"] == "few-outcomes"]
    said += few or ["Outcomes are not few: the share of leads that got there is well known."]
    looks, young = counts.get("looks"), counts.get("immature looks")
    if looks:
        share = _percent(young / looks)
        said.append(
            f"{share} of all looks are too young to judge; the model knows nothing of them."
        )
    folds = (record.json("backtest/summary.json") or {}).get("folds", [])
    rates = [f["wins"] / f["rows"] for f in folds if f["rows"]]
    if len(rates) > 1:
        said.append(
            f"From month to month of the backtest the share that got there moved between "
            f"{_percent(min(rates))} and {_percent(max(rates))}: chances are set to the newest "
            "months and are off where the next ones differ."
        )
    grades = record.json("grades.json")
    if grades:
        said.append(f"Grades were fixed with this version. {grades['says']}")
    said += [
        "Leads of a bare list are scored on their profile alone, and so less sharply.",
        "Values that fewer than 20 leads had are taken together as “other”; new ones too.",
        "Leads that nobody worked look like leads that did not want us: the model cannot tell "
        "the two apart.",
    ]
    warnings = [f["sentence"] for f in findings if f["severity"] == "warn"]
    said += [f"Noticed in the export: {s}" for s in warnings if s not in few]
    return Part("Limits", tuple(said))


def _fields(record: Record) -> Part:
    definition = _definition(record)
    rows = []
    if definition is not None:
        rows += [[c, "never to be used, as agreed"] for c in definition.never_use.columns]
        tables = {"": definition.leads} | {f"{n}.": t for n, t in definition.related.items()}
        for cls, why in _CLASSES.items():
            rows += [[f"{n}{c}", why] for n, table in tables.items() for c in table.of_class(cls)]
    idle = (record.json("drivers.json") or {}).get("idle", ())
    if idle:
        rows.append([", ".join(idle), "features that never varied, or only repeat another one"])
    said = [
        f["sentence"]
        for f in record.json("findings.json") or []
        if f["code"] in ("left-out-mutable", "no-history", "undeclared")
    ]
    if not rows:
        return Part("Fields never used", (*said, "No field is named as never to be used."))
    table = grid("Fields", ["field", "why"], rows)
    return Part("Fields never used", tuple(said) or ("Each with its reason:",), (table,))


def _made(record: Record) -> Part:
    card = record.json("card.json") or {}
    fit = card.get("fit", {}).get("full", {})
    half_life = fit.get("half_life")
    rows: list[list[object]] = [
        ["registered at (UTC)", f"{record.created:%Y-%m-%d %H:%M}"],
        ["digest of the definition", card.get("definition_digest")],
        ["digest of all inputs", record.tags.get("inputs")],
        ["share of trees, the rest is a logistic model", fit.get("share")],
        ["days in which a row's weight halves", half_life or "all rows count alike"],
        ["settings tried", record.params.get("trials")],
    ]
    versions = [[name, v] for name, v in sorted(card.get("versions", {}).items())]
    grids: list[Grid] = [grid("Model", ["what", "value"], rows)]
    if not versions:
        return Part("How it was made", ("Library versions were not kept.",), tuple(grids))
    grids.append(grid("Libraries", ["library", "version"], versions))
    return Part("How it was made", ("The same inputs give the same model.",), tuple(grids))


def _definition(record: Record) -> Definition | None:
    text = record.text("definition.toml")
    return None if text is None else Definition.parse(text)


def _delay(record: Record) -> Delay | None:
    kept = record.json("delay.json")
    return None if kept is None else Delay.from_dict(kept)


def _ages(days: Sequence[float]) -> str:
    return (
        "at creation and after " + ", ".join(f"{d:g}" for d in days if d) + " days"
        if any(days)
        else "at creation"
    )


def _moment(stamp: str | None) -> str | None:
    return None if stamp is None else stamp.replace("T", " ")


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{value:.1%}"
