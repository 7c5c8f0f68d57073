"""What a definition may already say and this version does not act on, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from predict.definition.complaints import dotted
from predict.definition.profiles import LeadsTable, RelatedTable

#: Classes of columns that may become features, and so may be known from some moment on.
LEARNED = ("fixed", "mutable")


def sentences(leads: LeadsTable, related: Mapping[str, RelatedTable]) -> list[str]:
    """Return one sentence for each thing that is read and not acted on.

    None of them is an error: nothing is learned from such columns.
    """
    said = []
    joined = [(dotted(("related", name)), table) for name, table in related.items()]
    for name, profile in [("leads", leads), *joined]:
        dated = [
            n
            for n, column in profile.columns.items()
            if column.known_from is not None and column.cls not in LEARNED
        ]
        if dated:
            said.append(
                f"{name}.columns: {', '.join(dated)}: known_from is looked at for fixed and "
                "mutable columns only."
            )
    return said
