"""One cluster's members by its name."""

import pytest

from skcluster.datasets import FetchError, fetch_cluster
from skcluster.io import read_clusters


@pytest.fixture
def options(small, tmp_path):
    small("cantat_gaudin_2020")
    small("hunt_reffert_2023")
    return {"data_home": tmp_path / "cache", "delay": 0.001, "n_retries": 1, "progress": False}


@pytest.mark.parametrize("name", ["NGC_2682", "ngc 2682", "NGC2682", "M67", "M 67", "Messier 67"])
def test_any_spelling_gives_the_members(options, vizier, name):
    X = fetch_cluster(name, **options)
    members = vizier.tables["J/A+A/640/A1/nodup"]
    expected = members[members["Cluster"] == "NGC_2682"]
    assert X.index.tolist() == ["NGC_2682"]
    stars = X.loc["NGC_2682", "stars"]
    assert sorted(stars["source_id"]) == sorted(expected["GaiaDR2"])


def test_only_its_own_stars_are_asked_for(options, vizier):
    fetch_cluster("M 45", **options)
    asked = [request for request in vizier.requests if "nodup" in request]
    assert [request.split("WHERE ")[-1] for request in asked[1:]] == [
        "\"Cluster\" = 'Melotte_22'"
    ] * 2


def test_once_cached_no_network_is_needed(options, vizier):
    first = fetch_cluster("M 67", **options)
    n = len(vizier.requests)
    assert fetch_cluster("NGC 2682", **options, download_if_missing=False).equals(first)
    assert len(vizier.requests) == n


def test_all_members_serve_where_they_are_cached(options, fetch, vizier):
    everyone = fetch()
    n = len(vizier.requests)
    X = fetch_cluster("NGC 2682", **options)
    assert len(vizier.requests) == n
    assert X.equals(everyone.data.loc[["NGC_2682"]])


def test_aliases_of_the_catalogue_count(options):
    X = fetch_cluster("Theia 2", "hunt_reffert_2023", **options)
    assert X.index.tolist() == ["NGC_188"]


def test_it_goes_into_the_commands_reader(options, tmp_path):
    X = fetch_cluster("NGC 2682", **options)
    X.to_parquet(tmp_path / "m67.parquet")
    assert read_clusters(tmp_path / "m67.parquet").equals(X)


def test_an_unknown_name_is_told_similar_ones(options):
    message = r"cantat_gaudin_2020 has no cluster 'NGC 2683'; similar names: 'NGC_2682'"
    with pytest.raises(ValueError, match=message):
        fetch_cluster("NGC 2683", **options)


@pytest.mark.parametrize("fault", ["few_rows", "cut", "html"])
def test_faults_end_in_all_stars_or_an_error(options, vizier, tmp_path, fault):
    vizier.misbehave(*[None] * 5, fault)  # columns, count, rows of the clusters; columns, count
    n = (vizier.tables["J/A+A/640/A1/nodup"]["Cluster"] == "NGC_2682").sum()
    assert n > 4
    assert len(fetch_cluster("M 67", **options).loc["NGC_2682", "stars"]) == n
    vizier.misbehave(*[None] * 2)
    vizier.always = fault
    with pytest.raises(FetchError, match="The rows of 'Melotte_22' in J/A"):
        fetch_cluster("M 45", **options)
    assert not list((tmp_path / "cache/cantat_gaudin_2020/members").glob("Melotte_22*"))


def test_a_catalogue_without_members_is_refused(options):
    with pytest.raises(ValueError, match="'catalogue' parameter of fetch_cluster must be a str"):
        fetch_cluster("M 67", "dias_2021", **options)
