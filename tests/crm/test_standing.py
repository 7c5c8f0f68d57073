"""Customers are no leads: by a stage, by a table, in looks and in lists; told and counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from predict.crm.sources import read_text
from predict.crm.stamps import microseconds
from predict.crm.tables import Crm
from predict.definition.schema import Definition
from predict.errors import DefinitionError
from predict.history.building import build_dataset
from predict.scoring.lists import match_list

Opened = Callable[..., Crm]
TEXT = """
name = "firms"
time_zone = "Europe/Berlin"
[conversion]
stage = "opportunity"
within_days = 30
[snapshots]
ages_days = [0, 30]
[leads]
exported_at = 2024-12-31
lead_id = "Id"
created_at = "Created"
account_id = "Firm"
[leads.columns]
Title = "fixed"
[outcomes.stage]
lead_id = "lead"
stage_column = "stage"
entered_at = "at"
"""
LEADS = pd.DataFrame(
    [
        ("a1", "2024-01-01 10:00", "A", "CEO"),  # won in March
        ("a2", "2024-02-20 10:00", "A", "CTO"),  # looked at before that and no more after
        ("a3", "2024-04-01 10:00", "A", "CFO"),
        ("b1", "2024-02-01 10:00", "B", "CEO"),
        ("n1", "2024-02-01 10:00", None, "CEO"),
    ],
    columns=["Id", "Created", "Firm", "Title"],
)
STAGES = pd.DataFrame(
    [
        ("a1", "opportunity", "2024-01-10 10:00"),
        ("a1", "won", "2024-03-05 10:00"),
        ("n1", "won", "2024-01-15 10:00"),
    ],
    columns=["lead", "stage", "at"],
)
BY_STAGE = '[customers]\nstage = "won"\n'
BY_TABLE = '[customers]\naccount_id = "firm"\nsince = "since"\n'


def looks(crm: Crm) -> list[tuple[str, int]]:
    data = build_dataset(crm)
    ages = (data.as_of - data.keys["created_at"]).dt.days
    return sorted(zip(data.keys["lead_id"], ages, strict=True))


def statuses(crm: Crm, rows: pd.DataFrame, as_of: str) -> list[str]:
    text = read_text(crm.workspace, crm.definition.leads, folder=crm.definition.folder, frame=rows)
    grid = match_list(crm, text, microseconds(pd.Timestamp(as_of).to_pydatetime())).grid
    return list(grid.order_by("row").to_pandas()["status"])


EVERY = [("a1", 0), ("a2", 0), ("a2", 30), ("a3", 0), ("a3", 30)]
REST = [("b1", 0), ("b1", 30), ("n1", 0), ("n1", 30)]


def test_without_customers_everyone_is_a_lead(opened: Opened) -> None:
    crm = opened(TEXT, leads=LEADS, outcomes={"stage": STAGES})
    assert looks(crm) == EVERY + REST
    assert crm.customers.count().execute() == 0


def test_a_firm_is_a_customer_once_a_lead_of_it_is_known_to_have_won(opened: Opened) -> None:
    crm = opened(TEXT + BY_STAGE, leads=LEADS, outcomes={"stage": STAGES})
    assert looks(crm) == [("a1", 0), ("a2", 0), *REST]
    counts: Any = build_dataset(crm).manifest["counts"]
    assert (counts["leads of customers"], counts["looks at customers"]) == (1, 3)
    told = crm.check().set_index("code")["sentence"]
    assert told["customers"].startswith("1 leads came from firms that were customers already")


def test_a_customer_in_a_list_is_named(opened: Opened) -> None:
    crm = opened(TEXT + BY_STAGE, leads=LEADS, outcomes={"stage": STAGES})
    rows = pd.DataFrame(
        {
            "Id": ["a1", "a3", "b1", "new", "other"],
            "Firm": [None, None, None, "A", "C"],
            "Title": "CEO",
        }
    )
    assert statuses(crm, rows, "2024-12-31") == [
        "customer",
        "customer",
        "scored",
        "customer",
        "scored",
    ]
    assert statuses(crm, rows, "2024-03-05 09:00") == [  # won at 9 by the clocks of UTC
        "open deal",
        "not open",
        "scored",
        "scored",
        "scored",
    ]
    text = read_text(crm.workspace, crm.definition.leads, folder=crm.definition.folder, frame=LEADS)
    left = match_list(crm, text, microseconds(pd.Timestamp("2024-12-31"))).only_open(crm)
    assert left.left_out == {"customer": 4}


def test_a_table_says_since_when_and_a_day_counts_at_its_end(opened: Opened) -> None:
    firms = pd.DataFrame({"firm": ["A", "B", "A"], "since": ["2024-03-21", "2024-02-01", None]})
    crm = opened(TEXT + BY_TABLE, leads=LEADS, outcomes={"stage": STAGES}, customers=firms)
    known = crm.customers.order_by("account_id").to_pandas()
    ends = [pd.Timestamp(t).value // 1000 for t in ("2024-03-21 23:00", "2024-02-01 23:00")]
    assert list(known["customer_us"]) == ends  # midnight in Berlin; the dated row counts
    # The look at b1 in the morning of its day came before; the one 30 days later did not. That at
    # a2 on 21 March came before the end of the day.
    assert looks(crm) == [("a1", 0), ("a2", 0), ("a2", 30), ("b1", 0), ("n1", 0), ("n1", 30)]
    assert "customers-undated" in set(crm.check()["code"])


def test_an_undated_table_is_for_lists_and_not_for_learning(opened: Opened) -> None:
    """Winners are customers today: leaving out their past looks would leave out the wins."""
    text = TEXT + '[customers]\naccount_id = "firm"\n'
    firms = pd.DataFrame({"firm": ["A"]})
    crm = opened(text, leads=LEADS, outcomes={"stage": STAGES}, customers=firms)
    assert looks(crm) == EVERY + REST
    # The firm of n1 is not known, but n1 itself won.
    told_of = ["customer", "customer", "customer", "scored", "customer"]
    assert statuses(crm, LEADS[["Id", "Title"]], "2025-01-01") == told_of
    told = crm.check().set_index("code")["sentence"]["customers-undated"]
    assert told.startswith("1 of 1 rows do not say since when")


def test_a_flat_export_has_customers_by_a_table(opened: Opened) -> None:
    text = TEXT.replace("within_days = 30", "within_days = 0").partition("[outcomes")[0]
    text = text.replace("[snapshots]\nages_days = [0, 30]\n", "")
    text = text.replace('Firm"\n', 'Firm"\noutcome_column = "y"\noutcome_values = ["1"]\n')
    firms = pd.DataFrame({"firm": ["A"], "since": ["2024-02-25"]})
    crm = opened(text + BY_TABLE, leads=LEADS.assign(y=["1", "0"] * 2 + ["0"]), customers=firms)
    assert [i for i, _ in looks(crm)] == ["a1", "a2", "b1", "n1"]
    assert crm.counts["leads born converted"] == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("", "[customers]\n"), "it is not said who is a customer"),
        (("", '[customers]\npath = "c.csv"\n'), "it is not said which firms"),
        (("", '[customers]\nstage = "won"\nsince = "day"\n'), "it is not said which firms"),
        (('account_id = "Firm"\n', ""), "leads do not say which firm they belong to"),
        (
            ('stage_column = "stage"', 'stage_column = "stage"\nstages = { "W" = "wonn" }'),
            "customers.stage: no outcomes table has this stage",
        ),
        (
            ("within_days = 30", 'within_days = 30\nreopen_stages = ["opportunity"]'),
            "cannot both end a lead and open it again",
        ),
        (
            ("within_days = 30", 'within_days = 30\nlost_stages = ["x"]\nreopen_stages = ["x"]'),
            "cannot both end a lead and open it again",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(change: tuple[str, str], said: str) -> None:
    old, new = change
    text = TEXT + new if not old else (TEXT + BY_STAGE).replace(old, new)
    with pytest.raises(DefinitionError, match=said):
        Definition.parse(text)


def test_a_misspelt_stage_of_coming_back_is_refused_with_the_nearest() -> None:
    text = TEXT.replace("within_days = 30", 'within_days = 30\nreopen_stages = ["recycle"]')
    stages = 'stage_column = "stage"\nstages = { "1" = "opportunity", "2" = "recycled" }'
    with pytest.raises(DefinitionError, match=r"did you mean recycled\?"):
        Definition.parse(text.replace('stage_column = "stage"', stages))
    flat = 'name = "f"\nconversion = { stage = "y", within_days = 0, reopen_stages = ["z"] }\n'
    flat += '[leads]\nlead_id = "i"\ncreated_at = "c"\noutcome_column = "y"\noutcome_values = ["1"]'
    with pytest.raises(DefinitionError, match="no lead comes back"):
        Definition.parse(flat)


def test_customers_and_comings_back_alter_what_a_model_means() -> None:
    plain = Definition.parse(TEXT)
    again = TEXT.replace("within_days = 30", 'within_days = 30\nreopen_stages = ["recycled"]')
    assert Definition.parse(TEXT + BY_STAGE).differences(plain) == ["customers"]
    assert Definition.parse(again).differences(plain) == ["conversion.reopen_stages"]
    moved = BY_TABLE + 'path = "a.csv"\n'
    other = BY_TABLE + 'path = "b.csv"\nexported_at = 2024-01-01\n'
    assert Definition.parse(TEXT + moved).digest() == Definition.parse(TEXT + other).digest()
    read = Definition.parse(TEXT + moved)
    assert Definition.parse(read.to_toml()) == read
    assert "customers" in dict(read.tables())
    assert "customers" not in dict(Definition.parse(TEXT + BY_STAGE).tables())


def test_a_stage_that_is_agreed_on_is_never_behaviour(opened: Opened) -> None:
    text = TEXT.replace("within_days = 30", 'within_days = 30\nreopen_stages = ["recycled"]')
    text += BY_STAGE + '[events.log]\nlead_id = "lead"\noccurred_at = "at"\nkind_column = "stage"\n'
    log = pd.DataFrame(
        {"lead": "b1", "stage": ["won", "recycled", "visit"], "at": "2024-02-02 10:00"}
    )
    crm = opened(
        text + 'by = "lead"\n', leads=LEADS, outcomes={"stage": STAGES}, events={"log": log}
    )
    assert list(crm.events.kind.to_pandas()) == ["visit"]
