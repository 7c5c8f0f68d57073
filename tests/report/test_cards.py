"""Cards: the one reason that is told first."""

from dataclasses import replace

from predict.report.points import Point
from tests.report.test_workbook import card


def reason(contribution: float, evidence: str) -> Point:
    return Point("Works as “CEO”", evidence, "clear", 50.0, contribution)


def test_a_reason_that_past_leads_bear_out_is_told_before_one_little_stronger() -> None:
    bare, counted = reason(1.0, ""), reason(0.8, "Of 40 such leads 20 % became a customer.")
    lead = replace(card(0, "Ada"), qualified=True, higher=(bare, counted), lower=())
    assert lead.told is counted
    assert replace(lead, higher=(bare, replace(counted, contribution=0.5))).told is bare
    assert replace(lead, higher=(bare, reason(0.9, ""))).told is bare
