"""One cluster's members by its name."""

import pytest

from skcluster.datasets import FetchError, fetch_cluster
from skcluster.io import read_clusters


@pytest.fixture
def options(small, tmp_path):
    small("cantat_gaudin_2020")
    small("hunt_reffert_2023")
    return {"data_home": tmp_path / "cache"}


@pytest.mark.parametrize("name", ["ngc 2682", "M67"])
def test_any_spelling_gives_the_members(options, vizier, name):
    X = fetch_cluster(name, **options)
    members = vizier.tables["J/A+A/640/A1/nodup"]
    expected = members[members["Cluster"] == "NGC_2682"]
    assert X.index.tolist() == ["NGC_2682"]
    stars = X.loc["NGC_2682", "stars"]
    assert sorted(stars["source_id"]) == sorted(expected["GaiaDR2"])


def test_only_its_own_stars_are_asked_for_and_once(options, vizier):
    first = fetch_cluster("M 67", **options)
    asked = [request for request in vizier.requests if "nodup" in request]
    assert [request.split("WHERE ")[-1] for request in asked[1:]] == [
        "\"Cluster\" = 'NGC_2682'"
    ] * 2
    n = len(vizier.requests)
    assert fetch_cluster("NGC 2682", **options, download_if_missing=False).equals(first)
    assert len(vizier.requests) == n


def test_all_members_serve_where_they_are_cached(options, fetch, vizier):
    everyone = fetch()
    n = len(vizier.requests)
    X = fetch_cluster("NGC 2682", **options)
    assert len(vizier.requests) == n
    assert X.equals(everyone.data.loc[["NGC_2682"]])


def test_aliases_of_the_catalogue_count_and_files_are_read(options, tmp_path):
    X = fetch_cluster("Theia 2", "hunt_reffert_2023", **options)
    assert X.index.tolist() == ["NGC_188"]
    X.to_parquet(tmp_path / "ngc188.parquet")
    assert read_clusters(tmp_path / "ngc188.parquet").equals(X)


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
