"""What users know of single clusters moves their estimates, and no others."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table

from skcluster.clusters import stars_of
from skcluster.datasets import simulate_clusters
from skcluster.estimation import estimate
from skcluster.inference import ConformalRegressor
from skcluster.pipelines import ann_pipeline

#: A metal-rich cluster, whose A_V is overestimated with the prior of all clusters.
RICH = {"metallicity": 0.3, "log_age": 9.0, "a_v": 0.6, "distance_kpc": 1.5, "n_stars": 200}


@pytest.fixture(scope="module")
def rich():
    return simulate_clusters(2, **RICH, random_state=1)[0]


def table(**columns):
    return pd.DataFrame({"cluster": ["sim_000001"], **columns})


def test_a_known_metallicity_corrects_the_extinction(rich):
    plain, known = estimate(rich), estimate(rich, priors={"metallicity": (0.3, 0.05)})
    assert "priors" not in plain
    assert (known["priors"] == "metallicity 0.30 ± 0.05").all()
    better = (known["a_v"] - 0.6).abs() < (plain["a_v"] - 0.6).abs() - 0.05
    assert better.all()
    np.testing.assert_allclose(known["metallicity"], 0.3, atol=0.06)


@pytest.mark.parametrize("target", ["log_age", "a_v", "distance_kpc", "metallicity"])
def test_an_interval_is_no_longer_than_what_is_known(fitted, clusters, target):
    X, error = clusters[0].iloc[:3], 0.02
    plain = fitted.predict_distribution(X)
    i = plain.targets.index(target)
    value = plain.predict()[:, i].mean()
    distribution = fitted.predict_distribution(X, {target: (value, error)})
    for coverage, reach in ((0.68, 1.0), (0.95, 1.97)):
        ends = distribution.interval(coverage)[:, i]
        assert (ends[:, 1] - ends[:, 0] <= 2 * reach * error * 1.05).all()
    assert (distribution.sample(500, random_state=0)[:, :, i].std(axis=1) < 1.3 * error).all()
    nearer = np.abs(distribution.predict()[:, i] - value) < np.abs(plain.predict()[:, i] - value)
    assert nearer.all()


def test_every_form_says_the_same_of_the_cluster_alone(rich, tmp_path):
    given = table(metallicity=[0.3], metallicity_error=[0.05])
    given.to_csv(tmp_path / "known.csv", index=False)
    in_millimag = Table({"Name": ["SIM 000001"], "[M/H]": [0.3], "e_[M/H]": [0.05]})
    stars = rich.copy()
    for name in ("metallicity", "metallicity_error"):
        known = [np.nan, given[name][0]]
        stars[f"stars.prior_{name}"] = np.repeat(known, stars_of(rich).counts)
    tables = [
        *(estimate(rich, priors=p) for p in (given, given.set_index("cluster"), in_millimag)),
        estimate(rich, priors=tmp_path / "known.csv"),
        estimate(stars),
    ]
    for other in tables[1:]:
        pd.testing.assert_frame_equal(other, tables[0])
    plain = estimate(rich).iloc[0]
    assert tables[0].iloc[0].drop("priors").equals(plain)
    # What is given replaces what the stars say.
    assert estimate(stars, priors={"a_v": (0.6, 0.1)})["priors"].str.startswith("a_v").all()


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        ({"age": (9, 0.1)}, "priors must map names among log_age, a_v, distance_kpc, metallicity"),
        ({"a_v": 0.3}, "to a value and its standard error; got 'a_v': 0.3"),
        ({"a_v": (99, 0.1)}, "priors have a_v = 99 mag, which must lie between 0 and 50"),
        ({"a_v": (0.1, np.nan)}, "has prior_a_v = 0.1 but no prior_a_v_error; a prior needs both"),
        (table(a_v=[0.3]), "'sim_000001' has prior_a_v = 0.3 but no prior_a_v_error"),
        (table(a_v_error=[0.3]), "'sim_000001' has prior_a_v_error = 0.3 but no prior_a_v;"),
        (table(a_v=[0.3], a_v_error=[0]), "'sim_000001' has a_v_error = 0 mag, which must be at"),
        (table(metallicity=["low"], metallicity_error=[0.1]), "'low', which is not a number"),
        (table(colour=[0.3]), "must have a column 'cluster' with names, and any of log_age, a_v"),
        (table(a_v=[0.3], a_v_error=[0.1]).replace("sim_000001", "x"), "no cluster in common"),
        (pd.concat([table(a_v=[0.3], a_v_error=[0.1])] * 2), "more than one row in the priors"),
    ],
)
def test_wrong_ones_are_refused(rich, priors, message):
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        estimate(rich, priors=priors)
    assert message in str(refused.value)


def test_stars_of_a_cluster_cannot_disagree(rich):
    values = np.linspace(0, 1, len(stars_of(rich)))
    stars = rich.copy()
    stars["stars.prior_a_v"] = values
    stars["stars.prior_a_v_error"] = 0.1
    with pytest.raises(ValueError, match="'sim_000000' has stars with prior_a_v = 0 and 0"):
        estimate(stars)


def test_a_model_that_cannot_use_them_says_so(clusters):
    model = ConformalRegressor(ann_pipeline(epochs=1, random_state=0), cv=2, random_state=0).fit(
        *clusters
    )
    with pytest.raises(ValueError, match="needs a model with IsochronePosterior; Conformal"):
        estimate(clusters[0], model, priors={"a_v": (0.3, 0.1)})


def test_a_catalogue_tells_what_marks_a_missing_value(rich):
    names = ["sim_000000", "M 1", "M 2", "sim_000001"]
    blank = [0.3, -99.0, -99.0, -99.0]
    given = pd.DataFrame({"cluster": names, "a_v": blank, "a_v_error": np.abs(blank)})
    given["a_v_error"] = given["a_v_error"].replace(99, np.nan)
    with (
        pytest.warns(
            UserWarning, match="2 of 4 clusters in the priors have no members: 'M 1', 'M 2'"
        ),
        pytest.warns(UserWarning, match=r"priors have markers .*: a_v = -99 \(1\)"),
    ):
        estimates = estimate(rich, priors=given)
    assert (estimates["priors"] == "").tolist() == [False, True]
