"""Names that a definition uses and the leads do not have: typing errors that nothing else shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from predict.definition.complaints import dotted
from predict.errors import nearest
from predict.findings import Finding

if TYPE_CHECKING:
    from predict.definition.schema import Definition


def check_names(definition: Definition, columns: Sequence[str]) -> list[Finding]:
    """Return a warning for each criterion and list that names no column of the leads.

    A must-have on such a column would be unknown for everybody, and so hold nobody back; a header
    mapped to it would be dropped.

    Parameters
    ----------
    definition : Definition
        Criteria and lists.
    columns : sequence of str
        Of the leads as exported.
    """
    known = {*columns, *definition.leads.columns}
    found = []
    for name, rule in definition.criteria.items():
        for column in dict.fromkeys((rule.field, *rule.unless)):
            if column not in known:
                said = "the leads have no such column, so this criterion is unknown for everybody"
                found.append(_finding(("criteria", name), column, said, known))
    for name, mapping in definition.lists.items():
        for header, ours in mapping.items():
            if ours not in known:
                said = f"the leads have no such column, so “{header}” of the list goes unused"
                found.append(_finding(("lists", name), ours, said, known))
    return found


def _finding(path: tuple[str, str], column: str, said: str, known: set[str]) -> Finding:
    near = nearest(column, sorted(known))
    hint = f"; did you mean “{near}”?" if near else "."
    return Finding("unknown-name", "warn", dotted(path), f"“{column}”: {said}{hint}")
