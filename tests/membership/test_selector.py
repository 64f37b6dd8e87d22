"""MemberSelector as a step of pipelines, and scikit-learn's conventions."""

import numpy as np
import pandas as pd
import pytest
from common import conventions, results
from common.cases import Case
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_validate

from skcluster import GuessFeatures, MemberSelector, estimate, load_model, make_pipeline
from skcluster.clusters import stars_of
from skcluster.membership import find_members

CASE = Case("MemberSelector", MemberSelector(), {"threshold": [0.5, 0.7]})
CHECKS = [
    conventions.parameters_are_stored_and_nothing_else,
    conventions.clone_keeps_parameters_alone,
    conventions.parameters_can_be_read_and_set,
    conventions.representations_name_it,
    conventions.constraints_cover_every_parameter,
    conventions.a_wrong_parameter_is_refused_in_scikit_learns_words,
    results.input_and_parameters_are_never_changed,
    results.fit_returns_the_estimator,
]


@pytest.fixture(scope="module")
def selected(fields):
    return MemberSelector().fit_transform(fields[0])


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conventions(check, fields, tmp_path):
    X, y = fields
    check(CASE, X.iloc[:2], y.iloc[:2], tmp_path)


def test_a_row_per_field_with_its_members(fields, selected):
    X, _ = fields
    assert selected.index.equals(X.index)
    stars, members = find_members(X)[0], stars_of(selected)
    chosen = stars[stars["probability"] >= 0.5]
    assert members.counts.tolist() == chosen.groupby("field").size().tolist()
    np.testing.assert_array_equal(members["probability"], chosen["probability"])
    np.testing.assert_array_equal(members["ra"], chosen["ra"])
    assert {*members.columns} == {*stars_of(X).columns, "probability"}


def test_each_field_is_on_its_own(fields, selected):
    X, _ = fields
    part = MemberSelector().transform(X.iloc[[3, 1]])
    assert part.index.tolist() == X.index[[3, 1]].tolist()
    assert len(part.iloc[1]["stars"]) == len(selected.iloc[1]["stars"])


def test_threshold(fields):
    strict = MemberSelector(threshold=0.95).fit_transform(fields[0])
    assert stars_of(strict)["probability"].min() >= 0.95


def test_hints_in_columns_of_the_row(fields):
    X, _ = fields
    unknown = pd.array([pd.NA] * len(X), dtype="Float64")
    rows = X.assign(pmra=find_members(X)[1]["pmra"], pmdec=unknown, tag=np.arange(len(X)))
    clusters = MemberSelector().fit_transform(rows)
    assert clusters["tag"].tolist() == rows["tag"].tolist()
    with pytest.raises(ValueError, match="ra, dec beside the stars must be numbers: "):
        MemberSelector().transform(X.assign(ra="08 51", dec="+11 48"))
    far = X.assign(pmra=80.0, pmdec=-80.0)
    with pytest.warns(UserWarning, match="6 of 6 fields have no significant cluster"):
        assert stars_of(MemberSelector().transform(far)).counts.sum() == 0


def test_pipelines_from_the_sky_to_parameters(fields):
    X, _ = fields
    model = make_pipeline(MemberSelector(), load_model())
    predicted = model.predict(X)
    assert predicted.shape == (6, 3)
    np.testing.assert_allclose(predicted[:, 2], 1.0, atol=0.15)
    table = estimate(X, model, random_state=0)
    direct = estimate(MemberSelector().transform(X), random_state=0)
    np.testing.assert_allclose(table["log_age"], direct["log_age"])
    assert table["n_stars"].tolist() == direct["n_stars"].tolist()


@pytest.mark.filterwarnings("ignore:.*no significant cluster", "ignore:.*no cluster")
def test_a_field_without_a_cluster_keeps_its_row(field):
    order = np.random.default_rng(0).permutation(len(field))
    mixed = field.assign(**{k: field[k].to_numpy()[order] for k in ("ra", "dec")})
    X = {"with": field, "without": mixed}
    assert stars_of(MemberSelector().fit_transform(X)).counts[1] == 0
    model = make_pipeline(MemberSelector(), load_model())
    table = estimate(X, model, random_state=0)
    assert table.index.tolist() == ["with", "without"]
    assert np.isfinite(table["log_age"]).tolist() == [True, False]
    assert table.loc["without", "flag"].startswith("no cluster found")
    with pytest.raises(ValueError, match=r"1 of 2 clusters have no star.*'without'"):
        model.predict(X)


@pytest.mark.filterwarnings("ignore:.*no significant cluster")
def test_partitions_of_fields_with_dask(fields, tmp_path):
    pytest.importorskip("dask")
    from skcluster import distributed

    model = make_pipeline(MemberSelector(), GuessFeatures(), Ridge())
    model.fit(*fields)
    folder = tmp_path / "fields"
    folder.mkdir()
    stars = find_members(fields[0])[0].drop(columns=["cluster", "probability"])
    for number, names in enumerate((fields[0].index[:3], fields[0].index[3:])):
        part = stars[stars["field"].isin(names)].rename(columns={"field": "cluster"})
        part.to_parquet(folder / f"{number}.parquet", index=False)
    files = distributed.estimate(folder, tmp_path / "estimates", model)
    table = pd.concat(pd.read_parquet(file) for file in files)
    expected = estimate(fields[0], model)
    assert len(files) == 2
    np.testing.assert_allclose(table.loc[expected.index, "log_age"], expected["log_age"], rtol=1e-6)


def test_searches_and_cross_validation(fields):
    X, y = fields
    model = make_pipeline(MemberSelector(), GuessFeatures(), Ridge())
    model.set_output(transform="pandas")
    assert np.isfinite(cross_validate(model, X, y, cv=2)["test_score"]).all()
    grid = {"memberselector__threshold": [0.5, 0.8]}
    assert GridSearchCV(model, grid, cv=2).fit(X, y).best_score_ > -np.inf


def test_auto_is_not_for_supervised_pipelines(fields):
    X, y = fields
    with pytest.raises(ValueError, match="Use n_clusters=1 in a supervised pipeline"):
        MemberSelector(n_clusters="auto").fit(X, y)
    assert len(MemberSelector(n_clusters="auto").fit_transform(X)) >= 6
