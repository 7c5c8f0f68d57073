"""The reasons of a model are measured before it is registered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import predict as pr
from predict.findings import blocking
from predict.home import Home
from predict.jobs.fidelity import judge_reasons
from predict.learning.lead_model import LeadModel
from predict.registry.models import Registry


@pytest.fixture(scope="module")
def model(company: Any) -> LeadModel:
    registry = Registry(Home.at(company.home))
    version = registry.champion("opportunity-in-90-days")
    assert version is not None
    return LeadModel.load(registry.fetch(version))


@pytest.fixture(scope="module")
def X(company: Any) -> pd.DataFrame:
    crm = pr.open_crm(pr.Definition.read(company.definition))
    data = pr.build_dataset(crm)
    crm.close()
    return data.X.tail(400)


def test_reasons_of_a_trained_model_are_its_own(model, X, company):
    done = judge_reasons(model, pr.Definition.read(company.definition), X, champion=model)
    assert not blocking(done.findings)
    assert done.figures["reasons/leads"] == 200
    assert done.figures["reasons/signs"] >= 0.8
    assert 0.3 < done.figures["reasons/steadiness"] <= 1
    assert done.figures["reasons/kept"] == 1.0
    changed = [f for f in done.findings if f.code == "reasons-changed"]
    assert [f.severity for f in changed] == ["note"]


def test_a_model_with_other_reasons_is_told(model, X, company):
    definition = pr.Definition.read(company.definition)
    names = [s.name for s in model.specs]
    # What the model says of one column now comes from another one: the reasons change places.
    turned = pd.Series(names, index=[*names[1:], names[0]])
    other = tuple(replace(s, concept=model.spec(turned[s.name]).concept) for s in model.specs)
    done = judge_reasons(replace(model, specs=other), definition, X, champion=model)
    assert done.figures["reasons/kept"] < 1.0


def test_reasons_that_do_not_add_up_keep_a_model_out(model, X, company, monkeypatch):
    fit = type(model.full)
    honest = fit.contributions
    monkeypatch.setattr(fit, "contributions", lambda self, rows: honest(self, rows) * 1.01)
    done = judge_reasons(model, pr.Definition.read(company.definition), X)
    assert [f.code for f in blocking(done.findings)] == ["reasons-sum"]


def test_without_leads_nothing_is_measured(model, X, company):
    done = judge_reasons(model, pr.Definition.read(company.definition), X.head(0))
    assert (done.findings, done.figures) == ([], {"reasons/leads": 0.0})
