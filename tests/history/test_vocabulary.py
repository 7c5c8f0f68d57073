"""Kinds and assets with columns: by their number of leads, before a moment, without outcomes."""

from __future__ import annotations

import ibis
import pandas as pd

from predict.crm.tables import value_column
from predict.history.vocabulary import Asset, Kind, choose

UNTIL = 100
ROWS = pd.DataFrame(
    [
        *[(i, "early", "lead", "web", "/a", 99, 99, 1.0) for i in (1, 2, 3)],
        *[(i, "early", "lead", "app", "/b", 99, 99, None) for i in (1, 1, 1)],
        *[(i, "early", "us", "web", None, 99, 99, None) for i in (1, 2)],
        *[(i, "at the moment", "lead", "web", "/a", 100, 100, 1.0) for i in (1, 2)],
        *[(i, "known later", "lead", "web", "/a", 50, 100, 1.0) for i in (1, 2)],
        *[(1, "of one lead", "lead", "web", "/c", 1, 1, 1.0)] * 5,
    ],
    columns=["lead_no", "kind", "by", "table", "asset", "occurred_us", "known_us", "seconds"],
)


def test_what_enough_leads_did_by_then() -> None:
    events = ibis.memtable(ROWS.rename(columns={"seconds": value_column("seconds")}))
    chosen = choose(events, UNTIL, ("seconds",), min_leads=2)
    assert chosen.kinds == (
        Kind("early", "lead", ("app", "web"), 2, ("seconds",)),
        Kind("early", "us", ("web",), 0, ()),
    )
    assert chosen.assets == (Asset("early", "lead", "/a"),)


def test_nothing_where_nothing_is_frequent() -> None:
    events = ibis.memtable(ROWS.rename(columns={"seconds": value_column("seconds")}))
    chosen = choose(events, UNTIL, ("seconds",))
    assert (chosen.kinds, chosen.assets) == ((), ())
