"""Every number of 1,000 sentences of the simulated company, recounted with plain pandas.

Facts are recounted from the files of the export; what past leads became, from the dataset. Neither
uses a line of the features, the bins or the wording.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import predict as pr

SAMPLE = 1_000
YEAR = 365
KINDS = {
    "page": "page_view",
    "offer": "offer_download",
    "article": "article_read",
    "e-mails": "email_click",
    "webinar": "webinar_attended",
    "demo request": "demo_request",
}
SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0}
WORDS = {"once": 1.0, "one": 1.0, "twice": 2.0, "no": 0.0}
LIMITS = (
    (r"more than 0 but under (?P<below>[\d.,]+)", 0.0),
    (r"(?P<low>[\d.,]+) to under (?P<below>[\d.,]+)", None),
    (r"(?P<low>[\d.,]+) to (?P<high>[\d.,]+)", None),
    (r"(?P<low>[\d.,]+) or more", None),
    (r"(?P<high>[\d.,]+) or less", None),
    (r"under (?P<below>[\d.,]+)", None),
    (r"(?P<low>[\d.,]+)", None),
)


class Export:
    """The files of the export, and what they say of one lead at one moment."""

    def __init__(self, folder: Any) -> None:
        self.events = pd.read_parquet(folder / "events.parquet")
        leads = pd.read_csv(folder / "leads.csv", dtype={"lead_id": "str"})
        accounts = pd.read_csv(folder / "accounts.csv").set_index("account_id")
        self.leads = leads.set_index("lead_id")
        self.accounts = accounts
        stages = pd.read_csv(folder / "stages.csv", parse_dates=["entered_at"])
        self.reached = stages[stages["stage"] == "opportunity"]
        self.groups = dict(list(self.events.groupby("lead_id")))
        self.of_account = self.leads.groupby("account_id").groups

    def done(self, lead_id: str, as_of: pd.Timestamp, concept: str) -> pd.DataFrame:
        """Return the rows that a concept is about, with their age in seconds."""
        if concept.startswith("account "):
            account = self.leads.loc[lead_id, "account_id"]
            others = [i for i in self.of_account.get(account, ()) if i != lead_id]
            found = [self.groups[i] for i in others if i in self.groups]
            rows = pd.concat(found) if found else self.events.head(0)
        else:
            rows = self.groups.get(lead_id, self.events.head(0))
            kind, _, asset = concept.partition("=")
            if concept != "activity":
                rows = rows[rows["kind"] == kind]
            if asset:
                rows = rows[rows["asset"] == asset]
        rows = rows[rows["occurred_at"] < as_of]
        return rows.assign(age=(as_of - rows["occurred_at"]).dt.total_seconds())


def amount(text: str) -> float:
    return WORDS[text] if text in WORDS else float(text.replace(",", ""))


def near(said: str, unit: str, seconds: float) -> bool:
    """Tell whether a printed duration is the exact one, to half of its last digit."""
    size = SECONDS[unit.removesuffix("s")]
    decimals = len(said.partition(".")[2])
    return abs(amount(said) - seconds / size) <= 0.5 * 10.0**-decimals + 1e-9


def over(said: str, unit: str, seconds: float) -> bool:
    """Tell whether a printed age is the exact one in whole units that are over."""
    if "." in said:
        return near(said, unit, seconds)
    return 0 <= seconds / SECONDS[unit.removesuffix("s")] - amount(said) + 1e-9 < 1


def fact_holds(  # noqa: PLR0911, PLR0912 - one form of a fact after the other
    said: str, concept: str, lead_id: str, as_of: pd.Timestamp, export: Export
) -> bool:
    """Tell whether the numbers of a fact are those of the export; True where it has none."""
    bare = re.sub(r"“[^”]*”", "“”", said)
    lead = export.leads.loc[lead_id]
    if found := re.fullmatch(r"the firm has ([\d,.]+) employees?(?: in our records)?", bare):
        account = export.accounts["employees"].get(lead["account_id"])
        return amount(found[1]) == (account if "records" in bare else lead["employees"])
    if found := re.fullmatch(r"came ([\d.]+) (\w+) ago", bare):
        age = (as_of - pd.Timestamp(lead["created_at"])).total_seconds()
        return over(found[1], found[2], age)
    if concept == "account history":
        others = set(export.of_account.get(lead["account_id"], ())) - {lead_id}
        there = export.reached[export.reached["lead_id"].isin(others)]
        there = there[there["entered_at"] < as_of]
        if found := re.search(r"([\d.]+) (\w+) ago$", bare):
            return over(found[1], found[2], (as_of - there["entered_at"].max()).total_seconds())
        n = {"no": 0, "an": 1}.get(bare.split()[0])
        return there["lead_id"].nunique() == (amount(bare.split()[0]) if n is None else n)
    if concept.endswith("touch"):  # its one number is that of "last but one"
        rows = export.done(lead_id, as_of, "activity").sort_values("occurred_at")
        at = {"first": 0, "last": -1, "previous": -2}[concept.partition(" ")[0]]
        quoted = re.search(r"“([^”]*)”", said)
        return quoted is None or rows["asset"].iloc[at] == quoted[1]
    rows = export.done(lead_id, as_of, concept)
    if found := re.search(r"(last|first) .*?([\d.]+) (\w+) ago$", bare):
        return over(
            found[2], found[3], rows["age"].min() if found[1] == "last" else rows["age"].max()
        )
    if found := re.search(r"was active ([\d.]+) (\w+) ago$", bare):
        return over(found[1], found[2], rows["age"].min())
    if "more" in bare or "less" in bare or "fewer" in bare:
        recent = (rows["age"] <= 7 * 86_400).sum()
        before = (rows["age"] <= 35 * 86_400).sum() - recent
        trend = np.sign(recent - before / 4)
        way = 0 if "no more" in bare else (1 if "more" in bare else -1)
        return bool(trend == way)
    window = re.search(r"in the last (?:(\d+) days|day)$", bare)
    days = (float(window[1]) if window[1] else 1.0) if window else float(YEAR)
    inside = rows[rows["age"] <= days * 86_400]
    if found := re.match(r"([\d,]+|one|no) colleagues? at the same firm w\w+ active$", bare):
        n = 0.0 if found[1] == "no" else amount(found[1])
        return bool(inside["lead_id"].nunique() == n)
    if found := re.search(r"spent ([\d.,]+) (second|minute|hour)s? on", bare):
        return near(found[1], found[2], inside["seconds"].sum())
    if found := re.search(r"on (?:(\d+) different days|one day|no day)", bare):
        n = inside["occurred_at"].dt.normalize().nunique()
        return n == (float(found[1]) if found[1] else 1.0 if "one day" in bare else 0.0)
    if re.search(r"different|separate|visit", bare):
        return _distinct(bare, inside)
    if "has not" in bare or re.search(r"\b(no|not)\b", bare):
        return inside.empty or not re.search(r"viewed|clicked|opened|attended|active|sent", bare)
    if found := re.search(
        r"\b(once|twice|one|[\d,]+)\b", bare.removesuffix(window[0] if window else "")
    ):
        return len(inside) == amount(found[1])
    return not re.search(r"\d", bare)


def _distinct(bare: str, rows: pd.DataFrame) -> bool:
    n = amount(re.search(r"([\d,]+|one)", bare)[1])  # type: ignore[index]
    if "visit" in bare:
        gaps = rows["occurred_at"].sort_values().diff().dt.total_seconds()
        return n == (gaps.isna() | (gaps > 1_800)).sum()
    return n == rows["kind" if "kinds" in bare else "asset"].nunique()


def column_of(fact: str, concept: str) -> str:  # noqa: PLR0911, PLR0912 - as above
    """Return the column of the dataset that a fact is of."""
    bare = re.sub(r"“[^”]*”", "“”", fact)
    prefix = {"activity": "any", "account activity": "account", "account history": "account"}.get(
        concept, concept
    )
    if concept in ("first touch", "previous touch", "last touch"):
        return concept.replace(" ", "_")
    if concept == "age":
        return "age_days"
    ours = r"the firm (works|is) in .*|.* in our records|our records do not hold .*"
    if concept in ("industry", "employees", "country") and re.fullmatch(ours, bare):
        return f"account.{concept}"
    if "__" not in prefix and concept in (
        "source",
        "industry",
        "employees",
        "country",
        "job_title",
    ):
        return concept
    if concept == "account history":
        return "account__days_since_reached" if " ago" in bare else "account__reached"
    window = re.search(r"in the last (?:(\d+) days|day)$", bare)
    days = (window[1] or "1") if window else str(YEAR)
    if "spent" in bare:
        return f"{prefix}__seconds_{days}d"
    if "average week" in bare or "no more and no" in bare:
        return f"{prefix}__trend"
    for way in ("first", "last"):
        if re.search(rf"(^|was ){way} |{way} (viewed|active)", bare) or (
            way == "last" and ("so far" in bare or re.search(r"active \d.* ago| today$", bare))
        ):
            return f"{prefix}__days_since_{way}" if prefix != "any" else f"days_since_{way}"
    if re.search(r"different days|on one day|on no day", bare):
        return f"{prefix}__active_days"
    if re.search(r"^(\d+|one|no) colleagues? at the same firm (was|were) active$", bare):
        return "account__active_leads"
    if "kinds" in bare or "kind of" in bare:
        return f"{prefix}__kinds"
    if "separate visits" in bare or "one visit" in bare:
        return f"{prefix}__sessions"
    if "different" in bare:
        return f"{prefix}__assets"
    return f"{prefix}__count_{days}d"


def in_unit(limits: str, unit: str | None) -> str:
    """Return limits with every number in the unit of the column, and no unit named."""
    if unit is None:
        return limits
    pattern = r"([\d.,]+)(?: (second|minute|hour|day)s?)?"
    last = [m[2] for m in re.finditer(pattern, limits) if m[2]]

    def exact(found: re.Match[str]) -> str:
        size = SECONDS[found[2] or last[-1]] / SECONDS[unit]
        return f"{amount(found[1].rstrip(',')) * size:.10g}"

    return re.sub(pattern, exact, limits)


def members(column: pd.Series, words: str, value: Any, unit: str | None) -> pd.Series:
    """Return which rows are alike in the words of the evidence."""
    if words == "such leads":
        return column.isna() if pd.isna(value) else column == value
    if words == "leads with a similarly rare value":
        raise AssertionError("recounted by the caller")
    words = words.removeprefix("leads with ").replace(" employees", "").replace("about ", "")
    limits = in_unit(words, unit)
    for pattern, above in LIMITS:
        if found := re.fullmatch(pattern, limits):
            limit = {k: amount(v.rstrip(",")) for k, v in found.groupdict().items()}
            if set(limit) == {"low"} and "or more" not in limits:
                return column == limit["low"]
            inside = column.between(limit.get("low", -np.inf), limit.get("high", np.inf))
            inside &= column < limit.get("below", np.inf)
            return inside & (column > 0) if above is not None else inside
    raise AssertionError(words)


@pytest.fixture(scope="module")
def told(scored, company) -> pd.DataFrame:
    """Return a sample of the reasons of all open leads and of a bare list."""
    done = scored(None, reasons="all")
    rows = done.scores.set_index("row")
    found = done.reasons[done.reasons["direction"] != "other"]
    found = found.assign(
        as_of=found["row"].map(rows["as_of"]), basis=found["row"].map(rows["basis"])
    )
    assert (found["basis"] == "full").all()
    return found.sample(min(SAMPLE, len(found)), random_state=0).reset_index(drop=True)


def split(sentence: str) -> tuple[str, str]:
    fact, _, evidence = sentence.partition("; of ")
    return fact, evidence


def test_a_thousand_facts_are_those_of_the_export(told, company):
    export = Export(company.exports)
    wrong = [
        row.sentence
        for row in told.itertuples()
        if not fact_holds(split(row.sentence)[0], row.concept, row.lead_id, row.as_of, export)
    ]
    assert len(told) == SAMPLE
    assert not wrong, (len(wrong), wrong[:10])


def test_what_became_of_past_leads_is_recounted_from_the_dataset(told, company):
    crm = pr.open_crm(pr.Definition.read(company.definition))
    data = pr.build_dataset(crm)
    crm.close()
    ids = data.keys["lead_id"]
    firsts = ~ids.duplicated()
    overall = data.y[firsts].mean()
    pattern = (
        r"(?P<n>[\d,]+) (?P<like>such leads|leads with .*?),? (?P<rate>[\d.]+) % became an "
        r"opportunity within 90 days, of all leads (?P<all>[\d.]+) %"
    )
    cited = 0
    for row in told.drop_duplicates("sentence").itertuples():
        fact, evidence = split(row.sentence)
        if not evidence:
            assert np.isnan(row.n), row.sentence
            continue
        found = re.fullmatch(pattern, evidence)
        assert found, evidence
        assert int(amount(found["n"])) == row.n
        for said, exact in ((found["rate"], row.converters / row.n), (found["all"], overall)):
            decimals = len(said.partition(".")[2])
            assert abs(float(said) - 100 * exact) <= 0.5 * 10.0**-decimals + 1e-9, row.sentence
        assert row.overall == pytest.approx(overall)
        assert row.rate == row.converters / row.n
        name = column_of(fact, row.concept)
        column = data.X[name]
        if column.dtype == object or isinstance(column.dtype, pd.StringDtype):
            column = column.str.replace("_", " ")  # a code is read as words
        if found["like"] == "leads with a similarly rare value":
            leads = ids.groupby(column).nunique()
            alike = column.isin(leads[leads < 20].index)
        else:
            quoted = re.search(r"“([^”]*)”", fact)
            value = quoted[1] if quoted and column.dtype == object else _value(fact, column)
            value = np.nan if re.search("not known|so far|do not hold", fact) else value
            if row.concept.endswith("touch"):
                continue  # its value stands in other words
            unit = "day" if "days_since" in name or name == "age_days" else None
            unit = "second" if "__seconds" in name else unit
            alike = members(column, found["like"], value, unit)
        first = alike & ~ids.where(alike).duplicated()
        if "about" not in found["like"]:
            assert int(first.sum()) == row.n, row.sentence
            assert int(data.y[first].sum()) == row.converters, row.sentence
        else:  # its limits are rounded as they are said
            assert int(first.sum()) == pytest.approx(row.n, rel=0.2), row.sentence
        cited += 1
    assert cited > 100


def _value(fact: str, column: pd.Series) -> Any:
    bare = re.sub(r"“[^”]*”", "“”", fact)
    bare = re.sub(r" in the last .*", "", bare)
    if column.dtype == object or not pd.api.types.is_numeric_dtype(column):
        quoted = re.search(r"“([^”]*)”", fact)
        return quoted[1] if quoted else np.nan
    if re.search(r"\b(no|not)\b", bare):
        return 0.0
    number = re.search(r"\b(once|twice|one|[\d,.]+)\b", bare)
    return amount(number[1]) if number else np.nan
