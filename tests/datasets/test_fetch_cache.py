"""The cache: where it is, what it survives, and how two processes share it."""

import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from vizier_server import count_by_start

from skcluster.datasets import FetchError, fetch_cantat_gaudin_2020, get_data_home
from skcluster.datasets.catalogues import _fetch_table


def cached(tmp_path: Path, name: str) -> Path:
    return tmp_path / "cache/cantat_gaudin_2020" / name


def test_the_folder_is_what_the_user_says(tmp_path, monkeypatch):
    monkeypatch.setenv("SKCLUSTER_DATA", str(tmp_path / "there"))
    assert get_data_home() == tmp_path / "there"
    assert get_data_home(tmp_path) == tmp_path
    assert get_data_home("~/clusters") == Path.home() / "clusters"
    assert not (tmp_path / "there").exists()


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
    monkeypatch.setenv("SKCLUSTER_DATA", str(tmp_path / "there"))
    fetch(data_home=None)
    assert (tmp_path / "there/cantat_gaudin_2020/members.parquet").exists()


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
    assert not cached(tmp_path, "members.parquet").exists()
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
    path = cached(tmp_path, f"{name}.parquet")
    damage(path)
    with pytest.warns(UserWarning, match=rf"{path} does not match its checksum .* fetched again"):
        again = fetch()
    assert again.data.equals(first.data)
    other = "nodup" if name == "clusters" else "table1"
    assert not any(other in request for request in vizier.requests)
    fetch(download_if_missing=False)


def test_a_corrupt_manifest_is_named_and_mended(fetch, tmp_path):
    fetch()
    cached(tmp_path, "clusters.json").write_text('{"sha256": "12')
    with pytest.warns(UserWarning, match=r"clusters\.json is not a manifest; it is removed"):
        fetch()


def test_a_corrupt_file_is_left_alone_if_it_must_not_be_fetched(fetch, tmp_path):
    fetch()
    path = cached(tmp_path, "members.parquet")
    truncate(path)
    with pytest.raises(FetchError, match=rf"{path} does not .*, and download_if_missing is False"):
        fetch(download_if_missing=False)
    assert path.exists()


def test_a_corrupt_file_without_a_network_is_one_error(fetch, vizier, tmp_path):
    fetch()
    truncate(cached(tmp_path, "clusters.parquet"))
    vizier.always = "error_500"
    with (
        pytest.warns(UserWarning, match="fetched again"),
        pytest.raises(FetchError, match="HTTP status 500"),
    ):
        fetch(n_retries=0)


@pytest.mark.parametrize("name", ["members.json", "members.parquet"])
def test_half_a_pair_of_files_is_fetched_again(fetch, tmp_path, name):
    first = fetch()
    cached(tmp_path, name).unlink()
    assert fetch().data.equals(first.data)


def test_a_file_of_other_columns_is_fetched_again(fetch, vizier, tmp_path):
    fetch()
    path = cached(tmp_path, "clusters.json")
    known = json.loads(path.read_text())
    known["wanted"] = known["wanted"][1:]
    path.write_text(json.dumps(known))
    vizier.requests.clear()
    fetch()
    assert len(vizier.asked_for_rows()) == 1


def test_the_manifest_says_where_the_table_is_from(fetch, vizier, tmp_path):
    fetch()
    known = json.loads(cached(tmp_path, "clusters.json").read_text())
    assert known["table"] == "J/A+A/640/A1/table1"
    assert known["fetched_from"] == vizier.tap
    assert known["columns"]["log_age"] == "AgeNN"
    assert known["n_rows"] == 8


def test_what_a_killed_process_left_is_swept_up(fetch, tmp_path):
    folder = cached(tmp_path, "")
    folder.mkdir(parents=True)
    (folder / ".clusters.parquet.abc.half").write_bytes(b"half")
    fetch()
    assert not list(folder.glob("*.half")) + list(folder.glob(".*.half"))


FETCH = """
    import sys
    sys.path.insert(0, {tests!r})
    from dataclasses import replace
    from skcluster.datasets.catalogues import _cantat_gaudin_2020 as module
    from skcluster.datasets.catalogues import _fetch_table, _service, _sites
    _service.SITES = (_sites.TapSite({url!r}),)
    _fetch_table.CHUNK = 25
    known = module.CANTAT_GAUDIN_2020
    module.CANTAT_GAUDIN_2020 = replace(
        known,
        clusters=replace(known.clusters, n_rows=8),
        members=replace(known.members, n_rows=60),
    )
    X, y = module.fetch_cantat_gaudin_2020(data_home={home!r}, return_X_y=True)
    print(len(X), sum(map(len, X["stars"])))
"""


def start(vizier, home: Path) -> subprocess.Popen:
    code = FETCH.format(tests=str(Path(__file__).parent), url=vizier.tap, home=str(home))
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_fetch_everything_once(small, vizier, tmp_path):
    small("cantat_gaudin_2020")
    vizier.always = "slow"
    processes = [start(vizier, tmp_path / "cache") for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in processes]
    assert answers[0] == answers[1], answers
    assert answers[0][0].startswith("6 ")
    # One part of the clusters, three of the members.
    assert count_by_start(vizier.asked_for_rows()) == {"1": 2, "26": 1, "51": 1}


def test_a_process_that_is_killed_leaves_the_lock_free(small, vizier, fetch, tmp_path):
    small("cantat_gaudin_2020")
    vizier.misbehave(*[None] * 4, "hang", "hang", "hang", "hang")
    process = start(vizier, tmp_path / "cache")
    parts = cached(tmp_path, "members.parts")
    for _ in range(1200):
        if parts.is_dir() and len(vizier.requests) > 4:
            break
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.kill()
    process.communicate()
    vizier.faults.clear()
    vizier.requests.clear()
    assert len(fetch().target) == 6
    assert "1" not in count_by_start(vizier.asked_for_rows())


def test_a_missing_extra_is_named(fetch, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("pyvo.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyvo", None)
    monkeypatch.delitem(sys.modules, "skcluster.datasets.catalogues._network", raising=False)
    with pytest.raises(ImportError, match=r"needs pyvo; .* pip install 'skcluster\[fetch\]'"):
        fetch()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_retries": -1}, "'n_retries' parameter of fetch_cantat_gaudin_2020 must be an int"),
        ({"delay": -0.1}, "'delay' parameter of fetch_cantat_gaudin_2020 must be a float"),
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
    assert _fetch_table.CHUNK == 25
    members = [request for request in vizier.asked_for_rows() if "nodup" in request]
    assert [request.split("WHERE ")[1] for request in members] == [
        '"recno" >= 1 AND "recno" <= 25',
        '"recno" >= 26 AND "recno" <= 50',
        '"recno" >= 51',
    ]
