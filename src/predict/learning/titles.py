"""Job titles as words: seniority and function by declared lists, other words by count."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

#: Words (and pairs of words) that tell how senior somebody is; English and German.
SENIORITY: Mapping[str, tuple[str, ...]] = {
    "owner": ("owner", "founder", "cofounder", "co founder", "inhaber", "inhaberin", "gründer",
              "gründerin", "partner", "proprietor", "gesellschafter"),
    "top management": ("ceo", "cfo", "cto", "cio", "cmo", "coo", "cro", "cso", "ciso", "chro",
                       "cdo", "chief", "president", "chairman", "chairwoman", "vorstand",
                       "geschäftsführer", "geschäftsführerin", "geschäftsführung",
                       "managing director", "general manager"),
    "vice president": ("vp", "svp", "evp", "avp", "vice"),
    "director": ("director", "direktor", "direktorin", "directeur"),
    "head": ("head", "leiter", "leiterin", "leitung", "hauptabteilungsleiter",
             "abteilungsleiter", "abteilungsleiterin", "bereichsleiter", "bereichsleiterin"),
    "manager": ("manager", "managerin", "supervisor", "teamleiter", "teamleiterin", "lead"),
    "specialist": ("specialist", "analyst", "consultant", "engineer", "developer", "architect",
                   "expert", "referent", "referentin", "berater", "beraterin", "ingenieur",
                   "ingenieurin", "entwickler", "entwicklerin", "fachkraft"),
    "assistant": ("assistant", "assistent", "assistentin", "coordinator", "administrator",
                  "secretary", "sekretärin", "sachbearbeiter", "sachbearbeiterin", "clerk"),
    "junior": ("junior", "intern", "trainee", "student", "studentin", "werkstudent",
               "praktikant", "praktikantin", "apprentice", "azubi", "graduate"),
}  # fmt: skip

#: Words (and pairs of words) that tell which part of the company somebody works in.
FUNCTION: Mapping[str, tuple[str, ...]] = {
    "marketing": ("marketing", "brand", "communications", "kommunikation", "growth", "demand",
                  "content", "seo", "cmo", "advertising", "werbung"),
    "sales": ("sales", "vertrieb", "account executive", "business development", "revenue", "cro",
              "vertriebsleiter", "vertriebsleiterin", "außendienst", "innendienst"),
    "it": ("it", "edv", "cio", "cto", "ciso", "software", "systems", "infrastructure",
           "informatik", "devops", "security", "network", "cloud", "sysadmin"),
    "data": ("data", "analytics", "bi", "business intelligence", "daten", "cdo", "statistician"),
    "finance": ("finance", "financial", "cfo", "controller", "controlling", "accounting",
                "accountant", "treasurer", "finanzen", "buchhaltung", "buchhalter", "audit"),
    "people": ("hr", "people", "human resources", "chro", "talent", "recruiter", "recruiting",
               "personal", "personalleiter", "personalleiterin", "personalabteilung"),
    "operations": ("operations", "coo", "logistics", "logistik", "supply", "production",
                   "produktion", "manufacturing", "plant", "werksleiter", "quality", "facility"),
    "purchasing": ("purchasing", "procurement", "einkauf", "einkäufer", "einkäuferin",
                   "einkaufsleiter", "buyer", "sourcing"),
    "product": ("product", "produkt", "produktmanager", "produktmanagerin", "ux", "design"),
    "engineering": ("engineering", "engineer", "developer", "r d", "research", "entwicklung",
                    "entwickler", "forschung", "technik", "konstruktion", "ingenieur"),
    "legal": ("legal", "counsel", "lawyer", "attorney", "compliance", "recht", "jurist",
              "juristin", "datenschutz"),
    "service": ("service", "support", "customer", "kundendienst", "kundenservice", "success"),
}  # fmt: skip

LISTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {"seniority": SENIORITY, "function": FUNCTION}

#: A word of a title becomes a column of its own when this many leads carry it: fewer could name
#: a person, and a rate from fewer says little.
LEAST_LEADS = 20
MOST_WORDS = 100

_WORD = re.compile(r"[^\W\d_]+")
_FILLERS = frozenset(
    ("and", "at", "de", "des", "for", "für", "im", "in", "of", "the", "und", "von", "zu")
)


def words_of(title: str) -> list[str]:
    """Return the words of a title in small letters, digits and signs left out.

    Examples
    --------
    >>> words_of("Vice-President, Sales (EMEA)")
    ['vice', 'president', 'sales', 'emea']
    """
    return _WORD.findall(unicodedata.normalize("NFC", title).lower())


def marks_of(title: str) -> list[str]:
    """Return what is said of a title: declared marks (``"seniority: head"``) and its own words.

    A pair of words counts where a list declares it. A vice president is no president.

    Examples
    --------
    >>> marks_of("Head of IT")
    ['seniority: head', 'function: it', 'word: head', 'word: it']
    >>> [mark for mark in marks_of("Vice President") if mark.startswith("seniority")]
    ['seniority: vice president']
    """
    words = words_of(title)
    known = {*words, *(f"{a} {b}" for a, b in pairwise(words))}
    if "vice" in known:
        known -= {"president"}
    marks = [
        f"{name}: {mark}"
        for name, lists in LISTS.items()
        for mark, listed in lists.items()
        if not known.isdisjoint(listed)
    ]
    return marks + [f"word: {w}" for w in dict.fromkeys(words) if w not in _FILLERS and len(w) > 1]


def vocabulary(titles: Iterable[str | None], leads: Iterable[object]) -> tuple[str, ...]:
    """Return the marks carried by enough leads, declared ones first, then the most frequent words.

    Parameters
    ----------
    titles, leads : iterables of equal length
        One title per row, and the lead (or account) the row belongs to, counted once per mark.

    Examples
    --------
    >>> vocabulary(["CEO"] * 20 + ["Baker"] * 19, range(39))
    ('seniority: top management', 'word: ceo')
    """
    marks: dict[str, list[str]] = {}
    seen: set[tuple[str, object]] = set()
    for title, lead in dict.fromkeys(zip(titles, leads, strict=True)):
        if title is not None:
            if title not in marks:
                marks[title] = marks_of(title)
            seen.update((mark, lead) for mark in marks[title])
    return _most_frequent(Counter(mark for mark, _ in seen))


def _most_frequent(carriers: Mapping[str, int]) -> tuple[str, ...]:
    enough = sorted(
        (m for m, n in carriers.items() if n >= LEAST_LEADS), key=lambda m: (-carriers[m], m)
    )
    declared: Sequence[str] = [m for m in enough if not m.startswith("word: ")]
    words: Sequence[str] = [m for m in enough if m.startswith("word: ")]
    return (*sorted(declared), *words[:MOST_WORDS])
