"""Layout: which columns of leads there are, how each is read, and what is made of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from predict.crm.eligibility import NO_CONTACT, no_contact
from predict.crm.people import ORIGIN, PeopleTables
from predict.crm.profile import (
    FROM_MAIL,
    ProfileColumn,
    ProfileType,
    first_address,
    from_mail,
    mail_columns,
    mail_keys,
)
from predict.crm.reader import Reader, parser, profile_value
from predict.crm.stamps import column_us
from predict.crm.tables import CRITERION, INCUMBENT, PROFILE
from predict.crm.texttable import TextTable, as_text

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.definition.columns import Column
    from predict.definition.schema import Definition

#: Roles of the leads table that are profile features as well.
ROLE_FEATURES = ("source", "campaign", "list")


@dataclass(frozen=True)
class Layout:
    """The columns of leads by what they are for.

    Parameters
    ----------
    types : mapping of str to str
        Profile columns and how the model reads them.
    personal, incumbents, criteria, keys : tuple of str
        Columns that go no further, that rank leads today, that criteria ask for, that name the
        rows of related profiles.
    asks : mapping of str to Column
        Those that say who may be contacted.
    parsers : mapping of str to str
        How each column is parsed.
    """

    types: Mapping[str, ProfileType]
    personal: tuple[str, ...]
    incumbents: tuple[str, ...]
    criteria: tuple[str, ...]
    keys: tuple[str, ...]
    asks: Mapping[str, Column]
    parsers: Mapping[str, str]

    def columns(
        self, rows: ir.Table, definition: Definition
    ) -> tuple[dict[str, Any], list[ProfileColumn]]:
        """Return the columns of `Crm.leads` made of parsed rows, and which of them are profile.

        ``m:…`` hold lower-case addresses, ``origin``, ``file`` and ``record`` the place of a row.
        """
        spec, roles = definition.leads, roles_of(definition)
        made: dict[str, Any] = {
            "lead_id": rows[roles["lead_id"]],
            "created_us": column_us(rows[roles["created_at"]]),
            "account_id": _optional(rows, roles.get("account_id")),
            "owner": _optional(rows, roles.get("owner")),
            "origin": rows[ORIGIN],
            "file": rows["_file"],
            "record": rows["_record"],
            NO_CONTACT: no_contact(rows, self.asks),
        }
        made |= {PROFILE + c: profile_value(rows[c], t) for c, t in self.types.items()}
        made |= {INCUMBENT + c: rows[c] for c in self.incumbents}
        made |= {CRITERION + c: as_text(rows[c]).strip().nullif("") for c in self.criteria}
        made |= {f"k:{k}": rows[k] for k in self.keys}
        profile = [
            ProfileColumn(c, PROFILE + c, t, spec.columns[c].words if c in spec.columns else None)
            for c, t in self.types.items()
        ]
        addresses, free = mail_columns(self.personal), definition.reading.free_mail
        made |= {f"m:{c}": rows[c].lower() for c in addresses}
        made |= mail_keys([rows[c] for c in addresses], free)
        told = mail_columns(allowed(definition, self.personal))
        if told:
            derived = from_mail(first_address([rows[c] for c in told]), free)
            for name in allowed(definition, derived):
                made[PROFILE + name] = derived[name]
                profile.append(ProfileColumn(name, PROFILE + name, "category", FROM_MAIL[name]))
        return made, profile


def lay_out(
    reader: Reader, text: TextTable, people: PeopleTables, tracked: Collection[str]
) -> Layout:
    """Return the layout of the leads' table.

    Parameters
    ----------
    reader : Reader
        Knows the definition, and the types that were settled before.
    text : TextTable
        The leads as they were read.
    people : PeopleTables
        Tables below the leads, whose values have a say in the types.
    tracked : collection of str
        Mutable columns that are read, as a history may tell of them.
    """
    definition = reader.definition
    spec, roles = definition.leads, roles_of(definition)
    learned = [*spec.of_class("fixed"), *(c for c in spec.of_class("mutable") if c in tracked)]
    named = [roles[r] for r in ROLE_FEATURES if r in roles and roles[r] not in spec.columns]
    keys = tuple(r.key for r in definition.related.values())
    ids = [*keys, *(roles[r] for r in ("lead_id", "account_id", "owner") if r in roles)]
    declared: dict[str, str | None] = dict.fromkeys(allowed(definition, named))
    declared |= {c: spec.columns[c].type for c in allowed(definition, learned)}
    declared |= {c: "category" for c in ids if c in declared}
    types = people.agreed(reader, text, declared)
    personal = spec.of_class("personal")
    incumbents = allowed(definition, spec.of_class("incumbent"))
    criteria = [c for c in definition.criteria_fields if c in text.columns]
    asks = {c: spec.columns[c] for c in spec.of_class("eligibility")}
    parsers = dict.fromkeys([*personal, *criteria, *asks], "text")
    parsers |= {c: parser(t) for c, t in types.items()}
    parsers |= dict.fromkeys(incumbents, "number") | dict.fromkeys(ids, "id")
    parsers[roles["created_at"]] = "timestamp"
    return Layout(types, personal, tuple(incumbents), tuple(criteria), keys, asks, parsers)


def roles_of(definition: Definition) -> dict[str, str]:
    """Return role → column of the roles that the definition gives to columns of leads."""
    spec = definition.leads
    names = ("lead_id", "created_at", "account_id", "owner", *ROLE_FEATURES)
    roles = {name: getattr(spec, name) for name in names if getattr(spec, name)}
    if "account_id" not in roles and definition.account_key:
        roles["account_id"] = definition.account_key
    return roles


def allowed(definition: Definition, names: Iterable[str]) -> list[str]:
    """Return the names that may be used."""
    return [n for n in names if n not in definition.never_use.columns]


def _optional(rows: ir.Table, name: str | None) -> ir.Value:
    import ibis

    return ibis.null("string") if name is None else rows[name]
