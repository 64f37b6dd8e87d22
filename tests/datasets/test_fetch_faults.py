"""Whatever the server does: complete data, or one clear error and nothing half-written."""

import pandas as pd
import pytest
from vizier_server import numbered

from skcluster.datasets import CatalogueChangedError, FetchError
from skcluster.datasets.catalogues import _download


def files(folder):
    """Everything in the cache."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


COMPLETE = [
    "cantat_gaudin_2020/clusters/1-8.parquet",
    *(f"cantat_gaudin_2020/members/{rows}.parquet" for rows in ("1-25", "26-50", "51-60")),
]


@pytest.mark.parametrize(
    ("fault", "at"),
    [("error_500", 0), ("too_many", 0), ("html", 1), ("cut", 1), ("few_rows", 2), ("cut", 5)],
)
def test_a_passing_fault_ends_in_complete_data(fetch, vizier, tmp_path, fault, at):
    vizier.misbehave(*[None] * at, fault)
    bunch = fetch()
    assert len(bunch.target) == 6
    assert sum(map(len, [*bunch.data["stars"], *bunch.unlabelled["stars"]])) == 60
    assert files(tmp_path / "cache") == COMPLETE


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("error_500", "HTTP status 500, with the text 'Internal Server Error'"),
        ("error_404", "HTTP status 404, with the text 'Service under"),
        ("html", "no table .*with the text 'Service under maintenance We will be back soon.'"),
        ("tap_error", "no table .*with the text 'Too many jobs & users'"),
        ("nothing", "no table .*, without a text"),
        ("cut", "no complete answer .*IncompleteRead"),
    ],
)
def test_a_lasting_fault_is_one_error_that_says_what_came(fetch, vizier, tmp_path, fault, message):
    vizier.always = fault
    with pytest.raises(FetchError, match=message) as caught:
        fetch()
    assert vizier.tap in str(caught.value)
    assert files(tmp_path / "cache") == []
    # No other one where the error would come again.
    assert len(vizier.requests) == (1 if fault == "error_404" else 4)


def test_rows_that_are_missing_are_noticed(fetch, vizier, tmp_path):
    for fault, n_rows in {"few_rows": 4, "renumbered": 8}.items():
        vizier.misbehave(None, None)  # columns and count come
        vizier.always = fault
        place = r"Rows 1 to 8 of J/A\+A/640/A1/table1"
        with pytest.raises(FetchError, match=f"{place} .* {n_rows} rows, not 8 different ones"):
            fetch()
        assert files(tmp_path / "cache") == []
        vizier.always = None


def test_a_server_that_is_too_slow_is_left(fetch, vizier, monkeypatch):
    monkeypatch.setattr(_download, "TIMEOUT", (1.0, 1.0))
    monkeypatch.setattr(_download, "DELAYS", ())
    vizier.always = "hang"
    with pytest.raises(FetchError, match=r"no complete answer .*timed out"):
        fetch()


def test_no_connection_is_said(fetch, vizier, monkeypatch):
    monkeypatch.setattr(_download, "URL", "http://127.0.0.1:9/tap")
    expected = r"127\.0\.0\.1:9/tap/sync gave no complete answer \(.*refused"
    with pytest.raises(FetchError, match=expected):
        fetch()


def test_each_retry_waits(fetch, vizier, monkeypatch):
    waits = []
    monkeypatch.setattr(_download.time, "sleep", waits.append)
    monkeypatch.setattr(_download, "DELAYS", (1.0, 2.0, 4.0))
    vizier.misbehave(*["error_500"] * 3)
    fetch(members=False)
    assert waits == [0, 1, 2, 4, 0, 0]


def test_what_arrived_is_kept_and_the_next_call_goes_on_there(fetch, vizier, tmp_path):
    # Columns, count and rows of the clusters; columns, count and two parts of the members.
    vizier.misbehave(*[None] * 7, *["cut"] * 4)
    message = r"Rows 51 to 60 of .*nodup .* The next call fetches only what is missing"
    with pytest.raises(FetchError, match=message):
        fetch()
    assert files(tmp_path / "cache") == COMPLETE[:-1]
    vizier.requests.clear()
    assert len(fetch().target) == 6
    (request,) = vizier.asked_for_rows()
    assert request.endswith('"recno" >= 51 AND "recno" <= 60')
    assert files(tmp_path / "cache") == COMPLETE


@pytest.mark.parametrize(
    ("catalogue", "table", "renamed", "message"),
    [
        (
            "cantat_gaudin_2020",
            "J/A+A/640/A1/table1",
            {"AgeNN": "logt", "pmDE": "pmDec"},
            r"no column 'pmDE' \(pmdec\), 'AgeNN' \(log_age\); there are: Cluster, .*logt",
        ),
        # Where only the catalogue is known, none of its tables will do.
        ("cavallo_2024", "J/AJ/167/12/table4", {"AV50": "A_V"}, r"'AV50' \(a_v\); there"),
        # Lower and upper errors, whose names differ by nothing but case, are not mixed up.
        ("bossini_2019", "J/A+A/623/A108/tablea", {"e_logA": "e"}, r"'e_logA' \(log_age_lower_err"),
    ],
)
def test_renamed_columns_are_named_beside_what_is_there(
    fetch, small, vizier, tmp_path, catalogue, table, renamed, message
):
    small(catalogue)
    vizier.tables[table] = vizier.tables[table].rename(columns=renamed)
    with pytest.raises(CatalogueChangedError, match=message) as caught:
        fetch(catalogue)
    assert table in str(caught.value)
    assert files(tmp_path / "cache") == []


@pytest.mark.parametrize(
    ("catalogue", "missing"),
    [
        ("cantat_gaudin_2020", ["e_Plx"]),
        ("hunt_reffert_2023", ["e_Plx", "MOD50", "RUWE", "inrt"]),
        ("dias_2021", ["[Fe/H]"]),
        ("cavallo_2024", ["Plx", "Quality", "[Fe/H]50"]),
        ("bossini_2019", ["Fe/H"]),
    ],
)
def test_optional_columns_may_be_missing(fetch, small, vizier, catalogue, missing):
    small(catalogue)
    for name in vizier.tables:
        vizier.tables[name] = vizier.tables[name].drop(columns=missing, errors="ignore")
    bunch = fetch(catalogue)
    assert len(bunch.target) == (6 if catalogue == "cantat_gaudin_2020" else 8)
    assert "parallax_error" not in (bunch.get("feature_names") or ())


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("Gmag", "bright", "Gmag at VizieR has a value that is no number .*'bright'"),
        ("GaiaDR2", 1.5, "GaiaDR2 at VizieR has a value that is no integer"),
        ("GaiaDR2", [1, None] * 30, "GaiaDR2 at VizieR has a value that is no integer"),
    ],
)
def test_a_value_of_another_type_is_an_error(fetch, small, vizier, column, value, reason):
    small("cantat_gaudin_2020")
    rows = vizier.tables["J/A+A/640/A1/nodup"]
    rows[column] = pd.array(value, dtype="Int64") if isinstance(value, list) else value
    with pytest.raises(ValueError, match=reason):
        fetch()


@pytest.mark.parametrize("n_rows", [58, 61, 90])
def test_another_number_of_rows_than_published_is_an_error(fetch, small, vizier, tmp_path, n_rows):
    small("cantat_gaudin_2020")
    name = "J/A+A/640/A1/nodup"
    rows = vizier.tables[name].drop(columns="recno")
    rows = pd.concat([rows, rows], ignore_index=True).head(n_rows)
    vizier.tables[name] = numbered(rows)
    message = f"60 rows were published, but it has {n_rows} now"
    with pytest.raises(CatalogueChangedError, match=message):
        fetch()
    assert files(tmp_path / "cache") == COMPLETE[:1]
