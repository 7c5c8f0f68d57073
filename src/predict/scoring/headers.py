"""Headers: the columns of a list mapped to ours, each with how that was found and how sure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Literal

from predict.crm.profile import mail_columns
from predict.errors import InputError, nearest
from predict.scoring.contents import HALF, Known, Sample, held, is_degree, is_mail
from predict.scoring.countries import is_country
from predict.scoring.firstrow import check_first_row
from predict.scoring.synonyms import SHOWN, meaning_of, place_of, plain

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.crm.texttable import TextTable
    from predict.definition.schema import Definition

Sure = Literal["certain", "likely", "guess", ""]
#: Roles of leads, which say what a column means whatever it is called.
_ROLES = ("lead_id", "created_at", "source", "campaign", "list", "owner")


@dataclass(frozen=True)
class Found:
    """What became of one header.

    Parameters
    ----------
    header : str
        As the list has it.
    ours : str or None
        Our column; None where nothing is made of it.
    how : str
        How it was found: by the definition, by name, as a synonym, by its content.
    sure : {"certain", "likely", "guess", ""}
        How sure that is.
    use : {"scored", "shown", "unused"}
        Whether the score (or the match) reads it, only pages and import files show it, or neither.
    note : str
        What else a reader should know.
    meaning : str
        What the column holds, one of `predict.scoring.synonyms`, or "".
    rival : str
        What of ours it would be, did another column not speak for the same; or "".
    """

    header: str
    ours: str | None = None
    how: str = ""
    sure: Sure = ""
    use: Literal["scored", "shown", "unused"] = "unused"
    note: str = ""
    meaning: str = ""
    rival: str = ""


@dataclass(frozen=True)
class Headers:
    """The mapping of a list.

    Parameters
    ----------
    found : tuple of Found
        One per header, in order.
    """

    found: tuple[Found, ...]

    @property
    def renamed(self) -> dict[str, str]:
        """Header → our column, for the headers that are read; no two share one."""
        return {f.header: f.ours for f in self.found if f.use == "scored" and f.ours}

    @property
    def mapping(self) -> dict[str, str]:
        """The same for the headers that are called otherwise than our column."""
        return {f.header: f.ours for f in self.found if f.ours and f.header != f.ours}

    @property
    def meanings(self) -> dict[str, str]:
        """Header → what it holds, for the headers that are read or shown."""
        return {f.header: f.meaning for f in self.found if f.meaning}

    @property
    def unused(self) -> tuple[str, ...]:
        """Headers that nothing is made of."""
        return tuple(f.header for f in self.found if f.use == "unused")

    def as_list(self) -> list[dict[str, str | None]]:
        """Return one JSON-ready mapping per header."""
        return [asdict(f) for f in self.found]

    def as_toml(self, name: str) -> str:
        """Return the mapping as ``[lists.NAME]``, ready to be pasted into the definition.

        Examples
        --------
        >>> found = Found("Funktion", "Title", "synonym of “Title”", "likely", "scored")
        >>> print(Headers((found, Found("Notes"))).as_toml("fair"))
        # How each header was read. Correct it where it is wrong, then paste it into the definition.
        [lists.fair]
        "Funktion" = "Title"  # synonym of “Title”, likely
        # not used: Notes
        <BLANKLINE>
        """
        said = "# How each header was read. Correct it where it is wrong, then paste it into the "
        lines = [f"{said}definition.", f"[lists.{_bare(name)}]"]
        for found in self.found:
            if found.ours is not None:
                note = f"; {_one_line(found.note)}" if found.note else ""
                lines.append(
                    f"{_quoted(found.header)} = {_quoted(found.ours)}  "
                    f"# {_one_line(found.how)}, {found.sure}{note}"
                )
        if self.unused:
            lines.append(f"# not used: {_one_line(', '.join(self.unused))}")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Target:
    """A column of ours that a header may be read as."""

    name: str
    meanings: frozenset[str]
    kind: str


def map_headers(
    crm: Crm, text: TextTable, given: Mapping[str, str] | None = None, name: str = ""
) -> Headers:
    """Map the headers of a list to our columns, no two to one.

    By the mapping given, then by the same name, by what headers commonly mean (`synonyms`), at
    last by what the columns hold (`contents`).

    Parameters
    ----------
    crm : Crm
        The opened export.
    text : TextTable
        The list.
    given : mapping of header to our column, optional
        From ``[lists.NAME]``. Without it the one whose headers the list all has is taken.
    name : str
        NAME, to be told.

    Raises
    ------
    InputError
        No header of ``given`` is in the list, two headers surely mean the same column, none is
        one that the model knows, or the first row is no header but a person.
    """
    if not given:
        name, given = _fitting(crm.definition, text.columns)
    _check_given(given, text)
    targets = targets_of(crm)
    found = {h: Found(h) for h in text.columns}
    for header in text.columns:
        ours = given.get(header, header)
        if ours in targets:
            how = f"definition, [lists.{name}]" if header in given else "same name"
            found[header] = _as(found[header], targets[ours], how, "certain")
    _apart(found.values(), text.name)
    known = Known(crm)
    sample = Sample.of(text, [h for h in text.columns if found[h].ours is None])
    _by_spelling(found, targets, sample, known)
    named = [h for h, f in found.items() if f.ours is not None or meaning_of(h)]
    check_first_row(text, named, given)
    _by_meaning(found, targets, sample, known)
    _by_content(found, targets, sample, known)
    done = Headers(tuple(_shown(f, targets) for f in found.values()))
    if not done.renamed:
        names = list(targets)
        hints = [f"“{h}” may be “{n}”" for h in text.columns if (n := nearest(h, names))]
        raise InputError(
            "no column of the list is one that the model knows",
            where=text.name,
            got=", ".join(text.columns[:12]),
            do="; ".join(hints[:3]) or "map its headers in [lists.NAME] of the definition",
        )
    return done


def targets_of(crm: Crm) -> dict[str, Target]:
    """Return the columns of ours that a list may bring, with what they mean."""
    definition = crm.definition
    spec = definition.leads
    roles = {r: str(getattr(spec, r)) for r in _ROLES if getattr(spec, r)}
    if definition.account_key:
        roles["account_id"] = definition.account_key
    ids = [spec.lead_id, definition.account_key, *(r.key for r in definition.related.values())]
    mails = mail_columns(spec.of_class("personal"))
    types = {
        p.name: str(p.dtype) for p in crm.profile if "." not in p.name or p.name in spec.columns
    }
    kinds = {c: "id" if c == spec.lead_id else "key" for c in ids if c}
    kinds |= {spec.created_at: "moment"}
    kinds |= {c: t for c, t in types.items() if c not in kinds and c != "email_kind"}
    kinds |= {c: "criterion" for c in definition.criteria_fields if c not in kinds}
    kinds |= dict.fromkeys(mails, "mail")
    kinds |= {c: "personal" for c in spec.of_class("personal") if c not in kinds}
    meanings: dict[str, set[str]] = {c: set() for c in kinds}
    for role, column in roles.items():
        if column in meanings:
            meanings[column].add(role)
    for column in kinds:
        if (meant := meaning_of(column)) and not meanings[column]:
            meanings[column].add(meant)
    if mails:
        meanings[mails[0]].add("email")
    return {c: Target(c, frozenset(meanings[c]), k) for c, k in kinds.items()}


def _fitting(definition: Definition, columns: Iterable[str]) -> tuple[str, Mapping[str, str]]:
    """Return the list of the definition whose headers are all there, that with the most."""
    there = set(columns)
    fits = [(n, m) for n, m in definition.lists.items() if m and set(m) <= there]
    return max(fits, key=lambda f: (len(f[1]), f[0]), default=("", {}))


def _check_given(given: Mapping[str, str], text: TextTable) -> None:
    missing = [h for h in given if h not in text.columns]
    if missing and len(missing) == len(given):
        near = nearest(missing[0], text.columns)
        raise InputError(
            f"the list has none of the headers that its mapping names, such as “{missing[0]}”",
            where=text.name,
            got=", ".join(text.columns[:12]),
            do=f"is it “{near}”?" if near else "correct [lists] in the definition",
        )


def _as(found: Found, target: Target, how: str, sure: Sure, note: str = "") -> Found:
    use: Literal["scored", "shown"] = "shown" if target.kind == "personal" else "scored"
    return replace(found, ours=target.name, how=how, sure=sure, use=use, note=note)


def _apart(found: Iterable[Found], where: str) -> None:
    taken = [f for f in found if f.ours is not None]
    for ours, times in Counter(f.ours for f in taken).items():
        if times > 1:
            raise InputError(
                f"several columns of the list are read as “{ours}”",
                where=where,
                got=", ".join(f.header for f in taken if f.ours == ours),
                do="keep one of them, or map only one in [lists.NAME]",
            )


def _free(found: Mapping[str, Found], targets: Mapping[str, Target]) -> list[Target]:
    taken = {f.ours for f in found.values()}
    return [t for t in targets.values() if t.name not in taken]


def _by_spelling(
    found: dict[str, Found], targets: Mapping[str, Target], sample: Sample, known: Known
) -> None:
    """Map headers that are one of ours but for case, blanks and signs."""
    ours = Counter(plain(t) for t in targets)
    for target in _free(found, targets):
        alike = [h for h, f in found.items() if f.ours is None and plain(h) == plain(target.name)]
        if len(alike) != 1 or ours[plain(target.name)] > 1:
            continue
        header = alike[0]
        if target.kind == "id" and _doubt("lead_id", header, target, sample, known):
            continue  # an organiser's “ID” is not the “Id” of the CRM
        found[header] = _as(found[header], target, "same name, spelled otherwise", "certain")


def _by_meaning(
    found: dict[str, Found], targets: Mapping[str, Target], sample: Sample, known: Known
) -> None:
    free = _free(found, targets)
    meant = [(h, m) for h, f in found.items() if f.ours is None and (m := meaning_of(h))]
    for header, meaning in sorted(meant, key=lambda hm: place_of(hm[0])):
        fitting = [t for t in free if meaning in t.meanings]
        if len(fitting) != 1:
            taken = next(
                (f for f in found.values() if f.ours and meaning in targets[f.ours].meanings), None
            )
            if taken is not None:
                note = f"“{taken.header}” is read as “{taken.ours}” already"
                found[header] = replace(found[header], note=note, rival=taken.ours or "")
            continue
        doubt = _doubt(meaning, header, fitting[0], sample, known)
        if doubt:
            found[header] = replace(found[header], note=doubt)
            continue
        how = f"synonym of “{fitting[0].name}”"
        found[header] = _as(found[header], fitting[0], how, "likely")
        free = [t for t in free if t is not fitting[0]]


def _doubt(meaning: str, header: str, target: Target, sample: Sample, known: Known) -> str:
    """Return why a header is not believed, as what it holds is something else."""
    values = sample.values.get(header, [])
    if not values:
        return ""
    if meaning == "lead_id":
        fits = known.shape.tells and sample.share(header, known.shape.fits) >= HALF
        if not fits and not known.ids_among(values):
            return "its values are not ids of this CRM"
    if meaning == "email" and sample.share(header, is_mail) < HALF:
        return "its values are not e-mail addresses"
    if meaning == "job_title" and sample.share(header, is_degree) > HALF:
        return "its values are academic titles, not positions"
    if meaning == "country" and sample.share(header, is_country) < HALF:
        levels = set(known.levels(target.name))
        if sample.share(header, levels.__contains__) < HALF:
            return "its values are not countries"
    return ""


def _by_content(
    found: dict[str, Found], targets: Mapping[str, Target], sample: Sample, known: Known
) -> None:
    seen = {}
    fields = [
        (t.name, next(iter(sorted(t.meanings)), None), t.kind)
        for t in _free(found, targets)
        if t.kind in ("id", "mail", "text", "category")
    ]
    for header, one in found.items():
        if one.ours is None and meaning_of(header) not in SHOWN and fields:
            best = held(sample, header, known, fields)
            if best is not None:
                seen[header] = best
    # Two columns that speak for one of ours: neither is believed.
    times = Counter(ours for ours, _, _ in seen.values())
    for header, (ours, share, words) in seen.items():
        if times[ours] > 1:
            note = f"it looks like “{ours}”, and so does another column"
            found[header] = replace(found[header], note=note, rival=ours)
        else:
            how = f"content: {100 * share:.0f} % {words}"
            found[header] = _as(found[header], targets[ours], how, "guess")


def _shown(found: Found, targets: Mapping[str, Target]) -> Found:
    meant = sorted(targets[found.ours].meanings) if found.ours else []
    meaning = meant[0] if meant else meaning_of(found.header) or ""
    if found.use == "unused" and meaning in SHOWN:
        return replace(found, use="shown", meaning=meaning)
    return replace(found, meaning=meaning if found.use != "unused" else "")


def _bare(name: str) -> str:
    bare = "_".join("".join(c if c.isascii() and c.isalnum() else " " for c in name).split())
    return bare.lower() or "list"


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
