"""Who the leads are: accounts, leads, and the fit of a lead, which is the sum of its effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from predict.demo import names
from predict.demo.calendar import Calendar
from predict.demo.rows import Rows

Codes = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]

SOURCES: Final = (
    "website",
    "referral",
    "partner",
    "trade_show",
    "paid_search",
    "newsletter",
    "content_syndication",
)
INBOUND: Final = (True, True, True, False, True, True, False)
"""Sources whose leads came through our site, so that a first visit is on record."""

SOURCE_MIX: Final = (0.27, 0.09, 0.10, 0.15, 0.16, 0.12, 0.11)
_SOURCE_MIX_LATE: Final = (0.24, 0.09, 0.11, 0.14, 0.17, 0.10, 0.15)

# Effects on the fit, in logs of the rate at which interest becomes a sales talk. The whole of what
# the profile does is here; drivers.json and docs/demo.md are written from these lines.
SENIORITY_EFFECT: Final = (0.9, 0.8, 0.5, 0.1, -0.5, -1.8)
FUNCTION_EFFECT: Final = (0.5, 0.3, 0.0, -0.4, -0.6)
TITLE_MISSING_EFFECT: Final = -0.2
INDUSTRY_EFFECT: Final = (0.7, 0.6, 0.4, 0.6, 0.0, -0.5, -0.5, -1.0)
SOURCE_EFFECT: Final = (0.1, 0.8, 0.5, 0.0, -0.2, 0.1, -0.9)
EMPLOYEES_EFFECT: Final = 0.45  # per factor e of employees, around 150, up to ±1.35
FREE_MAIL_EFFECT: Final = -0.7
PARTNER_DECLINE: Final = -1.2  # over the eighteen months
BASE_DECLINE: Final = -0.3  # likewise, for everybody

SENIORITY_MIX: Final = (0.09, 0.10, 0.19, 0.30, 0.26, 0.06)
FUNCTION_MIX: Final = (0.36, 0.24, 0.14, 0.14, 0.12)
INDUSTRY_MIX: Final = (0.11, 0.15, 0.19, 0.13, 0.12, 0.13, 0.10, 0.07)
_COUNTRY_MIX: Final = (0.46, 0.12, 0.12, 0.08, 0.08, 0.08, 0.06)
FREE_MAIL_SHARE: Final = 0.14
_TITLE_MISSING, _EMPLOYEES_MISSING, _INDUSTRY_MISSING = 0.08, 0.20, 0.05

CAMPAIGNS: Final = ("evergreen", "first-time fix", "less driving", "autumn-roi")
"""They say nothing; the last one starts half-way, a level that no early model has seen."""

_AVID_READERS: Final = 0.2  # who read all that we send, and mean nothing by it
_CAMPAIGN_START: Final = 0.5  # share of the history that has passed then


@dataclass(frozen=True)
class Accounts(Rows):
    """Firms, by account number; codes index the word lists of `predict.demo.names`."""

    industry: Codes
    employees: npt.NDArray[np.int64]
    country: Codes

    @classmethod
    def draw(cls, rng: np.random.Generator, n: int) -> Accounts:
        """Draw ``n`` firms."""
        size = np.exp(rng.normal(np.log(150.0), 1.5, n))
        return cls(
            industry=choice(rng, INDUSTRY_MIX, n),
            employees=np.clip(size, 3, 60_000).astype(np.int64),
            country=choice(rng, _COUNTRY_MIX, n),
        )


@dataclass(frozen=True)
class Leads(Rows):
    """Leads as they come in, by column; −1 in a code and NaN in a number mean "not given"."""

    number: npt.NDArray[np.int64]
    created_at: npt.NDArray[np.datetime64]
    elapsed: Floats
    account: npt.NDArray[np.int64]
    source: Codes
    campaign: Codes
    owner: Codes
    first_name: Codes
    last_name: Codes
    free_mail: npt.NDArray[np.int8]
    seniority: Codes
    function: Codes
    wording: npt.NDArray[np.int64]
    industry: Codes
    employees: Floats
    country: Codes
    form_variant: Codes
    badge_colour: Codes
    avid_reader: npt.NDArray[np.int8]

    @classmethod
    def draw(
        cls,
        rng: np.random.Generator,
        number: npt.NDArray[np.int64],
        of: int,
        accounts: Accounts,
        calendar: Calendar,
    ) -> Leads:
        """Draw the leads with these numbers out of ``of``; a larger number came in later."""
        n = len(number)
        created_at, elapsed = calendar.created_at((number + rng.random(n)) / of)
        # A power of a uniform number: some firms send many people, most send one.
        account = np.minimum(len(accounts) * rng.random(n) ** 1.3, len(accounts) - 1).astype(int)
        late = rng.random(n) < elapsed
        source = np.where(late, choice(rng, _SOURCE_MIX_LATE, n), choice(rng, SOURCE_MIX, n))
        free_mail = (rng.random(n) < FREE_MAIL_SHARE).astype(np.int8)
        gone = rng.random((3, n))
        titled = gone[0] >= _TITLE_MISSING
        typed = np.exp(rng.normal(0.0, 0.15, n)) * accounts.employees[account]
        return cls(
            number=number,
            created_at=created_at,
            elapsed=elapsed,
            account=np.where(free_mail == 1, -1, account),
            source=source.astype(np.int8),
            campaign=_campaigns(rng, elapsed),
            owner=rng.integers(0, len(names.OWNERS), n, dtype=np.int8),
            first_name=rng.integers(0, len(names.FIRST_NAMES), n, dtype=np.int8),
            last_name=rng.integers(0, len(names.LAST_NAMES), n, dtype=np.int8),
            free_mail=free_mail,
            seniority=np.where(titled, choice(rng, SENIORITY_MIX, n), -1).astype(np.int8),
            function=np.where(titled, choice(rng, FUNCTION_MIX, n), -1).astype(np.int8),
            wording=rng.integers(0, 1 << 31, n),
            industry=np.where(gone[1] >= _INDUSTRY_MISSING, accounts.industry[account], -1).astype(
                np.int8
            ),
            employees=np.where(gone[2] >= _EMPLOYEES_MISSING, np.ceil(typed), np.nan),
            country=accounts.country[account],
            form_variant=rng.integers(0, len(names.FORM_VARIANTS), n, dtype=np.int8),
            badge_colour=rng.integers(0, len(names.BADGE_COLOURS), n, dtype=np.int8),
            avid_reader=(rng.random(n) < _AVID_READERS).astype(np.int8),
        )

    def fit(self) -> Floats:
        """Return how well each lead fits, shape (n,): the sum of its effects, in logs.

        Only what the export shows counts, so that a model can know it: an industry that was not
        given has no effect, whatever the industry of the account.
        """
        size = np.clip(np.log(np.nan_to_num(self.employees, nan=150.0) / 150.0), -3.0, 3.0)
        partner = self.source == SOURCES.index("partner")
        return (
            _effect(SENIORITY_EFFECT, self.seniority, TITLE_MISSING_EFFECT)
            + _effect(FUNCTION_EFFECT, self.function)
            + _effect(INDUSTRY_EFFECT, self.industry)
            + _effect(SOURCE_EFFECT, self.source)
            + EMPLOYEES_EFFECT * size
            + FREE_MAIL_EFFECT * self.free_mail
            + PARTNER_DECLINE * partner * self.elapsed
            + BASE_DECLINE * self.elapsed
        )


def choice(rng: np.random.Generator, shares: tuple[float, ...], n: int) -> Codes:
    """Draw ``n`` codes with these shares."""
    return np.searchsorted(np.cumsum(shares)[:-1], rng.random(n), side="right").astype(np.int8)


def _effect(effects: tuple[float, ...], codes: Codes, missing: float = 0.0) -> Floats:
    return np.asarray((*effects, missing))[codes]  # code −1 is the last entry


def _campaigns(rng: np.random.Generator, elapsed: Floats) -> Codes:
    running = np.where(elapsed >= _CAMPAIGN_START, len(CAMPAIGNS), len(CAMPAIGNS) - 1)
    return (rng.random(len(elapsed)) * running).astype(np.int8)
