"""The true drivers of conversion, for tests: written from the tables that the simulator uses."""

from __future__ import annotations

import math
from typing import Any, Final

from predict.demo import names
from predict.demo import profile as p
from predict.demo.behaviour import SIGNALS
from predict.demo.intent import CURIOUS, DORMANT, EVALUATING
from predict.demo.truth import AGES, HORIZON_DAYS

IRRELEVANT: Final = ("country", "form_variant", "badge_colour", "owner", "campaign", "list")
"""Columns of leads that have no effect of their own (campaign and list follow the source)."""


def drivers() -> dict[str, Any]:
    """Return what drives conversion, with sign and size.

    Returns
    -------
    dict
        ``drivers`` (list of dict with concept, sign, and what it is in the data), ``carriers``
        (concepts that hold true drivers among other things, such as all page views),
        ``irrelevant`` (columns, kinds and assets that say nothing), ``traps``.

    Examples
    --------
    >>> [d["concept"] for d in drivers()["drivers"]][:3]
    ['job_title', 'source', 'industry']
    """
    told = [*_of_profile(), *_of_behaviour()]
    silent = [s for s in SIGNALS if not s.informs]
    kinds = {s.kind for s in SIGNALS if s.informs}
    return {
        "goal": f"opportunity within {HORIZON_DAYS} days",
        "ages_days": list(AGES),
        "drivers": told,
        "carriers": {
            "concepts": sorted({"activity", "first touch", "last touch", "age", *kinds}),
            "why": "they count, among other things, what true drivers count",
        },
        "irrelevant": {
            "columns": list(IRRELEVANT),
            "kinds": sorted({s.kind for s in silent} - kinds),
            "assets": sorted({f"{s.kind}={a}" for s in silent for a in s.assets}),
            "other": ["activity of colleagues", "seconds", "pages", "our own tasks"],
        },
        "traps": _traps(),
    }


def _traps() -> dict[str, str]:
    from predict.demo.traps import COLUMNS

    why = (
        "written by the CRM after contact and at the outcome",
        "length of the last call as of the export",
        "count over all time, visits after the outcome included",
        "latest of all events and tasks as of the export",
        "asked by sales in the talks",
    )
    return dict(zip(COLUMNS, why, strict=True))


def _of_profile() -> list[dict[str, Any]]:
    return [
        {
            "concept": "job_title",
            "columns": ["job_title"],
            "sign": "by level",
            "effects": {
                **_named("seniority", names.SENIORITIES, p.SENIORITY_EFFECT),
                **_named("function", names.FUNCTIONS, p.FUNCTION_EFFECT),
                "missing": p.TITLE_MISSING_EFFECT,
            },
        },
        {
            "concept": "source",
            "columns": ["source"],
            "sign": "by level",
            "effects": dict(zip(p.SOURCES, p.SOURCE_EFFECT, strict=True)),
            "change": {"partner": p.PARTNER_DECLINE},
            "remark": "referral also starts with more interest, content_syndication with less",
        },
        {
            "concept": "industry",
            "columns": ["industry", "account.industry"],
            "sign": "by level",
            "effects": dict(zip(names.INDUSTRIES, p.INDUSTRY_EFFECT, strict=True)),
        },
        {
            "concept": "employees",
            "columns": ["employees", "account.employees"],
            "sign": "+",
            "effects": {"per factor e": p.EMPLOYEES_EFFECT},
        },
        {
            "concept": "email_kind",
            "columns": ["email_kind"],
            "sign": "by level",
            "effects": {"free": p.FREE_MAIL_EFFECT, "business": 0.0},
        },
    ]


def _named(prefix: str, words: tuple[str, ...], effects: tuple[float, ...]) -> dict[str, float]:
    return {f"{prefix}: {w}": e for w, e in zip(words, effects, strict=True)}


def _of_behaviour() -> list[dict[str, Any]]:
    """Return the signals that tell the states apart, with the evidence of one of them."""
    found = []
    for signal in SIGNALS:
        if not signal.informs:
            continue
        nats = math.log(signal.daily[EVALUATING] / signal.daily[DORMANT])
        found.append(
            {
                "concept": f"{signal.kind}={signal.assets[0]}" if signal.assets else signal.kind,
                "kind": signal.kind,
                "assets": list(signal.assets),
                "sign": "+" if nats > 0 else "-",
                "effects": {
                    "evaluating against dormant": round(nats, 3),
                    "curious against dormant": round(
                        math.log(signal.daily[CURIOUS] / signal.daily[DORMANT]), 3
                    ),
                },
            }
        )
    return found
