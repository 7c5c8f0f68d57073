from datetime import datetime
from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from predict.scoring.ledger import Ledger, run_key
from predict.scoring.movers import COLUMNS, earlier, movers

states = st.tuples(st.floats(0.01, 0.99), st.booleans())


def frame(leads: dict[str, tuple[float, bool]], **more: object) -> pd.DataFrame:
    rows = [
        {"row": i, "lead_id": lead, "probability": p, "grade": "A" if q else "C",
         "rated_qualified": q, **more}
        for i, (lead, (p, q)) in enumerate(leads.items())
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["row", "lead_id", *COLUMNS, *more])


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), states),
    st.dictionaries(st.sampled_from("abcdefgh"), states),
)
def test_every_lead_is_in_one_place(
    now: dict[str, tuple[float, bool]], then: dict[str, tuple[float, bool]]
) -> None:
    before = frame(then, as_of=pd.Timestamp("2026-06-01")).drop(columns="row")
    found = movers(frame(now), before)
    ids = list(now)
    assert {ids[row] for row in found.over["row"]} == {
        lead for lead in now if lead in then and now[lead][1] and not then[lead][1]
    }
    assert {ids[row] for row in found.under["row"]} == {
        lead for lead in now if lead in then and then[lead][1] and not now[lead][1]
    }
    assert found.fresh == sum(now[lead][1] for lead in now if lead not in then)
    assert found.seen == len(set(now) & set(then))
    for row, was, is_now in found.over[["row", "before", "after"]].itertuples(index=False):
        assert (was, is_now) == (then[ids[row]][0], now[ids[row]][0])


def test_leads_without_an_id_are_compared_with_nothing() -> None:
    now = frame({"a": (0.5, True)}).assign(lead_id=None)
    before = frame({"a": (0.1, False)}, as_of=pd.Timestamp("2026-06-01")).drop(columns="row")
    assert movers(now, before).seen == 0


def test_of_the_ledger_the_newest_run_before_the_moment_counts(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for month, chance in ((4, 0.1), (5, 0.2), (6, 0.3), (7, 0.4)):
        when = datetime(2026, month, 1)
        scores = frame({"a": (chance, chance > 0.25)}, as_of=pd.Timestamp(when), basis="full",
                       log_odds=0.0, score=50.0)  # fmt: skip
        nothing = pd.DataFrame(index=[0])
        ledger.enter(
            run_key(f"list {month}", "model", when), scores, nothing, nothing,
            meta={"as_of": when.isoformat()},
        )  # fmt: skip
    found = earlier(ledger, {"a", "b"}, datetime(2026, 7, 1))
    assert found[["lead_id", "probability"]].to_numpy().tolist() == [["a", 0.3]]
    assert earlier(ledger, {"a"}, datetime(2026, 4, 1)).empty
