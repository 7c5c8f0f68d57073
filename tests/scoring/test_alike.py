import numpy as np
import pandas as pd

from predict.scoring.alike import LEAST, MOST, alike


def test_the_nearest_of_the_group_are_found_each_once() -> None:
    rng = np.random.default_rng(3)
    past = pd.DataFrame(rng.normal(size=(300, 4)), columns=list("wxyz"))
    groups, ids = rng.choice(["u", "v"], 300), rng.integers(0, 90, 300)
    leads = pd.DataFrame(rng.normal(size=(5, 4)), columns=list("wxyz"))
    for own, found in zip(
        leads.to_numpy(), alike(leads, ["u"] * 5, past, groups, ids), strict=True
    ):
        distance = pd.Series(np.abs(past.to_numpy() - own).sum(axis=1))[groups == "u"]
        by_lead = distance.groupby(ids[groups == "u"]).min().nsmallest(MOST)
        assert [ids[one.position] for one in found] == by_lead.index.tolist()
        for one in found:
            for name in one.shared:
                at = "wxyz".index(name)
                assert own[at] * past.iloc[one.position, at] > 0


def test_of_too_few_nothing_is_told() -> None:
    past = pd.DataFrame({"x": np.arange(float(LEAST))})
    lead = pd.DataFrame({"x": [1.0]})
    assert len(alike(lead, ["g"], past, ["g"] * LEAST, range(LEAST))[0]) == MOST
    assert alike(lead, ["g"], past, ["g"] * LEAST, [0] * LEAST) == [()]
    assert alike(lead, ["other"], past, ["g"] * LEAST, range(LEAST)) == [()]
