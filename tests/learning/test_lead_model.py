from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from predict.errors import ModelError
from predict.history.specs import Spec
from predict.learning.evidence import build_evidence
from predict.learning.lead_model import LeadModel

SPECS = (
    Spec("visits", "number", "behaviour", "visits", "visits", {"many": "came {n} times"}),
    Spec("days_since", "number", "behaviour", "visits", "visits", unit="days"),
    Spec("source", "category", "profile", "source", "the source", {"value": "came by {value}"}),
    Spec("title", "text", "profile", "title", "job title"),
)


@pytest.fixture(scope="module")
def made(shop) -> LeadModel:
    profile = type(shop)()
    profile.X = shop.X[["source", "title"]]
    keys = pd.DataFrame({"lead_id": shop.lead, "as_of": shop.as_of})
    evidence = {
        "full": build_evidence(shop.X, pd.Series(shop.y), keys, SPECS),
        "profile": build_evidence(profile.X, pd.Series(shop.y), keys, SPECS[2:]),
    }
    full = shop.fit()
    p = full.predict_proba(shop.X)[:, 1]
    return LeadModel(
        full=full,
        profile=profile.fit(),
        specs=SPECS,
        evidence=evidence,
        reference=tuple(float(q) for q in np.quantile(p, np.linspace(0, 1, 101))),
        limits={"A": 0.4, "B": 0.2, "C": 0.1},
        card={"name": "opportunity-in-90-days", "within_days": 90},
        definition_text='name = "opportunity-in-90-days"\n',
    )


@pytest.fixture
def folder(made, tmp_path):
    made.save(tmp_path / "model")
    return tmp_path / "model"


def test_saved_and_loaded_it_is_the_same(made, folder, shop):
    back = LeadModel.load(folder)
    for basis in ("full", "profile"):
        np.testing.assert_array_equal(
            back.model(basis).decision_function(shop.X), made.model(basis).decision_function(shop.X)
        )
        pd.testing.assert_frame_equal(back.evidence[basis].frame(), made.evidence[basis].frame())
    assert back.specs == made.specs
    assert back.reference == made.reference
    assert back.limits == made.limits
    assert back.card == made.card
    assert back.definition_text == made.definition_text


def test_the_folder_holds_what_it_should(folder):
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert names == {
        "manifest.json",
        "card.json",
        "features.json",
        "definition.toml",
        "evidence.json",
        "reference.json",
        "limits.json",
        *(
            f"{b}/{f}"
            for b in ("full", "profile")
            for f in ("model.json", "lightgbm.txt", "logistic.json")
        ),
    }


def test_the_same_model_is_the_same_bytes(made, tmp_path):
    for name in ("a", "b"):
        made.save(tmp_path / name)
    manifests = [(tmp_path / name / "manifest.json").read_bytes() for name in ("a", "b")]
    assert manifests[0] == manifests[1]


@pytest.mark.parametrize(
    "name", ["card.json", "definition.toml", "full/model.json", "full/lightgbm.txt"]
)
def test_one_changed_byte_is_refused(folder, name):
    path = folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ModelError, match=r"not as it was saved[\s\S]*altered since it was written"):
        LeadModel.load(folder)


def test_a_missing_and_an_added_file_are_refused(folder):
    (folder / "notes.txt").write_text("hello")
    with pytest.raises(ModelError, match="not in the manifest"):
        LeadModel.load(folder)
    (folder / "notes.txt").unlink()
    (folder / "profile" / "logistic.json").unlink()
    with pytest.raises(ModelError, match="missing"):
        LeadModel.load(folder)


def test_a_folder_is_never_written_over(made, folder):
    with pytest.raises(ModelError, match="holds something already"):
        made.save(folder)


def test_specs_and_bases_are_found_by_name(made):
    assert made.spec("source").concept_words == "the source"
    with pytest.raises(ModelError, match="no such feature"):
        made.spec("colour")
    with pytest.raises(ModelError, match="no such basis"):
        made.model("half")
