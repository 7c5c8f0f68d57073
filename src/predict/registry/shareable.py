"""What may be shared with a tracking server, and in which form: figures, texts, known files.

A parameter, metric or tag may hold no e-mail address. A file must be of a known kind
(`SHAREABLE`): the definition (TOML), manifests, summaries and findings (JSON, text), pictures
(SVG), model cards (HTML, Markdown), and tables with the columns of a backtest (predictions by lead
id; curves). Exports, rejects and lists are none of these and never leave.
"""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path

from predict.errors import RefusedError

#: Kinds of text files, searched for e-mail addresses; the definition is its author's own words.
TEXT = frozenset({".json", ".svg", ".txt", ".md", ".html", ".csv"})
TABLES = frozenset({".parquet", ".csv"})
SHAREABLE = TEXT | TABLES | {".toml"}
#: Columns that a shared table may have, besides ``p_*`` and ``incumbent_*``: predictions, curves.
COLUMNS = frozenset(
    {"lead_id", "as_of", "created_at", "cutoff", "y", "probability", "basis", "group", "new_lead"}
    | {"kind", "series", "x", "low", "high", "n"}
)
#: Longest value of a parameter, in characters.
LONGEST = 6000
_ODD = re.compile(r"[^\w\-. /]")
_EMAIL = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+\.[A-Za-z]{2,}")
#: The same from its @ on: found in a time that does not grow with the square of a long picture.
_AT = re.compile(r"(?<=[^\s@\"'<>])@[^\s@\"'<>]+\.[A-Za-z]{2,}")


def check_values(values: Mapping[str, object], kind: str) -> None:
    """Raise `RefusedError` where a name or value holds an e-mail address.

    Examples
    --------
    >>> check_values({"trials": 12}, "parameter")
    >>> check_values({"owner": "anna@example.com"}, "tag")
    Traceback (most recent call last):
    ...
    predict.errors.RefusedError: an e-mail address would be shared with the tracking server
      where: tag 'owner'
      do:    leave it out
    """
    for name, value in values.items():
        if _AT.search(name) or _AT.search(str(value)):
            shown = _EMAIL.sub("…", name)
            raise RefusedError(
                "an e-mail address would be shared with the tracking server",
                where=f"{kind} {shown!r}",
                do="leave it out",
            )


def check_file(name: str, path: Path) -> None:
    """Raise `RefusedError` unless the file is of a shareable kind and holds nothing personal.

    Parameters
    ----------
    name : str
        What the file is to be called, for the message.
    path : Path
        The file.
    """
    kind = path.suffix.lower()
    if kind not in SHAREABLE:
        raise RefusedError(
            "this kind of file may hold personal data and is not shared",
            where=name,
            got=kind or "no extension",
            do=f"share only {', '.join(sorted(SHAREABLE))}",
        )
    if kind in TABLES:
        _check_columns(name, path)
    if kind in TEXT and _AT.search(path.read_text(encoding="utf-8")):
        raise RefusedError(
            "a file to be shared with the tracking server holds an e-mail address",
            where=name,
            do="find out which text of the definition or the export it comes from",
        )


def _check_columns(name: str, path: Path) -> None:
    from pyarrow import csv, parquet

    is_csv = path.suffix.lower() == ".csv"
    schema = csv.open_csv(path).schema if is_csv else parquet.read_schema(path)
    odd = [
        column
        for column in schema.names
        if column not in COLUMNS and not column.startswith(("p_", "incumbent_"))
    ]
    if odd:
        raise RefusedError(
            "a table to be shared has columns beyond those of a backtest",
            where=name,
            got=", ".join(odd[:5]),
            do="share only keys, outcome and probabilities",
        )


def texts(values: Mapping[str, object]) -> dict[str, str]:
    """Return names and values as a tracking server takes them: text, not too long.

    Examples
    --------
    >>> texts({"trials": 12, "ages": [0, 7], "lift_10%": None})
    {'trials': '12', 'ages': '[0, 7]', 'lift_10': 'None'}
    """
    return {_name(name): _text(value)[:LONGEST] for name, value in values.items()}


def figures(values: Mapping[str, object]) -> dict[str, float]:
    """Return the finite numbers among values, bounds of an interval as figures of their own.

    Parameters
    ----------
    values : mapping
        Numbers, or tables of numbers such as ``{"value", "low", "high"}``; others are left out.

    Examples
    --------
    >>> figures({"auc": {"value": 0.75, "low": 0.7, "high": 0.8}, "leads": 90, "lift": None})
    {'auc': 0.75, 'auc_low': 0.7, 'auc_high': 0.8, 'leads': 90.0}
    """
    flat: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= {name if k == "value" else f"{name}_{k}": v for k, v in value.items()}
        else:
            flat[name] = value
    return {
        _name(name): float(value)
        for name, value in flat.items()
        if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    }


def steps(folds: Sequence[Mapping[str, object]]) -> list[tuple[str, float, int, int]]:
    """Return name, value, moment (ms since 1970) and step of every figure of every fold.

    A fold's step is its place, from 1 on, and its moment is its ``cutoff``, so that a chart over
    time shows the months that were tested and not the seconds that the training took.

    Examples
    --------
    >>> steps([{"cutoff": "2026-01-01", "auc": 0.7}, {"cutoff": "2026-02-01", "auc": 0.8}])
    [('fold/auc', 0.7, 1767225600000, 1), ('fold/auc', 0.8, 1769904000000, 2)]
    """
    import pandas as pd

    return [
        (f"fold/{name}", value, int(pd.Timestamp(str(fold["cutoff"])).timestamp() * 1000), step)
        for step, fold in enumerate(folds, start=1)
        for name, value in figures(fold).items()
    ]


def staged(files: Mapping[str, Path], folder: Path) -> Path:
    """Copy files to the paths below ``folder`` that they are shared under; they keep their kind."""
    folder.mkdir(parents=True)
    for name, path in files.items():
        target = folder / (name if name.endswith(path.suffix) else name + path.suffix)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return folder


def _name(name: str) -> str:
    return _ODD.sub("", name)


def _text(value: object) -> str:
    is_table = isinstance(value, (Mapping, list, tuple))
    return json.dumps(value, sort_keys=True, default=str) if is_table else str(value)
