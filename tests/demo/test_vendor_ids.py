from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from predict.demo.vendor_ids import (
    HUBSPOT_CONTACT,
    LEAD,
    hubspot_contacts,
    hubspot_ids,
    salesforce_ids,
)

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
numbers = st.lists(st.integers(0, 62**9 - 1), min_size=1, max_size=20, unique=True)


def lengthened(short: str) -> str:
    """The 18 characters of an id of 15, as the vendor's documentation tells it, in plain Python."""
    tail = ""
    for start in (0, 5, 10):
        chunk = short[start : start + 5]
        tail += LETTERS[sum(1 << i for i, c in enumerate(chunk) if c.isascii() and c.isupper())]
    return short + tail


def test_the_rule_gives_ids_as_they_are_known() -> None:
    assert lengthened("001A0000006Vm9r") == "001A0000006Vm9rIAC"


@given(numbers)
def test_ids_are_long_and_hold_their_check(wanted: list[int]) -> None:
    ids = salesforce_ids(LEAD, np.array(wanted, dtype=np.int64)).tolist()
    assert all(len(i) == 18 and i.startswith("00Q") for i in ids)
    assert ids == [lengthened(i[:15]) for i in ids]


@given(numbers)
def test_ids_differ_in_any_case_and_come_in_the_order_of_numbers(wanted: list[int]) -> None:
    ids = salesforce_ids(LEAD, np.array(sorted(wanted), dtype=np.int64)).tolist()
    assert ids == sorted(ids)
    assert len({i.lower() for i in ids}) == len(wanted)


def test_none_is_none() -> None:
    nobody = np.array([-1, 3])
    assert salesforce_ids(LEAD, nobody)[0] is None
    assert hubspot_ids(HUBSPOT_CONTACT, nobody)[0] is None
    assert hubspot_contacts(nobody)[0] is None


@given(st.lists(st.integers(0, 10_000_000), min_size=2, max_size=20, unique=True))
def test_record_ids_are_apart_and_in_order(wanted: list[int]) -> None:
    number = np.array(sorted(wanted), dtype=np.int64)
    every = [hubspot_contacts(number, merged=place).tolist() for place in (0, 1, 2)]
    assert all(ids == sorted(ids) for ids in every)
    assert len({i for ids in every for i in ids}) == 3 * len(wanted)
