from __future__ import annotations

import pytest

from predict.learning.titles import (
    FUNCTION,
    LEAST_LEADS,
    MOST_WORDS,
    SENIORITY,
    marks_of,
    vocabulary,
)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Chief Marketing Officer", {"seniority: top management", "function: marketing"}),
        ("Vice President of Sales", {"seniority: vice president", "function: sales"}),
        ("VP, Sales", {"seniority: vice president", "function: sales"}),
        ("Leiterin Einkauf", {"seniority: head", "function: purchasing"}),
        ("Geschäftsführer", {"seniority: top management"}),
        ("Co-Founder", {"seniority: owner"}),
        ("Business Intelligence Analyst", {"seniority: specialist", "function: data"}),
        ("Mitarbeiter im Außendienst", {"function: sales"}),
        ("Gescha\u0308ftsfu\u0308hrer", {"seniority: top management"}),  # as macOS writes it
        ("Italy", set()),
    ],
)
def test_titles_are_read_as_people_read_them(title, expected):
    assert {m for m in marks_of(title) if not m.startswith("word: ")} == expected


def test_the_lists_are_in_the_form_that_titles_are_read_in():
    for lists in (SENIORITY, FUNCTION):
        for words in lists.values():
            assert len(set(words)) == len(words)
            assert all(word == word.lower().strip() for word in words)
            assert all(word.replace(" ", "").isalpha() for word in words)


def test_a_word_needs_twenty_leads_not_twenty_rows():
    one_lead = ["Falconer"] * 50
    assert vocabulary(one_lead, ["A"] * 50) == ()
    many = ["Falconer"] * LEAST_LEADS
    assert vocabulary(many, range(LEAST_LEADS)) == ("word: falconer",)
    # One lead with two titles is one carrier.
    assert vocabulary([*many[1:], "Royal Falconer"], [*range(LEAST_LEADS - 1), 0]) == ()


def test_there_are_no_more_words_than_fit():
    names = [f"w{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(300)]
    titles = [name for name in names for _ in range(LEAST_LEADS)]
    found = vocabulary(titles, range(len(titles)))
    assert len(found) == MOST_WORDS


def test_missing_titles_count_for_nothing():
    assert vocabulary([None] * 40, range(40)) == ()
