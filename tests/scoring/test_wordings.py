import pytest

from predict.definition.agreement import FeatureWords
from predict.errors import InputError
from predict.history.specs import Spec
from predict.scoring.wording import Wording, fact
from predict.scoring.wordings import worded
from predict.scoring.words import Goal

SPECS = (
    Spec("view__count_7d", "number", "behaviour", "view", "pages", {"many": "viewed {n} pages"}),
    Spec("view__count_30d", "number", "behaviour", "view", "pages", {"many": "saw {n} pages"}),
    Spec("region", "category", "profile", "region", "region", {"value": "region is {value}"}),
)


def test_own_words_are_said_instead() -> None:
    told = worded(
        SPECS,
        {
            "view__count_7d": FeatureWords(many="looked around {n} times"),
            "region": FeatureWords(
                values={"DE-BY": "is at home in Bavaria"}, missing="we do not know where it is"
            ),
        },
    )
    wording = Wording(told, Goal("won", 30))
    assert wording.sentence("view__count_7d", 3.0, "for") == "looked around 3 times"
    assert wording.sentence("view__count_30d", 3.0, "for") == "saw 3 pages"
    assert wording.sentence("region", "DE-BY", "for") == "is at home in Bavaria"
    assert wording.sentence("region", "DE-HH", "for") == "region is “DE-HH”"
    assert fact(told[2], None) == "we do not know where it is"


def test_units_are_said_in_the_singular_where_one_is_meant() -> None:
    spec = Spec("fee", "number", "profile", "fee", "the fee")
    (told,) = worded([spec], {"fee": FeatureWords(many="pays {n} thalers", unit="thalers")})
    assert fact(told, 1.0) == "pays 1 thaler"
    assert fact(told, 1200.0) == "pays 1,200 thalers"


def test_a_feature_wins_over_its_concept() -> None:
    told = worded(
        SPECS,
        {
            "view": FeatureWords(missing="nothing known of visits"),
            "view__count_7d": FeatureWords(missing="nothing known of this week"),
        },
    )
    assert [fact(spec, None) for spec in told[:2]] == [
        "nothing known of this week",
        "nothing known of visits",
    ]


def test_a_name_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean region"):
        worded(SPECS, {"regoin": FeatureWords(value="{value}")})


def test_counts_of_several_features_are_not_worded_at_once() -> None:
    with pytest.raises(InputError, match="view__count_30d, view__count_7d"):
        worded(SPECS, {"view": FeatureWords(many="looked {n} times")})
