from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from predict.learning.model import ConversionModel

#: Checks that cannot pass, each with the reason.
EXPECTED: dict[str, str] = {}


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [ConversionModel(n_threads=1, half_lives=(), n_seeds=1)],
    expected_failed_checks=lambda estimator: EXPECTED,
)
def test_scikit_learn_takes_it_for_a_classifier(estimator, check):
    check(estimator)
