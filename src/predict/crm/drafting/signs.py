"""Signs: words in names and values by which columns, kinds and stages of unknown files are told.

All of them are guesses, and each that is used is written into the draft as its reason.
"""

from __future__ import annotations

import re
from typing import Final

from predict.crm.presets.fields import bare

#: (class, pattern on a name's words), the first that fits counts. ``count`` is a figure summed up
#: to the export; ``profile`` says who the lead is.
_CLASSES: Final = (
    ("personal", r"\b(e ?mail|first ?name|last ?name|surname|full ?name|phone|mobile|fax)\b"),
    ("personal", r"\b(street|address|zip|postal|post ?code|city|url|website|linked ?in)\b"),
    ("personal", r"\b(company|firm|account|organi[sz]ation) ?name\b|^(company|name|firm)$"),
    ("personal", r"\b(notes?|comments?|description|message|remarks?)\b"),
    ("protected", r"\b(gender|sex|marital|relationship status|military|birth|birthday|dob)\b"),
    ("protected", r"\b(religion|ethnic\w*|race|nationality|disab\w*|pregnan\w*)\b|^age$"),
    ("protected", r"\bsalutation\b"),
    ("eligibility", r"\b(opt(ed)? ?(out|in)|unsubscribed?|do not|consent|gdpr|legal basis)\b"),
    ("profile", r"\b(employees?|headcount|size|title|position|seniority|function|department)\b"),
    ("profile", r"\b(industry|sector|segment|country|region|language|annual revenue|turnover)\b"),
    ("incumbent", r"\b(score|grade|rating|probability|propensity|predict\w*|likelihood)\b"),
    ("last_of", r"\b(last|latest|recent|newest|modified|updated|changed|modstamp)\b"),
    ("hindsight", r"\b(close[ds]?|won|win|lost|loss|deals?|opportunity|opportunities|revenue)\b"),
    ("hindsight", r"\b(reason|disposition|result|convert\w*|conversion|outcome)\b"),
    ("hindsight", r"\b(call|calls|called|talk|duration|meeting|contacted)\b"),
    ("hindsight", r"\b(budget|authority|timeline|qualified|confirmed|demo held)\b"),
    ("count", r"\b(lifetime|total|number of|count|num|visits|views|sessions|clicks|opens)\b"),
    ("mutable", r"\b(status|stage|phase|step)\b"),
)
_WHY: Final = {
    "personal": "",
    "protected": "a protected trait",
    "eligibility": "may we write or call",
    "incumbent": "by its name what ranks leads today",
    "last_of": "by its name the latest of something: it moves on after the outcome",
    "profile": "by its name who the lead is",
    "hindsight": "by its name known only after contact, or after the outcome",
    "count": "by its name a count up to the export, not up to the look",
    "mutable": "by its name overwritten as the lead moves along",
}
_CONTACT: Final = re.compile(
    r"\b(call|calls|called|talk|duration|meeting|budget|authority|timeline|confirmed)\b"
)

WON: Final = re.compile(
    r"\b(won|closed ?won|customer|approved|registered|activated|signed|purchased?|paid|sold|"
    r"subscribed|enrol\w*|funded|converted|gewonnen|abschluss)\b"
)
LOST: Final = re.compile(
    r"\b(closed ?lost|lost|unqualified|disqualified|declined|denied|rejected|cancel\w*|withdrawn|"
    r"dead|junk|spam|invalid|not converted|no fit|bad fit|not interested|expired|verloren)\b"
)
RECYCLED: Final = re.compile(r"\b(recycled?|nurtur\w*|re ?open\w*|bad timing|revisit)\b")
STEP: Final = re.compile(
    r"\b(mql|sal|sql|(marketing|sales) (qualified|accepted)( lead)?|opportunity)\b"
)
#: Names of columns that say what became of a row.
OUTCOME: Final = re.compile(
    r"^(y|outcome|result|target|label|success|won|is ?won|converted|is ?converted|subscribed|"
    r"purchased|bought|closed ?won|response|deposit|conversion)$"
)
YES: Final = frozenset({"yes", "y", "true", "t", "1", "won", "success", "converted", "closed won"})
OURS: Final = re.compile(
    r"\b(tasks?|calls?|engagements?|outreach|outbound|sales activit\w*|follow ?ups?|dialer|"
    r"disposition|completed)\b"
)
SUPPRESSED: Final = re.compile(
    r"\b(do ?not|suppress\w*|unsubscri\w*|block ?list|opt ?outs?|blacklist|robinson)\b"
)
CREATED: Final = (
    r"\b(creat\w*|regist\w*|reg|signed ?up|sign ?up)\b",
    r"\b(first|contacted|received|submitted|applied|entered|inquir\w*|enquir\w*)\b",
    r"\b(date|time|timestamp|day|at|on)\b",
)
NOT_CREATED: Final = re.compile(
    r"\b(last|latest|recent|modified|updated|changed|close[ds]?|won|due|birth|next|end|until|"
    r"converted|completed|occurred|happened)\b"
)
HAPPENED: Final = (
    r"\b(occurred|happened|completed|timestamp|event ?time|event ?date)\b",
    r"\b(created|entered|date|time|at|on|when)\b",
)
KIND: Final = (
    r"^(kind|type|event|activity|action|event ?type|event ?name|activity ?type)$",
    r"\b(kind|type|event|activity|action|name)\b",
)
AMOUNT: Final = re.compile(r"\b(seconds?|duration|pages?|minutes?|views|clicks|quantity|value)\b")
ASSET: Final = re.compile(
    r"\b(asset|page|url|offer|article|title|content|form|campaign|product|lifecycle)\b"
)


def words(name: str) -> str:
    """Return a name in small letters with its words apart.

    Examples
    --------
    >>> words("Last_Call_Seconds__c"), words("IsConverted"), words("A_DECLINED")
    ('last call seconds', 'is converted', 'a declined')
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"__c$", "", name))
    return " ".join(re.sub(r"[^0-9A-Za-z]+", " ", apart).lower().split())


def class_of(name: str) -> tuple[str, str] | None:
    """Return the class that a name suggests, with the reason, or None.

    Examples
    --------
    >>> class_of("Lifetime_Page_Views__c")[0], class_of("Gender")[0], class_of("Form_Variant__c")
    ('count', 'protected', None)
    """
    said = words(name)
    for cls, pattern in _CLASSES:
        if re.search(pattern, said):
            return cls, _WHY[cls]
    return None


def after_contact(name: str) -> bool:
    """Say whether by its name sales fills a column in after the first contact."""
    return _CONTACT.search(words(name)) is not None


def plain(name: str) -> str:
    """Return a name as a phrase for readers.

    Examples
    --------
    >>> plain("Form_Variant__c")
    'form variant'
    """
    return words(name) or bare(name)
