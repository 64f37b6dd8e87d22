"""Whatever the server does: complete data, or one clear error and nothing half-written."""

import re

import pandas as pd
import pytest
from vizier_server import count_by_start, numbered

from skcluster.datasets import CatalogueChangedError, FetchError
from skcluster.datasets.catalogues import _vizier


def files(folder):
    """Everything in the cache, without checksums."""
    names = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted(re.sub(r"-[0-9a-f]{16}\.parquet$", "", name) for name in names)


COMPLETE = ["cantat_gaudin_2020/clusters", "cantat_gaudin_2020/members"]

PASSING = {
    "slow": "",
    "gzipped": "",
    "gzipped_cut": "no table but text that starts with '<[?]xml",
    "binary": "",
    "elsewhere": "a table whose rows are elsewhere, at 'http://127",
    "elsewhere_hidden": "a table whose rows are elsewhere, at 'file:///dev/null'",
    "error_500": "HTTP status 500",
    "html": "text that starts with '<!DOCTYPE html>.*Service under maintenance",
    "tap_error": "the error 'Too many jobs & users'",
    "garbage": "no table but text that starts with",
    "nothing": "nothing",
    "cut": "an answer that breaks off",
    "cut_chunked": "an answer that breaks off",
    "too_long": "an answer that breaks off",
    "too_short": "",
    "few_rows": "",
    "redirect": "",
}


@pytest.mark.parametrize(
    ("fault", "at"), [*((fault, 1) for fault in PASSING), ("cut", 0), ("html", 0), ("cut", 4)]
)
def test_a_passing_fault_ends_in_complete_data(fetch, vizier, tmp_path, fault, at):
    vizier.misbehave(*[None] * at, fault)
    bunch = fetch()
    assert len(bunch.target) == 6
    assert sum(map(len, [*bunch.data["stars"], *bunch.unlabelled["stars"]])) == 60
    assert files(tmp_path / "cache") == COMPLETE


@pytest.mark.parametrize("fault", [f for f in PASSING if PASSING[f]])
def test_a_lasting_fault_is_one_error_that_says_what_came(fetch, vizier, tmp_path, fault):
    vizier.always = fault
    with pytest.raises(FetchError, match=PASSING[fault]) as caught:
        fetch(n_retries=1)
    assert vizier.tap in str(caught.value)
    assert files(tmp_path / "cache") == []
    assert len(vizier.requests) == 2


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("few_rows", r"4 rows, not the rows 1 to 8"),
        ("renumbered", r"8 rows, not the rows 1 to 8"),
        ("too_short", r"no table but text that starts with"),
    ],
)
def test_rows_that_are_wrong_are_noticed(fetch, vizier, tmp_path, fault, message):
    vizier.misbehave(None)  # the columns come
    vizier.always = fault
    with pytest.raises(FetchError, match=rf"Rows 1 to 8 of J/A\+A/640/A1/table1 .*{message}"):
        fetch(n_retries=1)
    assert files(tmp_path / "cache") == []


@pytest.mark.parametrize("fault", ["elsewhere", "elsewhere_hidden"])
def test_nothing_that_an_answer_refers_to_is_opened(fetch, vizier, monkeypatch, fault):
    opened = []
    monkeypatch.setattr("urllib.request.urlopen", lambda *args, **_: opened.append(args))
    vizier.always = fault
    with pytest.raises(FetchError):
        fetch(n_retries=0)
    assert opened == []
    assert len(vizier.requests) == 1


def test_a_server_that_is_too_slow_is_left(fetch, vizier, monkeypatch):
    monkeypatch.setattr(_vizier, "TIMEOUT", (1.0, 1.0))
    vizier.always = "hang"
    with pytest.raises(FetchError, match="within 1 s"):
        fetch(n_retries=0)
    vizier.always = None
    vizier.misbehave("hang")
    assert len(fetch().target) == 6


def test_redirects_in_circles_end(fetch, vizier):
    vizier.misbehave("redirect_in_circles")
    with pytest.raises(FetchError, match="redirects"):
        fetch(n_retries=0)


def test_no_connection_is_said(fetch, vizier, monkeypatch):
    monkeypatch.setattr(_vizier, "SITES", (_vizier.Site("http://127.0.0.1:9/tap"),))
    # Without the connection's representation, which repeats host and port.
    expected = r"127\.0\.0\.1:9/tap gave no connection \(Failed to .*refused"
    with pytest.raises(FetchError, match=expected):
        fetch(n_retries=0)


def test_an_error_that_would_come_again_is_not_asked_for_again(fetch, vizier):
    vizier.always = "error_404"
    with pytest.raises(FetchError, match="HTTP status 404, text that starts with '<!DOCTYPE"):
        fetch(n_retries=3)
    assert len(vizier.requests) == 1


def test_retries_wait_longer_each_time(fetch, vizier, monkeypatch):
    waits = []
    monkeypatch.setattr(_vizier.time, "sleep", waits.append)
    vizier.misbehave(*["error_500"] * 3)
    fetch(n_retries=3, delay=2.0)
    assert waits == [2.0, 4.0, 8.0]


def test_what_arrived_is_kept_and_the_next_call_goes_on_there(fetch, vizier, tmp_path):
    # Columns and rows of the clusters, columns and two parts of the members.
    vizier.misbehave(*[None] * 5, "cut", "cut")
    message = r"Rows 51 to 60 of .*nodup .* 50 of 60 rows are kept; the next call continues there"
    with pytest.raises(FetchError, match=message):
        fetch(n_retries=1)
    kept = files(tmp_path / "cache/cantat_gaudin_2020/members.parts")
    assert kept == ["1-25", "26-50"]
    vizier.requests.clear()
    assert len(fetch().target) == 6
    assert count_by_start(vizier.asked_for_rows()) == {"51": 1}
    assert files(tmp_path / "cache") == COMPLETE


@pytest.mark.parametrize("damage", ["cut", "flipped", "other rows"])
def test_a_kept_part_that_was_damaged_is_fetched_again(fetch, vizier, tmp_path, damage):
    vizier.misbehave(*[None] * 5, "cut")
    with pytest.raises(FetchError):
        fetch(n_retries=0)
    first, second = sorted((tmp_path / "cache/cantat_gaudin_2020/members.parts").iterdir())
    content = first.read_bytes()
    if damage == "cut":
        first.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        middle = len(content) // 3
        first.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    else:
        first.write_bytes(second.read_bytes())
    vizier.requests.clear()
    bunch = fetch()
    assert count_by_start(vizier.asked_for_rows()) == {"1": 1, "51": 1}
    members = vizier.tables["J/A+A/640/A1/nodup"]
    stars = bunch.data.loc["NGC_2682", "stars"]
    expected = members.loc[members["Cluster"] == "NGC_2682", "Gmag"]
    # Before release 3.1, pandas rounds the last bit.
    assert stars["phot_g_mean_mag"].tolist() == pytest.approx(expected.tolist(), rel=1e-15)


def test_kept_parts_of_other_columns_are_fetched_again(fetch, vizier):
    vizier.misbehave(*[None] * 5, "cut")
    with pytest.raises(FetchError):
        fetch(n_retries=0)
    name = "J/A+A/640/A1/nodup"
    vizier.tables[name] = vizier.tables[name].drop(columns="e_Plx")
    vizier.requests.clear()
    assert "parallax_error" not in fetch().feature_names
    assert count_by_start(vizier.asked_for_rows()) == {"1": 1, "26": 1, "51": 1}


def test_the_mirror_gives_the_same_and_is_asked_first_from_then_on(fetch, vizier, mirror, tmp_path):
    one = fetch(data_home=tmp_path / "from vizier")
    vizier.requests.clear()
    vizier.always = "error_500"
    two = fetch(data_home=tmp_path / "from mirror", n_retries=0)
    assert one.target.equals(two.target)
    assert one.clusters.equals(two.clusters)
    assert one.data.equals(two.data)
    # Once for each table's columns: rows are asked of the mirror at once.
    assert len(vizier.requests) == 2


def test_both_failing_are_both_named(fetch, vizier, mirror):
    vizier.always, mirror.always = "error_500", "html"
    with pytest.raises(FetchError) as caught:
        fetch(n_retries=0)
    assert f"{vizier.tap} gave HTTP status 500" in str(caught.value)
    assert f"{mirror.asu} gave no table but text that starts with '<!DOCTYPE" in str(caught.value)


def test_renamed_columns_are_named_beside_what_is_there(fetch, small, vizier, tmp_path):
    small("cantat_gaudin_2020")
    name = "J/A+A/640/A1/table1"
    vizier.tables[name] = vizier.tables[name].rename(columns={"AgeNN": "logt", "pmDE": "pmDec"})
    message = re.escape("it has no column 'pmDE' (pmdec), 'AgeNN' (log_age); there are: Cluster, ")
    with pytest.raises(CatalogueChangedError, match=message + ".*logt") as caught:
        fetch()
    assert name in str(caught.value)
    assert files(tmp_path / "cache") == []


def test_an_optional_column_may_be_missing(fetch, small, vizier):
    small("cantat_gaudin_2020")
    name = "J/A+A/640/A1/nodup"
    vizier.tables[name] = vizier.tables[name].drop(columns="e_Plx")
    bunch = fetch()
    assert "parallax_error" not in bunch.feature_names


@pytest.mark.parametrize("more", [1, 30])
def test_more_rows_than_published_are_an_error(fetch, small, vizier, tmp_path, more):
    small("cantat_gaudin_2020")
    name = "J/A+A/640/A1/nodup"
    rows = vizier.tables[name].drop(columns="recno")
    vizier.tables[name] = numbered(pd.concat([rows, rows.head(more)], ignore_index=True))
    with pytest.raises(CatalogueChangedError, match="60 rows were published, but it has more"):
        fetch()
    assert "cantat_gaudin_2020/members" not in files(tmp_path / "cache")


def test_fewer_rows_than_published_are_an_error(fetch, small, vizier):
    small("cantat_gaudin_2020")
    name = "J/A+A/640/A1/nodup"
    vizier.tables[name] = vizier.tables[name].head(58)
    with pytest.raises(FetchError, match="8 rows, not the rows 51 to 60"):
        fetch()
