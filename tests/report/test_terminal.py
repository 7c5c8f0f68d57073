from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from predict.report.terminal import BAR, render_lead
from predict.scoring.words import forbidden_words


def printed(reasons: pd.DataFrame, lead: dict[str, Any], **options: Any) -> str:
    console = Console(width=100, no_color=True, legacy_windows=False)
    with console.capture() as capture:
        console.print(render_lead(reasons, lead, **options))
    return capture.get()


def one(sample: Any, place: int) -> tuple[pd.DataFrame, dict[str, Any], dict[str, str]]:
    lead = sample.scores.sort_values("probability", ascending=False).iloc[place]
    reasons = sample.reasons[sample.reasons["row"] == lead["row"]]
    return reasons, lead.to_dict(), sample.display.loc[lead["row"]].to_dict()


def test_a_lead_with_its_reasons_longest_bar_first(sample: Any) -> None:
    reasons, lead, who = one(sample, 1)
    text = printed(reasons, lead, who=who)
    assert who["name"] in text and who["firm"] in text
    assert "about 2 in 5" in text and "rated qualified" in text
    assert text.index("Scored higher because") < text.index("Scored lower because")
    for sentence in reasons.loc[reasons["direction"] != "other", "sentence"]:
        fact = sentence.split(";")[0]
        assert fact[:1].upper() + fact[1:] in text
    bars = [line.count("█") for line in text.splitlines() if line.startswith("█")]
    assert bars[0] == BAR and bars[:3] == sorted(bars[:3], reverse=True)
    assert forbidden_words(text) == []


def test_without_colours_no_escape_is_printed(sample: Any) -> None:
    assert "\x1b" not in printed(*one(sample, 0)[:2])


def test_markup_and_control_characters_of_a_name_are_inert(sample: Any) -> None:
    reasons, lead, _ = one(sample, 0)
    who = {"name": "[red]Bob[/red] [link=http://x]\x1b[2J\u202e", "firm": ":warning: {{7*7}}"}
    text = printed(reasons.assign(sentence="title is “[bold]x[/]”"), lead, who=who)
    assert "[red]Bob[/red] [link=http://x][2J" in text
    assert ":warning: {{7*7}}" in text and "[bold]x[/]" in text
    assert "\x1b" not in text and "\u202e" not in text


def test_a_lead_that_was_not_scored_says_why(sample: Any) -> None:
    lead = sample.scores[sample.scores["status"] == "duplicate"].iloc[0].to_dict()
    text = printed(sample.reasons.iloc[:0], lead)
    assert "not scored, because the same lead stands in row 2" in text


@pytest.mark.parametrize(
    ("kept", "said"), [("none", "--reasons all"), ("other", "Nothing stands out")]
)
def test_no_reasons_asked_for_is_not_the_same_as_none_found(
    sample: Any, kept: str, said: str
) -> None:
    reasons, lead, _ = one(sample, 0)
    assert said in printed(reasons[reasons["direction"] == kept], lead)


def test_criteria_and_marks_are_told(sample: Any) -> None:
    reasons, lead, _ = one(sample, 1)
    lead |= {"criteria_failed": "country is not DE", "criteria_unknown": "budget; need"}
    text = printed(reasons, lead)
    assert "Not as agreed: country is not DE" in text
    assert "Still to find out: budget; need" in text
    assert "! Unlike any past lead" in text
