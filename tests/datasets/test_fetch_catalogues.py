"""What the fetchers make of each catalogue: targets, uncertainties, members."""

import inspect

import numpy as np
import pytest

import skcluster.datasets
from skcluster.clusters import stars_of, validate_clusters
from skcluster.datasets import fetch_catalogue
from skcluster.datasets.catalogues._published import CATALOGUES

NAMES = list(CATALOGUES)
WITH_MEMBERS = ["cantat_gaudin_2020", "hunt_reffert_2023"]


@pytest.mark.parametrize("name", NAMES)
def test_every_catalogue_is_brought_to_the_same_targets(fetch, name):
    bunch = fetch(name)
    assert bunch.target.columns.tolist() == ["log_age", "a_v", "distance_kpc"]
    assert bunch.target_names == bunch.target.columns.tolist()
    assert bunch.target.notna().all(axis=None)
    assert bunch.target.index.equals(bunch.uncertainties.index)
    assert len(bunch.clusters) == 8
    assert len(bunch.target) + len(bunch.left_out) == 8
    assert bunch.clusters.index.name == "cluster"
    assert bunch.clusters[["ra", "dec"]].notna().all(axis=None)
    for target in bunch.target_names:
        low, high = (bunch.uncertainties[f"{target}_{side}"] for side in ("low", "high"))
        if name == "cantat_gaudin_2020":  # gives none
            assert low.isna().all()
            assert high.isna().all()
        else:
            assert (low < bunch.target[target]).all()
            assert (bunch.target[target] < high).all()
    for needed in ("Cite ", "Left out of", "Caveats", "``log_age``", "``a_v``", "``distance_kpc``"):
        assert needed in bunch.DESCR
    assert "doi:" in bunch.DESCR
    assert "/".join(CATALOGUES[name].clusters.name.split("/")[:4]) in bunch.DESCR


@pytest.mark.parametrize(
    ("name", "target", "low", "high"),
    [
        ("dias_2021", (8.5, 1.2, 0.85), (8.4, 1.15, 0.8), (8.6, 1.25, 0.9)),
        ("cavallo_2024", (8.5, 1.0, 1.0), (8.3, 0.9, 10**-0.04), (8.8, 1.2, 10**0.02)),
        ("bossini_2019", (8.5, 0.4, 1.0), (8.48, 0.39, 10**-0.008), (8.53, 0.42, 10**0.01)),
    ],
)
def test_units_and_bounds_of_catalogues_without_members(fetch, name, target, low, high):
    bunch = fetch(name)
    np.testing.assert_allclose(bunch.target.iloc[0], target)
    bounds = bunch.uncertainties.iloc[0].to_numpy().reshape(3, 2)
    np.testing.assert_allclose(bounds, np.column_stack([low, high]))
    assert bunch.data is bunch.unlabelled is bunch.feature_names is None
    X, y = fetch(name, return_X_y=True)
    assert X is None
    assert y.equals(bunch.target)


def test_numbers_are_those_that_were_published_and_blank_ones_are_left_out_by_name(fetch, vizier):
    bunch = fetch()
    published = vizier.tables["J/A+A/640/A1/table1"].head(6)
    assert bunch.target["log_age"].tolist() == published["AgeNN"].astype(float).tolist()
    expected = 10 ** ((published["DMNN"].astype(float) + 5) / 5) / 1000
    np.testing.assert_allclose(bunch.target["distance_kpc"], expected)
    assert bunch.left_out.to_dict() == {"UBC_1": "no parameters", "UBC_2": "no parameters"}
    assert bunch.unlabelled.index.tolist() == ["UBC_1", "UBC_2"]
    assert bunch.clusters.loc["UBC_1", "flag"] == "tooRed"


@pytest.mark.parametrize("name", WITH_MEMBERS)
def test_members_are_ready_for_every_estimator(fetch, vizier, name):
    bunch = fetch(name)
    assert bunch.data.index.equals(bunch.target.index)
    stars = validate_clusters(bunch.data, columns=["parallax", "parallax_error", "probability"])
    published = vizier.tables[CATALOGUES[name].members.name]
    assert len(stars) + len(stars_of(bunch.unlabelled)) == len(published)
    assert stars["source_id"].dtype == np.int64
    assert stars["source_id"].min() > 2**53  # beyond what a float holds exactly
    assert np.unique(stars["source_id"]).size == len(stars)
    # Members are in the order of the clusters, as VizieR's are not, and the same (to the last bit,
    # which pandas rounds before release 3.1).
    ids, names = ("GaiaDR2", "Cluster") if "GaiaDR2" in published else ("GaiaDR3", "Name")
    expected = published.set_index(ids).loc[stars["source_id"]]
    np.testing.assert_allclose(stars["phot_g_mean_mag"], expected["Gmag"], rtol=1e-15)
    np.testing.assert_allclose(stars["parallax"], expected["Plx"], rtol=1e-15)
    assert (stars.index[stars.cluster] == expected[names].to_numpy()).all()


def test_stars_without_colour_are_counted_and_their_clusters_named(fetch, small, vizier):
    small("cantat_gaudin_2020")
    members = vizier.tables["J/A+A/640/A1/nodup"]
    members.loc[members["Cluster"] == "ASCC_10", "BP-RP"] = np.nan
    with pytest.warns(UserWarning, match=r"or colour\. No star is left of 1 clusters: 'ASCC_10'"):
        bunch = fetch()
    assert bunch.left_out["ASCC_10"] == "no members with magnitude and colour"
    assert "ASCC_10" not in bunch.target.index
    assert bunch.data.index.equals(bunch.target.index)


def test_hunt_and_reffert_take_the_distance_from_parallaxes(fetch):
    bunch = fetch("hunt_reffert_2023")
    pc = bunch.clusters.loc[bunch.target.index, "distance_pc"]
    np.testing.assert_allclose(bunch.target["distance_kpc"], pc / 1000)
    assert "photometric_modulus" in bunch.clusters.columns


def test_the_table_is_looked_for_where_only_the_catalogue_is_known(fetch, vizier):
    fetch("cavallo_2024")
    assert "TAP_SCHEMA" in vizier.requests[0]
    assert '"J/AJ/167/12/table4"' in vizier.requests[-1]


@pytest.mark.parametrize("name", WITH_MEMBERS)
def test_those_with_members_have_a_function_with_its_own_description(fetch, tmp_path, name):
    function = getattr(skcluster.datasets, f"fetch_{name}")
    bunch = fetch(name)
    X, y = function(data_home=tmp_path / "cache", return_X_y=True, download_if_missing=False)
    assert X.equals(bunch.data)
    assert y.equals(bunch.target)
    assert function.__name__ == f"fetch_{name}"
    assert CATALOGUES[name].reference in function.__doc__
    assert "Caveats" in function.__doc__
    assert "download_if_missing : bool" in function.__doc__
    parameters = inspect.signature(function).parameters
    assert "members" in parameters
    assert "name" not in parameters


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="'name' parameter of fetch_catalogue must be a str among"):
        fetch_catalogue("dias_2020")
