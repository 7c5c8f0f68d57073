from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from predict.definition.places import lines

AWKWARD = '''\
# [not.a.section]
title = "a # b = c" # d = 1
"quoted key" = 'x = 1'
dotted . "k\\u00e9y" . deep = 1
long = """
[no.section]
key = "no key"
"""
raw = \'\'\'
a = \\ \'\'\'
list = [ # one
    "a]b", 'c"d',

    # two
    [1, 2], { in = 3, "out side" = [4] },
]
when = 2024-03-01 07:00:00+01:00
[ section . "with.dot" ]
a.b = { c = 1, d = { e = [5,
    6] } }
[section.below]
last = """\\"""" # "
'''


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Walk what tomlkit made of a text: an oracle for which paths there are."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _paths(inner, (*path, number))


def test_an_awkward_text() -> None:
    found = lines(AWKWARD)
    assert set(found) == set(_paths(tomlkit.parse(AWKWARD).unwrap()))
    at = {text: n for n, text in enumerate(AWKWARD.splitlines(), start=1)}
    assert found[("title",)] == 2
    assert found[("quoted key",)] == 3
    assert found[("dotted", "kéy", "deep")] == 4
    assert found[("raw",)] == at["raw = '''"]
    assert found[("list", 0)] == at["list = [ # one"] + 1
    assert found[("list", 2, 1)] == found[("list", 3, "out side", 0)] == at["]"] - 1
    assert found[("section", "with.dot")] == at['[ section . "with.dot" ]']
    assert found[("section", "with.dot", "a", "b", "d", "e", 1)] == at["    6] } }"]
    assert found[("section", "below", "last")] == len(AWKWARD.splitlines())


def test_line_ends_of_windows() -> None:
    assert lines(AWKWARD.replace("\n", "\r\n")) == lines(AWKWARD)


def test_sections_in_any_order_and_implied_ones() -> None:
    found = lines("[a.b]\nx = 1\n[c]\ny = 2\n[a]\nz = 3\n")
    assert found[("a",)] == 5
    assert found[("a", "b")] == 1
    assert lines("\n[a.b.c]\n")[("a", "b")] == 2


_KEYS = st.text(min_size=1, max_size=8)
_SCALARS = st.text(max_size=12) | st.integers(-9, 9) | st.booleans() | st.floats(-9, 9)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(_SCALARS, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=5), st.booleans())
def test_paths_are_those_that_tomlkit_finds(values: dict[str, Any], windows: bool) -> None:
    text = tomlkit.dumps(values)
    found = lines(text.replace("\n", "\r\n") if windows else text)
    assert set(found) == set(_paths(tomlkit.parse(text).unwrap()))
    rows = text.split("\n")
    for path, line in found.items():
        if isinstance(path[-1], str):
            assert tomlkit.key(path[-1]).as_string() in rows[line - 1]


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "\t \n"])
def test_texts_without_keys(text: str) -> None:
    assert lines(text) == {}
