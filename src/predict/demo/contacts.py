"""How leads can be reached and what they are called: titles, addresses, where they were met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from predict.demo import names
from predict.demo.profile import SOURCES, Leads

if TYPE_CHECKING:
    import pyarrow as pa

_SHOW: Final = "Mock Service Fair"


def titles(leads: Leads) -> pa.Array:
    """Return the job titles, in one of the wordings of each seniority and function."""
    import pyarrow as pa

    table = [
        [names.titles(seniority, function) for function in names.FUNCTIONS]
        for seniority in names.SENIORITIES
    ]
    return pa.array(
        [
            None if s < 0 else table[s][f][w % len(table[s][f])]
            for s, f, w in zip(
                leads.seniority.tolist(),
                leads.function.tolist(),
                leads.wording.tolist(),
                strict=True,
            )
        ],
        type=pa.string(),
    )


def addresses(
    leads: Leads,
    first: npt.NDArray[np.object_],
    last: npt.NDArray[np.object_],
    company: npt.NDArray[np.object_],
) -> pa.Array:
    """Return e-mail addresses: at the firm, or at a free mailbox that stands for all of them."""
    import pyarrow as pa

    free = names.FREE_MAIL_DOMAINS
    domain = [
        free[n % len(free)] if is_free else f"{firm.replace(' ', '-')}.example"
        for n, is_free, firm in zip(
            leads.number.tolist(), leads.free_mail.tolist(), company, strict=True
        )
    ]
    return pa.array(
        [
            f"{given}.{family}{n + 1}@{at}".lower()
            for given, family, n, at in zip(first, last, leads.number.tolist(), domain, strict=True)
        ]
    )


def shows(leads: Leads) -> pa.Array:
    """Return the trade show a lead was met at: two a year."""
    import pyarrow as pa

    month = leads.created_at.astype("datetime64[M]").astype(np.int64)
    year, half = 1970 + month // 12, np.where(month % 12 < 6, "spring", "autumn")
    met = leads.source == SOURCES.index("trade_show")
    return pa.array(
        [
            f"{_SHOW} {h} {y}" if m else None
            for m, h, y in zip(met.tolist(), half.tolist(), year.tolist(), strict=True)
        ],
        type=pa.string(),
    )
