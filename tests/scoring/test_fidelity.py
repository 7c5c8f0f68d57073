import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from predict.findings import blocking
from predict.history.specs import Spec
from predict.learning.model import ConversionModel
from predict.scoring.fidelity import Fidelity, misplaced, signs
from predict.scoring.reasons import by_concept, reasons
from predict.scoring.stability import stability
from predict.scoring.wording import Wording
from predict.scoring.words import Goal

SPECS = tuple(
    Spec(name, "number", "behaviour", concept, concept)
    for name, concept in (
        ("visits_7d", "visits"),
        ("visits_30d", "visits"),
        ("size", "size"),
        ("noise", "noise"),
    )
)


def company(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    visits = rng.poisson(2, rows).astype(float)
    X = pd.DataFrame(
        {
            "visits_7d": visits,
            "visits_30d": visits + rng.poisson(1, rows),
            "size": rng.uniform(0, 10, rows),
            "noise": rng.normal(size=rows),
        }
    )
    return X, (rng.random(rows) < expit(0.7 * visits - 0.3 * X["size"] - 1)).astype(int)


@pytest.fixture(scope="module")
def model() -> ConversionModel:
    return ConversionModel(n_threads=1, n_seeds=2, n_siblings=4).fit(*company(1500, 0))


def told(model: ConversionModel, X: pd.DataFrame) -> pd.DataFrame:
    wording = Wording(SPECS, Goal("won", 30))
    return reasons(model.contributions(X), X, wording, rows=X.index.to_numpy())


def test_reasons_of_a_model_are_in_order_and_confirmed(model: ConversionModel) -> None:
    X, _ = company(200, 1)
    published = told(model, X)
    checked, agreed = signs(model, X, published, SPECS)
    assert misplaced(published) == 0
    assert checked > 50
    assert agreed >= 0.9 * checked


def test_reasons_of_the_wrong_sign_keep_a_list_from_being_published(
    model: ConversionModel,
) -> None:
    X, _ = company(200, 1)
    other = {"for": "against", "against": "for"}
    turned = told(model, X)
    turned["contribution"] *= -1
    turned["direction"] = turned["direction"].map(other).fillna("other")
    measured = Fidelity()
    measured.add_signs(model, X, turned, SPECS)
    assert [f.code for f in blocking(measured.findings())] == ["reasons-sign"]


@given(st.permutations([1, 2, 3]))
def test_only_the_order_of_what_reasons_add_is_in_order(ranks: list[int]) -> None:
    frame = pd.DataFrame(
        {
            "row": 0,
            "rank": ranks,
            "direction": "for",
            "concept": ["a", "b", "c"],
            "contribution": [0.9, 0.5, 0.3],
        }
    )
    measured = Fidelity()
    measured.add_order(frame)
    assert (measured.misplaced == 0) == (ranks == [1, 2, 3])
    assert bool(blocking(measured.findings())) == (ranks != [1, 2, 3])


def test_one_lead_alone_has_nothing_to_be_compared_with(model: ConversionModel) -> None:
    X, _ = company(1, 2)
    assert signs(model, X, told(model, X), SPECS) == (0, 0)


def test_steadiness_is_what_refits_agree_on(model: ConversionModel) -> None:
    X, _ = company(300, 3)
    own = by_concept(model.contributions(X), SPECS)
    others = [by_concept(part, SPECS) for part in model.sibling_contributions(X)]
    names = ["visits", "size", "noise"]
    found = stability(own, others, names)
    assert ((found >= 0) & (found <= 1)).all()
    assert np.median(found) > 0.8
    assert stability(own, [own, own], names).tolist() == [1.0] * len(own)
    assert (stability(own, [-own], names) == 0).sum() >= 0.9 * len(own)
    assert np.isnan(stability(own, [], names)).all()


def test_siblings_are_saved_with_the_model(model: ConversionModel, tmp_path) -> None:  # type: ignore[no-untyped-def]
    X, _ = company(50, 4)
    model.save(tmp_path)
    again = ConversionModel.load(tmp_path)
    pairs = zip(model.sibling_contributions(X), again.sibling_contributions(X), strict=True)
    assert all(mine.equals(theirs) for mine, theirs in pairs)
    assert len(again.siblings_) == 4
