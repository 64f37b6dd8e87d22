"""The cache: where it is, and what it survives."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from skcluster.datasets import FetchError, fetch_cantat_gaudin_2020, get_data_home
from skcluster.datasets.catalogues._catalogue import column
from skcluster.datasets.catalogues._published import CATALOGUES


def cached(tmp_path: Path, name: str) -> Path:
    """The file of a table."""
    (file,) = (tmp_path / "cache/cantat_gaudin_2020").glob(f"{name}-*.parquet")
    return file


def test_the_folder_is_what_the_user_says(tmp_path, monkeypatch):
    monkeypatch.setenv("SKCLUSTER_DATA", str(tmp_path / "elsewhere"))
    assert get_data_home() == tmp_path / "elsewhere"
    assert get_data_home(tmp_path) == tmp_path
    assert get_data_home("~/clusters") == Path.home() / "clusters"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the conventions of Linux")
def test_the_folder_is_the_platforms_one(tmp_path, monkeypatch):
    monkeypatch.delenv("SKCLUSTER_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert get_data_home() == tmp_path / "skcluster"
    assert list(tmp_path.iterdir()) == []


def test_importing_makes_no_folder_and_loads_no_network_client(tmp_path):
    code = "import sys, skcluster.datasets; print({'pyvo', 'requests'} & {*sys.modules})"
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    result = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **home}, capture_output=True, text=True
    )
    assert result.stdout == "set()\n", result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_environment_variable_is_honoured(fetch, tmp_path, monkeypatch):
    monkeypatch.setenv("SKCLUSTER_DATA", str(tmp_path / "elsewhere"))
    fetch(data_home=None)
    assert list((tmp_path / "elsewhere/cantat_gaudin_2020").glob("members-*.parquet"))


def test_once_cached_no_network_is_needed(fetch, vizier):
    first = fetch()
    vizier.always = "error_500"
    n = len(vizier.requests)
    for options in ({}, {"download_if_missing": False}):
        again = fetch(**options)
        assert again.data.equals(first.data)
        assert again.target.equals(first.target)
        assert again.clusters.equals(first.clusters)
    assert len(vizier.requests) == n


def test_nothing_is_downloaded_unless_allowed(fetch, vizier, tmp_path):
    with pytest.raises(OSError, match=r"table1 is not in .*cantat_gaudin_2020, and download_if_"):
        fetch(download_if_missing=False)
    assert vizier.requests == []
    assert not (tmp_path / "cache").exists()


def test_labels_come_without_members(fetch, vizier, tmp_path):
    X, y = fetch(members=False, return_X_y=True)
    assert X is None
    assert len(y) == 6
    assert not list(tmp_path.rglob("members*"))
    assert not any("nodup" in request for request in vizier.requests)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [truncate, flip, empty])
@pytest.mark.parametrize("name", ["clusters", "members"])
def test_a_corrupt_file_is_named_removed_and_fetched_again(fetch, vizier, tmp_path, damage, name):
    first = fetch()
    vizier.requests.clear()
    path = cached(tmp_path, name)
    damage(path)
    with pytest.warns(UserWarning, match=rf"{path} does not match its checksum .* fetched again"):
        again = fetch()
    assert again.data.equals(first.data)
    other = "nodup" if name == "clusters" else "table1"
    assert not any(other in request for request in vizier.requests)
    fetch(download_if_missing=False)


def test_a_corrupt_file_is_left_alone_if_it_must_not_be_fetched(fetch, tmp_path):
    fetch()
    path = cached(tmp_path, "members")
    truncate(path)
    with pytest.raises(FetchError, match=rf"{path} does not .*, and download_if_missing is False"):
        fetch(download_if_missing=False)
    assert path.exists()


def test_a_corrupt_file_without_a_network_is_one_error(fetch, vizier, tmp_path):
    fetch()
    truncate(cached(tmp_path, "clusters"))
    vizier.always = "error_500"
    with (
        pytest.warns(UserWarning, match="fetched again"),
        pytest.raises(FetchError, match="HTTP status 500"),
    ):
        fetch(n_retries=0)


def test_a_file_of_other_columns_is_fetched_again(fetch, vizier, monkeypatch, tmp_path):
    fetch()
    old = cached(tmp_path, "clusters")
    published = CATALOGUES["cantat_gaudin_2020"]
    clusters = replace(
        published.clusters,
        columns=(*published.clusters.columns, column("id", "SimbadName", kind="text")),
    )
    monkeypatch.setitem(CATALOGUES, published.name, replace(published, clusters=clusters))
    vizier.requests.clear()
    assert "id" in fetch().clusters
    assert len(vizier.asked_for_rows()) == 1
    assert cached(tmp_path, "clusters") != old


def test_the_file_says_where_the_table_is_from(fetch, vizier, tmp_path):
    fetch()
    source = json.loads(pq.read_schema(cached(tmp_path, "clusters")).metadata[b"skcluster"])
    assert source["table"] == "J/A+A/640/A1/table1"
    assert source["fetched_from"] == vizier.tap
    assert source["columns"]["log_age"] == "AgeNN"


def test_a_missing_extra_is_named(fetch, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("pyvo.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyvo", None)
    monkeypatch.delitem(sys.modules, "skcluster.datasets.catalogues._vizier")
    with pytest.raises(ImportError, match=r"needs pyvo; .* pip install 'skcluster\[fetch\]'"):
        fetch()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_retries": -1}, "'n_retries' parameter of fetch_catalogue must be an int"),
        ({"delay": -0.1}, "'delay' parameter of fetch_catalogue must be a float"),
        ({"progress": "yes"}, "'progress' parameter"),
        ({"data_home": 5}, "'data_home' parameter"),
    ],
)
def test_wrong_parameters_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        fetch_cantat_gaudin_2020(**options)


def test_one_bar_counts_the_rows_of_both_tables(fetch, capsys):
    fetch(progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "cantat_gaudin_2020" in shown.err
    assert "68/68" in shown.err
    fetch(progress=True)  # nothing to fetch, nothing to show
    assert capsys.readouterr().err == ""


def test_chunks_are_asked_for_by_their_rows(fetch, vizier):
    fetch()
    members = [request for request in vizier.asked_for_rows() if "nodup" in request]
    assert [request.split("WHERE ")[1] for request in members] == [
        '"recno" >= 1 AND "recno" <= 25',
        '"recno" >= 26 AND "recno" <= 50',
        '"recno" >= 51',
    ]
