"""Columns of the exported files: simulated codes written out as a CRM would show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from predict.demo import contacts, names
from predict.demo.behaviour import ASSETS, SIGNALS, Events
from predict.demo.profile import CAMPAIGNS, SOURCES, Accounts, Leads
from predict.demo.sales import RESULTS, STAGES, TASK_KINDS, Deals, Tasks
from predict.demo.traps import STATUSES, Traps, crm_score
from predict.demo.truth import Truth

if TYPE_CHECKING:
    import pyarrow as pa


def lead_ids(number: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    """Return the ids of leads by number.

    Examples
    --------
    >>> lead_ids(np.array([0, 1041])).tolist()
    ['L-0000001', 'L-0001042']
    """
    return np.array([f"L-{n + 1:07d}" for n in number.tolist()], dtype=object)


def lead_table(
    leads: Leads,
    accounts: Accounts,
    events: Events,
    traps: Traps | None,
) -> pa.Table:
    """Return the rows of ``leads.csv``; without traps, as leads that nobody has touched yet."""
    import pyarrow as pa

    n = len(leads)
    if traps is None:
        traps = Traps(
            np.zeros(n, dtype=np.int8),
            np.full(n, np.nan),
            np.full(n, -1),
            np.full(n, np.datetime64("NaT"), dtype="datetime64[s]"),
            np.full(n, -1, dtype=np.int8),
        )
    has_account = leads.account >= 0
    firm = np.where(has_account, leads.account, 0)
    company = names.account_names(firm, accounts.industry[firm])
    first = np.asarray(names.FIRST_NAMES, dtype=object)[leads.first_name]
    last = np.asarray(names.LAST_NAMES, dtype=object)[leads.last_name]
    columns = {
        "lead_id": pa.array(lead_ids(leads.number)),
        "created_at": pa.array(leads.created_at),
        "account_id": _ids("A-{:06d}", leads.account),
        "source": named(SOURCES, leads.source),
        "campaign": named(CAMPAIGNS, leads.campaign),
        "list": contacts.shows(leads),
        "owner": named(names.OWNERS, leads.owner),
        "first_name": pa.array(first),
        "last_name": pa.array(last),
        "email": contacts.addresses(leads, first, last, company),
        "phone": pa.array([f"+1 555 01{n % 100:02d}" for n in leads.number.tolist()]),
        "company": pa.array(company, mask=~has_account),
        "job_title": contacts.titles(leads),
        "industry": named(names.INDUSTRIES, leads.industry),
        "employees": _whole(leads.employees),
        "country": named(names.COUNTRIES, leads.country),
        "form_variant": named(names.FORM_VARIANTS, leads.form_variant),
        "badge_colour": named(names.BADGE_COLOURS, leads.badge_colour),
        "status": named(STATUSES, traps.status),
        "last_call_seconds": _whole(traps.last_call_seconds),
        "lifetime_page_views": pa.array(
            traps.lifetime_page_views, mask=traps.lifetime_page_views < 0
        ),
        "last_activity_at": pa.array(traps.last_activity_at),
        "crm_score": pa.array(crm_score(leads, events)),
        "budget_confirmed": named(("no", "yes"), traps.budget_confirmed),
    }
    return pa.table(columns)


def account_table(accounts: Accounts, rows: slice, rng: np.random.Generator) -> pa.Table:
    """Return some rows of ``accounts.csv``: a second, rougher source.

    A vendor's list: sizes are rounded estimates, and three firms in ten are filed under
    another industry. What the lead itself said is nearer to the truth.
    """
    import pyarrow as pa

    number = np.arange(len(accounts))[rows]
    n = len(number)
    industry = accounts.industry[rows]
    other = rng.integers(0, len(names.INDUSTRIES), n, dtype=np.int8)
    filed = np.where(rng.random(n) < 0.3, other, industry)
    size = accounts.employees[rows] * np.exp(rng.normal(0.0, 0.7, n))
    scale = 10.0 ** np.floor(np.log10(np.maximum(size, 1.0)))
    return pa.table(
        {
            "account_id": _ids("A-{:06d}", number),
            "name": pa.array(names.account_names(number, industry)),
            "industry": named(names.INDUSTRIES, filed),
            "employees": _whole(np.ceil(size / scale) * scale),
            "country": named(names.COUNTRIES, accounts.country[rows]),
        }
    )


def event_table(leads: Leads, events: Events) -> pa.Table:
    """Return the rows of ``events.parquet``."""
    import pyarrow as pa

    kinds = tuple(signal.kind for signal in SIGNALS)
    return pa.table(
        {
            "lead_id": _taken(lead_ids(leads.number), events.row),
            "occurred_at": pa.array(events.occurred_at.astype("datetime64[ms]")),
            "kind": named(kinds, events.signal),
            "asset": named(ASSETS, events.asset),
            "seconds": pa.array(events.seconds, mask=np.isnan(events.seconds)),
            "pages": pa.array(events.pages, mask=np.isnan(events.pages)),
        }
    )


def task_table(leads: Leads, tasks: Tasks) -> pa.Table:
    """Return the rows of ``tasks.csv``."""
    import pyarrow as pa

    return pa.table(
        {
            "lead_id": _taken(lead_ids(leads.number), tasks.row),
            "occurred_at": pa.array(tasks.occurred_at),
            "kind": named(TASK_KINDS, tasks.kind),
            "seconds": _whole(tasks.seconds),
            "result": named(RESULTS, tasks.result),
            "owner": named(names.OWNERS, leads.owner[tasks.row]),
        }
    )


def stage_table(leads: Leads, deals: Deals, exported_at: np.datetime64) -> pa.Table:
    """Return the rows of ``stages.csv`` that the export shows, by lead and time."""
    import pyarrow as pa

    row, stage = np.nonzero(deals.known(exported_at))
    at = deals.at[row, stage]
    order = np.lexsort((stage, at, row))
    row, stage, at = row[order], stage[order], at[order]
    is_lost = stage >= STAGES.index("lost")
    amount = np.select(
        [stage == STAGES.index("opportunity"), stage == STAGES.index("won")],
        [deals.estimate[row], deals.amount[row]],
        np.nan,
    )
    return pa.table(
        {
            "lead_id": _taken(lead_ids(leads.number), row),
            "stage": named(STAGES, stage),
            "entered_at": pa.array(at),
            "amount": _whole(amount),
            "reason": pa.array(deals.reason[row], type=pa.string(), mask=~is_lost),
        }
    )


def suppression_table(lead_rows: pa.Table, blocked: npt.NDArray[np.bool_]) -> pa.Table:
    """Return the rows of ``do-not-contact.csv``."""
    import pyarrow as pa

    chosen = lead_rows.filter(pa.array(blocked)).select(["lead_id", "email"])
    return chosen.append_column("reason", pa.array(["asked us not to call"] * chosen.num_rows))


def truth_table(leads: Leads, truth: Truth) -> pa.Table:
    """Return the rows of ``truth/truth.parquet``."""
    import pyarrow as pa

    return pa.table(
        {
            "lead_id": _taken(lead_ids(leads.number), truth.row),
            "as_of": pa.array(truth.as_of.astype("datetime64[ms]")),
            "age_days": pa.array(truth.age_days),
            "probability": pa.array(truth.probability),
            "probability_profile": pa.array(truth.probability_profile),
            "converted": pa.array(truth.converted),
        }
    )


def named(words: tuple[str, ...], codes: npt.NDArray[np.integer]) -> pa.Array:
    """Return codes as words; null where the code is −1."""
    import pyarrow as pa

    return pa.array(words).take(pa.array(codes.astype(np.int64), mask=codes < 0))


def _taken(words: npt.NDArray[np.object_], rows: npt.NDArray[np.int64]) -> pa.Array:
    import pyarrow as pa

    return pa.array(words, type=pa.string()).take(pa.array(rows))


def _ids(pattern: str, number: npt.NDArray[np.int64]) -> pa.Array:
    import pyarrow as pa

    return pa.array([pattern.format(n + 1) if n >= 0 else None for n in number.tolist()])


def _whole(values: npt.NDArray[np.float64]) -> pa.Array:
    import pyarrow as pa

    empty = np.isnan(values)
    return pa.array(np.where(empty, 0, values).astype(np.int64), mask=empty)
