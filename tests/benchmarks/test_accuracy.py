"""Figures on the real exports, by the protocols of `benchmarks.accuracy`."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks import accuracy, reference
from predict.learning.metrics import brier, log_loss, roc_auc

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not reference.DATA.is_dir(), reason="../shared/data is absent"),
]


def test_bpic_2012():
    rows = accuracy.ours("bpic2012")
    assert (len(rows), rows["lead_id"].nunique()) == (9_900, 3_353)
    assert roc_auc(rows["y"], rows["probability"]) >= 0.742
    assert log_loss(rows["y"], rows["probability"]) <= 0.526


def test_bank_without_duration():
    """The last four months; all twenty are in `make bench` (0.4865 and 0.1546)."""
    rows = accuracy.ours("bank", start=pd.Timestamp("2010-08-01"))
    assert (len(rows), rows["as_of"].nunique()) == (868, 4)
    assert log_loss(rows["y"], rows["probability"]) <= 0.585
    assert brier(rows["y"], rows["probability"]) <= 0.198
