"""The live service, which only ``pytest -m network`` asks: is VizieR as the fetchers expect it?

Every table is asked for its columns, its size, and its first and last rows; the small ones are
fetched whole. What is fetched goes into a temporary folder.
"""

import pytest

from skcluster.datasets import fetch_catalogue, fetch_cluster
from skcluster.datasets.catalogues._download import VizierTable
from skcluster.datasets.catalogues._published import CATALOGUES

pytestmark = [pytest.mark.network, pytest.mark.timeout(1800)]

TABLES = [t for c in CATALOGUES.values() for t in (c.clusters, c.members) if t is not None]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_columns_and_rows_are_as_expected(table):
    vizier = VizierTable(table)
    names = {column.name for column in vizier.columns.values()}
    print(f"{vizier.name}: missing: {[c.name for c in table.columns if c.name not in names]}")
    assert vizier.count() == table.n_rows
    first = vizier.rows(1, 20)
    last = vizier.rows(table.n_rows - 19, table.n_rows)
    assert len(first) == len(last) == 20


@pytest.mark.parametrize("name", CATALOGUES)
def test_labels_are_sane(name, tmp_path):
    bunch = fetch_catalogue(name, data_home=tmp_path, members=False)
    y, bounds = bunch.target, bunch.uncertainties
    assert len(y) > 200
    assert y["log_age"].between(5.5, 10.6).all()
    assert y["a_v"].between(-1, 12).all()
    assert y["distance_kpc"].between(0.03, 30).all()
    for target in y.columns:
        low, high = bounds[f"{target}_low"], bounds[f"{target}_high"]
        given = low.notna()
        assert ((low <= y[target]) & (y[target] <= high))[given].all()
        assert given.any() == (name != "cantat_gaudin_2020")
    if name == "cantat_gaudin_2020":
        assert len(y) == 1867
        assert bunch.clusters.loc[bunch.left_out.index, "flag"].value_counts().to_dict() == {
            "tooRed": 81,
            "notEnoughStars": 69,
        }


@pytest.mark.parametrize("catalogue", ["cantat_gaudin_2020", "hunt_reffert_2023"])
def test_one_cluster(catalogue, tmp_path):
    X = fetch_cluster("M67", catalogue, data_home=tmp_path)
    stars = X["stars"].iloc[0]
    assert 500 < len(stars) < 3000
    assert 1.0 < stars["parallax"].median() < 1.3


def test_the_missions_data(tmp_path):
    X, y = fetch_catalogue("cantat_gaudin_2020", data_home=tmp_path, return_X_y=True)
    assert len(X) == len(y) == 1867
