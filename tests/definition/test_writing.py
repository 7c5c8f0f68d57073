from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from predict.definition.schema import Definition
from predict.definition.writing import write

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10)
_NUMBERS = st.floats(0, 1e6) | st.integers(0, 10**6)


def _some(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


_EXPORT = {
    "path": _TEXTS.filter(lambda t: "://" not in t) | st.lists(st.just("a.csv"), min_size=1),
    "exported_at": st.sampled_from(
        ["from-name", date(2024, 1, 1), datetime(2024, 1, 1, 7, tzinfo=UTC), datetime(2024, 1, 1)]
    ),
    "covers_from": st.dates(),
    "where": st.dictionaries(_TEXTS, _TEXTS | st.lists(_TEXTS, min_size=1), max_size=3),
    "delimiter": st.sampled_from([";", "\t", "|", '"']),
    "dates": st.just("%d/%m/%Y"),
}
_COLUMN = st.sampled_from(["fixed", "mutable", "incumbent"]) | _some(
    {"class": st.just("mutable")},
    {
        "insist": st.booleans(),
        "type": st.sampled_from(["number", "date"]),
        "words": _TEXTS,
        "known_from": st.dates() | _TEXTS,
    },
)
_CRITERION = _some(
    {"field": _TEXTS, "in": st.lists(_TEXTS | _NUMBERS, min_size=1, max_size=3)},
    {
        "at_least": _NUMBERS | st.dates(),
        "equals": _TEXTS | _NUMBERS | st.booleans(),
        "present": st.booleans(),
        "known": st.just("after contact"),
        "unless": st.dictionaries(_TEXTS, _TEXTS, max_size=2),
    },
)
DEFINITIONS = _some(
    {
        "name": st.just("random"),
        "conversion": _some(
            {"stage": st.just("won"), "within_days": st.floats(0.01, 1e4)},
            {"lost_stages": st.lists(st.just("lost")), "export_lag_days": _NUMBERS},
        ),
        "leads": _some(
            {"lead_id": _TEXTS, "created_at": _TEXTS.map(lambda text: text + " at")},
            {"source": _TEXTS, "columns": st.dictionaries(_TEXTS, _COLUMN, max_size=4), **_EXPORT},
        ),
        "outcomes": st.dictionaries(
            _TEXTS,
            _some(
                {"lead_id": _TEXTS, "entered_at": _TEXTS, "stage_column": _TEXTS},
                {"stages": st.dictionaries(_TEXTS, st.just("won"), min_size=1, max_size=3)},
            ),
            min_size=1,
            max_size=2,
        ).filter(lambda tables: any("stages" not in t or t["stages"] for t in tables.values())),
    },
    {
        "time_zone": st.sampled_from(["UTC", "Europe/Berlin"]),
        "snapshots": st.just({"every": "week"})
        | st.builds(
            lambda ages: {"ages_days": ages},
            st.lists(_NUMBERS, min_size=1, max_size=3, unique=True),
        ),
        "ids": st.just("salesforce"),
        "people": st.dictionaries(
            _TEXTS,
            _some(
                {"lead_id": st.just("theirs"), "created_at": st.just("born")},
                _EXPORT,
            ),
            max_size=2,
        ),
        "links": st.dictionaries(
            _TEXTS.filter(lambda name: name != "lead"),
            _some(
                {"lead_id": _TEXTS, "other_id": _TEXTS},
                {
                    "separator": st.sampled_from([";", ", "]),
                    "kind": st.sampled_from(["id", "email", "merged"]),
                    **_EXPORT,
                },
            ),
        ),
        "history": st.dictionaries(_TEXTS, _some({}, {"id": _TEXTS, **_EXPORT}), max_size=2),
        "criteria": st.dictionaries(_TEXTS, _CRITERION, max_size=2),
        "money": _some({}, {"value_of_win": _NUMBERS, "capacity_per_month": _NUMBERS}),
        "lists": st.dictionaries(_TEXTS, st.dictionaries(_TEXTS, st.just("a"), max_size=1)),
        "never_use": st.fixed_dictionaries({"columns": st.lists(_TEXTS)}),
        "words": st.dictionaries(
            _TEXTS, st.just({"did": "viewed", "thing": "page", "things": "pages"}), max_size=2
        ),
    },
)


@settings(max_examples=60, deadline=None)
@given(DEFINITIONS)
def test_what_is_written_says_the_same(values: dict[str, Any]) -> None:
    d = Definition.model_validate(values)
    again = Definition.parse(d.to_toml())
    assert again == d
    assert again.digest() == d.digest()
    assert again.differences(d) == []
    assert again.to_toml() == d.to_toml()


def test_the_example_is_written_as_a_person_would(example: str) -> None:
    said = Definition.parse(example).to_toml()
    assert Definition.parse(said) == Definition.parse(example)
    for line in [
        "within_days = 90",
        "ages_days = [0, 7, 30, 60]",
        "[leads.columns]",
        'Title = "fixed"',
        '"HubSpot Score" = "incumbent"',
        "covers_from = 2024-03-01",
        'id_of = ["lead", "contact"]',
        'stages = { "Closed Won" = "won", "Closed Lost" = "lost" }',
        'in = ["DE", "AT", "CH"]',
        "[lists.trade_show]",
    ]:
        assert line in said.splitlines()
    assert "\n\n\n" not in said
    assert "[related]" not in said
    assert "their_key" not in said  # at its default


def test_long_maps_become_sections(changed: Callable[..., Definition]) -> None:
    stages = {f"Stage number {n}": "won" for n in range(9)}
    d = changed({("outcomes", "opportunity", "stages"): stages})
    assert "[outcomes.opportunity.stages]" in d.to_toml()
    assert Definition.parse(d.to_toml()) == d


def test_parts_can_be_written_alone(example: str) -> None:
    assert write(Definition.parse(example).snapshots) == "ages_days = [0, 7, 30, 60]\n"
