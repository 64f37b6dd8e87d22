"""The cache: where it is, and what it survives."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from skcluster.datasets import FetchError, get_data_home
from skcluster.datasets.catalogues._published import CATALOGUES, Column


def test_the_folder_is_what_the_user_says(tmp_path, monkeypatch):
    monkeypatch.setenv("SKCLUSTER_DATA", str(tmp_path / "elsewhere"))
    assert get_data_home() == tmp_path / "elsewhere"
    assert get_data_home(tmp_path) == tmp_path
    assert get_data_home(Path("~", "clusters")) == Path.home() / "clusters"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the conventions of Linux")
def test_the_folder_is_the_platforms_one(tmp_path, monkeypatch):
    monkeypatch.delenv("SKCLUSTER_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert get_data_home() == tmp_path / "skcluster"
    assert list(tmp_path.iterdir()) == []


def test_importing_makes_no_folder_and_loads_no_network_client(tmp_path):
    code = "import sys, skcluster.datasets; print('requests' in sys.modules)"
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    result = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **home}, capture_output=True, text=True
    )
    assert result.stdout == "False\n", result.stderr
    assert list(tmp_path.iterdir()) == []


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
    assert not any("nodup" in request for request in vizier.requests)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    """Change a bit of a number, which only the checksum shows."""
    column = pq.read_metadata(path).row_group(0).column(1)
    content = bytearray(path.read_bytes())
    content[column.dictionary_page_offset + column.total_compressed_size // 2] ^= 1
    path.write_bytes(bytes(content))
    pq.read_table(path)  # can be read


@pytest.mark.parametrize(
    ("damage", "part"), [(truncate, "members/26-50.parquet"), (flip, "clusters/1-8.parquet")]
)
def test_a_damaged_part_is_fetched_again(fetch, vizier, tmp_path, damage, part):
    first = fetch()
    vizier.requests.clear()
    damage(tmp_path / "cache/cantat_gaudin_2020" / part)
    with pytest.raises(FetchError, match=r"is not in .*, and download_if_missing is False"):
        fetch(download_if_missing=False)
    again = fetch()
    assert again.data.equals(first.data)
    assert len(vizier.asked_for_rows()) == 1
    fetch(download_if_missing=False)


def test_an_optional_column_may_go_between_two_parts(fetch, vizier, tmp_path):
    fetch()
    (tmp_path / "cache/cantat_gaudin_2020/members/26-50.parquet").unlink()
    name = "J/A+A/640/A1/nodup"
    vizier.tables[name] = vizier.tables[name].drop(columns="e_Plx")
    bunch = fetch()
    stars = pd.concat([*bunch.data["stars"], *bunch.unlabelled["stars"]])
    assert stars["parallax_error"].isna().sum() == 25


def test_a_file_of_other_columns_is_fetched_again(fetch, vizier, monkeypatch):
    fetch()
    published = CATALOGUES["cantat_gaudin_2020"]
    clusters = replace(
        published.clusters,
        columns=(*published.clusters.columns, Column("id", "SimbadName", kind="text")),
    )
    monkeypatch.setitem(CATALOGUES, published.name, replace(published, clusters=clusters))
    vizier.requests.clear()
    assert "id" in fetch().clusters
    assert len(vizier.asked_for_rows()) == 1


def test_a_bar_counts_the_rows_of_each_table(fetch, capsys):
    fetch(progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.search(r"cantat_gaudin_2020, clusters .* 8/8 rows", shown.err)
    assert re.search(r"cantat_gaudin_2020, members .* 60/60 rows", shown.err)
    fetch(progress=True)  # nothing to fetch, nothing to show
    assert capsys.readouterr().err == ""
