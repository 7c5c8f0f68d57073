"""Word lists of the simulated company: every firm and person in it is visibly invented."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

SELLER: Final = "Sampleford Fieldware"
"""The simulated seller: it plans the visits of field service teams. No such firm exists."""

# fmt: off
FIRST_NAMES: Final = (
    "Alvo", "Brina", "Corin", "Delva", "Emko", "Fenya", "Garlo", "Hesta", "Ilmo", "Jorva",
    "Kelva", "Lomir", "Mirka", "Nolan", "Orsa", "Pelko", "Quenna", "Rilo", "Silka", "Tarvo",
    "Ulva", "Vesko", "Wenja", "Xandro", "Yorka", "Zelmo",
)
LAST_NAMES: Final = (
    "Sampleton", "Testwell", "Mockford", "Demoson", "Exampleton", "Placeholm", "Dummond",
    "Fictner", "Musterlin", "Beispielsen", "Ejemplaz", "Esempioni", "Voorbeeldsma",
    "Provarsson", "Nulliver", "Lorimsum", "Testberg", "Mocklund", "Samplewood", "Fauxley",
    "Pseudonov", "Dryrunner",
)
ACCOUNT_HEADS: Final = (
    "Mock", "Sample", "Test", "Demo", "Specimen", "Dummy", "Fict", "Faux", "Proxy", "Pilot",
)
ACCOUNT_TAILS: Final = (
    "vale", "holm", "moor", "wick", "stead", "brook", "ford", "mere", "dale", "gate",
)
# fmt: on

FREE_MAIL_DOMAINS: Final = ("freemail.example", "postbox.example")
"""Stand-ins for public mail providers; ``.example`` is reserved, so that no mail can arrive."""

OWNERS: Final = tuple(f"rep-{n:02d}" for n in range(1, 9))
COUNTRIES: Final = ("DE", "AT", "CH", "NL", "FR", "GB", "US")
FORM_VARIANTS: Final = ("A", "B", "C")
BADGE_COLOURS: Final = ("amber", "blue", "coral", "green", "grey", "violet")

INDUSTRIES: Final = (
    "Energy",
    "Logistics",
    "Manufacturing",
    "Facility services",
    "Health care",
    "Software",
    "Public sector",
    "Education",
)
SENIORITIES: Final = ("chief", "vice president", "director", "manager", "specialist", "student")
FUNCTIONS: Final = ("operations", "it", "finance", "marketing", "hr")

_AREAS: Final[dict[str, tuple[str, ...]]] = {
    "operations": ("Operations", "Field Service", "Service Delivery", "Maintenance"),
    "it": ("IT", "Information Technology", "Digital Systems", "Business Applications"),
    "finance": ("Finance", "Controlling", "Accounting"),
    "marketing": ("Marketing", "Communications", "Brand Marketing"),
    "hr": ("HR", "Human Resources", "People and Culture"),
}
_CHIEFS: Final[dict[str, tuple[str, ...]]] = {
    "operations": ("COO", "Chief Operating Officer", "Managing Director Operations"),
    "it": ("CIO", "Chief Information Officer", "CTO", "Chief Technology Officer"),
    "finance": ("CFO", "Chief Financial Officer"),
    "marketing": ("CMO", "Chief Marketing Officer"),
    "hr": ("CHRO", "Chief People Officer", "Chief Human Resources Officer"),
}
_WORDINGS: Final[dict[str, tuple[str, ...]]] = {
    "vice president": ("VP {}", "Vice President {}", "Vice President of {}", "SVP {}", "vp {}"),
    "director": ("Director {}", "Director of {}", "Head of {}", "Head of {} EMEA"),
    "manager": ("{} Manager", "Manager {}", "Senior Manager {}", "{} Team Lead", "manager, {}"),
    "specialist": ("{} Specialist", "{} Analyst", "{} Coordinator", "Junior {} Analyst"),
    "student": ("Intern {}", "Working Student {}", "{} Trainee", "Student"),
}


def titles(seniority: str, function: str) -> tuple[str, ...]:
    """Return the ways in which people of this seniority and function write their job title.

    Examples
    --------
    >>> titles("chief", "finance")
    ('CFO', 'Chief Financial Officer')
    """
    if seniority == "chief":
        return _CHIEFS[function]
    found = [form.format(area) for area in _AREAS[function] for form in _WORDINGS[seniority]]
    return tuple(dict.fromkeys(found))


def account_names(
    numbers: npt.NDArray[np.int64], industries: npt.NDArray[np.int8]
) -> npt.NDArray[np.object_]:
    """Return invented firm names, unique by account number.

    Examples
    --------
    >>> account_names(np.array([0, 12]), np.array([1, 0], dtype=np.int8)).tolist()
    ['Mockvale Logistics 000001', 'Samplemoor Energy 000013']
    """
    heads, tails, width = len(ACCOUNT_HEADS), len(ACCOUNT_TAILS), 6
    return np.array(
        [
            f"{ACCOUNT_HEADS[(n // 10) % heads]}{ACCOUNT_TAILS[n % tails]} "
            f"{INDUSTRIES[industry]} {n + 1:0{width}d}"
            for n, industry in zip(numbers.tolist(), industries.tolist(), strict=True)
        ],
        dtype=object,
    )
