"""The true drivers of conversion, with sign and size, computed exactly from the simulator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from predict.demo import names, profile, traps
from predict.demo.behaviour import SIGNALS, Events
from predict.demo.calendar import Calendar
from predict.demo.intent import Moves
from predict.demo.profile import SOURCES, Accounts, Leads
from predict.demo.truth import AGES, HORIZON_DAYS, beliefs, evidence, outlook

_AGE: Final = 30
_EVENT_DAY: Final = 27  # of the lead's life: three days before the look
_USUAL: Final = [signal.assets for signal in SIGNALS].index(("product tour",))
_TRAPS: Final = {
    "status": "written by the CRM after contact and at the outcome",
    "last_call_seconds": "length of the last call as of the export",
    "lifetime_page_views": "count over all time, visits after the outcome included",
    "last_activity_at": "latest of all events and tasks as of the export",
    "budget_confirmed": "asked by sales in the talks",
}


def drivers() -> dict[str, Any]:
    """Return what drives conversion, what says nothing, and the traps; JSON-ready.

    Returns
    -------
    dict
        ``drivers``: list of dict with ``name``; ``concepts``, as the standard catalogue calls
        them; ``main``, whether it is strong and frequent enough to be among the ten strongest
        concepts; ``sign`` ("+", "-" or "by level"); ``log_odds``, its effect on the true log-odds
        of a plain lead: of a level against the average of all levels when the lead comes in, of
        one event more on a lead that took the product tour three days before the look at 30 days.
        ``carriers``: concepts that count true drivers among other things, with sign.
        ``irrelevant``: concepts without any effect. ``traps``: columns of leads.

    Examples
    --------
    >>> for driver in drivers()["drivers"]:
    ...     if driver["main"]:
    ...         print(driver["sign"], driver["name"])
    by level job title
    by level source
    by level industry
    + employees
    + page_view: pricing
    + page_view: product tour
    - page_view: careers
    """
    told, silent = _of_behaviour()
    return {
        "goal": f"opportunity within {HORIZON_DAYS} days",
        "ages_days": list(AGES),
        "drivers": [*_of_profile(), *told],
        "carriers": {
            "activity": "+",
            "page_view": "+",
            "offer_download": "+",
            "first touch": "by level",
            "previous touch": "by level",
            "last touch": "by level",
            "list": "by level",
            "age": "-",
        },
        "irrelevant": [
            *("country", "account.country", "form_variant", "badge_colour", "campaign", "owner"),
            *("account activity", "account history", "article_read", "email_open"),
            *silent,
        ],
        "traps": {column: _TRAPS[column] for column in traps.COLUMNS},
    }


def _of_profile() -> list[dict[str, Any]]:
    sizes = (15, 50, 150, 500, 2_000)
    titles = {
        **_effects("seniority", names.SENIORITIES, profile.SENIORITY_MIX),
        **_effects("function", names.FUNCTIONS, profile.FUNCTION_MIX),
    }
    return [
        _driver("job title", ["job_title"], titles),
        _driver("source", ["source"], _effects("source", SOURCES, profile.SOURCE_MIX)),
        _driver(
            "industry",
            ["industry", "account.industry"],
            _effects("industry", names.INDUSTRIES, profile.INDUSTRY_MIX),
        ),
        _driver(
            "employees",
            ["employees", "account.employees"],
            {str(n): e for n, e in zip(sizes, _log_odds("employees", sizes, 2), strict=True)},
            sign="+",
        ),
        _driver(
            "kind of e-mail address",
            ["email_kind"],
            _effects(
                "free_mail",
                ("business", "free"),
                (1 - profile.FREE_MAIL_SHARE, profile.FREE_MAIL_SHARE),
            ),
            main=False,
        ),
    ]


def _of_behaviour() -> tuple[list[dict[str, Any]], list[str]]:
    """Return the signals that tell the states apart, and the concepts of those that do not."""
    leads = _plain(1 + len(SIGNALS))
    each, usual = np.arange(len(SIGNALS)), np.full(1 + len(SIGNALS), _USUAL)
    row = np.concatenate([each + 1, np.arange(1 + len(SIGNALS))])
    day = np.full(len(row), _EVENT_DAY)
    events = replace(Events.none(), row=row, day=day, signal=np.concatenate([each, usual]))
    moves = Moves.of(leads)
    belief = beliefs(leads, moves, evidence(leads, moves, events))[_AGE]
    size = _logit((belief * outlook(moves, _AGE)).sum(axis=1))
    told, silent = [], []
    for number, one in enumerate(SIGNALS):
        effect = round(float(size[number + 1] - size[0]), 3)
        named = [f"{one.kind}={asset}" for asset in one.assets]
        if not one.informs:
            silent += named
            continue
        only = sum(other.kind == one.kind for other in SIGNALS) == 1
        name = f"{one.kind}: {one.assets[0]}" if one.assets else one.kind
        concepts = [*named, *([one.kind] if only else [])]
        sign = "+" if effect > 0 else "-"
        told.append(_driver(name, concepts, {"one": effect}, sign=sign, main=one.main))
    return told, silent


def _driver(
    name: str,
    concepts: list[str],
    log_odds: dict[str, float],
    *,
    sign: str = "by level",
    main: bool = True,
) -> dict[str, Any]:
    return {
        "name": name,
        "concepts": concepts,
        "main": main,
        "sign": sign,
        "log_odds": log_odds,
    }


def _effects(column: str, levels: tuple[str, ...], mix: tuple[float, ...]) -> dict[str, float]:
    """Return the effect of each level of a coded column against the average of all."""
    size = np.asarray(_log_odds(column, tuple(range(len(levels))), None))
    centred = size - size @ np.asarray(mix) / sum(mix)
    return {level: round(float(effect), 3) for level, effect in zip(levels, centred, strict=True)}


def _log_odds(column: str, values: tuple[int, ...], zero: int | None) -> list[float]:
    """Return the true log-odds at age 0, by value of one column, less those at place ``zero``."""
    leads = _plain(len(values))
    kind = getattr(leads, column).dtype
    leads = replace(leads, **{column: np.asarray(values, dtype=kind)})
    moves = Moves.of(leads)
    size = _logit((beliefs(leads, moves, None)[0] * outlook(moves, 0)).sum(axis=1))
    return [round(float(s), 3) for s in size - (0.0 if zero is None else size[zero])]


def _plain(n: int) -> Leads:
    """Return ``n`` equal leads: a manager in IT of a software firm with 150 employees, half-way."""
    rng = np.random.default_rng(0)
    drawn = Leads.draw(rng, np.arange(n), n, Accounts.draw(rng, 1), Calendar())
    monday = np.datetime64("2025-09-29T09:00:00", "s")

    def all_of(column: str, value: int | float) -> npt.NDArray[Any]:
        return np.full(n, value, dtype=getattr(drawn, column).dtype)

    return replace(
        drawn,
        created_at=np.full(n, monday),
        elapsed=all_of("elapsed", 0.5),
        source=all_of("source", SOURCES.index("website")),
        seniority=all_of("seniority", names.SENIORITIES.index("manager")),
        function=all_of("function", names.FUNCTIONS.index("it")),
        industry=all_of("industry", names.INDUSTRIES.index("Software")),
        employees=all_of("employees", 150.0),
        free_mail=all_of("free_mail", 0),
    )


def _logit(p: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.log(p / (1 - p))
