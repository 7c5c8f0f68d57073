"""On which line of a TOML text each key stands."""

from __future__ import annotations

import re

import tomlkit

from predict.definition.complaints import KeyPath

_PART = r"""(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_KEY = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*")
_PARTS = re.compile(_PART)
#: Everything between statements, and between the items of a list.
_GAP = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_TEXT = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'",
    re.DOTALL,
)
#: Numbers, dates (which may hold a blank), true, false.
_BARE = re.compile(r"[^,\]}#\n]*")


def lines(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, of every key, section header and list item.

    tomlkit keeps comments and blanks but not places, so the text is walked once more. Only call
    this with a text that tomlkit has parsed: the walk knows the outer shape of TOML alone.

    Examples
    --------
    >>> found = lines('name = "x"\\n[leads]\\ncolumns = { Id = "fixed" } # one\\n')
    >>> found[("leads",)], found[("leads", "columns", "Id")]
    (2, 3)
    """
    return _Walk(text).lines()


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[KeyPath, int] = {}

    def lines(self) -> dict[KeyPath, int]:
        header: KeyPath = ()
        self.skip()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                self.take(re.compile(r"\[+[ \t]*"))
                header = self.key(())
                self.take(re.compile(r"[ \t]*\]+"))
            else:
                self.pair(header)
            self.skip()
        return self.found

    def take(self, pattern: re.Pattern[str]) -> str:
        """Step over what the pattern matches here, and return it."""
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"no TOML at character {self.at}")
        self.at = match.end()
        return match.group()

    def skip(self) -> None:
        self.take(_GAP)

    def key(self, parent: KeyPath) -> KeyPath:
        """Step over a key, dotted or not, and note where it and the sections it implies stand."""
        line = self.text.count("\n", 0, self.at) + 1
        parts = _PARTS.findall(self.take(_KEY))
        names = [str(tomlkit.value(p)) if p[0] in "\"'" else p for p in parts]
        path = (*parent, *names)
        for depth in range(len(parent) + 1, len(path)):
            self.found.setdefault(path[:depth], line)
        self.found[path] = line
        return path

    def pair(self, parent: KeyPath) -> None:
        path = self.key(parent)
        self.take(re.compile(r"[ \t]*=[ \t]*"))
        self.value(path)

    def value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening in "\"'":
            self.take(_TEXT)
        elif opening == "[":
            self.items(path)
        elif opening == "{":
            self.at += 1
            self.skip()
            while self.text[self.at] != "}":
                self.pair(path)
                self.skip()
            self.at += 1
        else:
            self.take(_BARE)

    def items(self, path: KeyPath) -> None:
        self.at += 1
        self.skip()
        number = 0
        while self.text[self.at] != "]":
            self.found[(*path, number)] = self.text.count("\n", 0, self.at) + 1
            self.value((*path, number))
            self.skip()
            number += 1
        self.at += 1
