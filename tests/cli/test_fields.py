"""Members of fields on the console: ``skcluster members`` and ``estimate --find-members``."""

import base64
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from astropy.table import Table

from skcluster.datasets import load_example_field, simulate_fields
from skcluster.io import read_clusters


@pytest.fixture(scope="module")
def field(tmp_path_factory) -> Path:
    """The example field as a file."""
    file = tmp_path_factory.mktemp("fields") / "field.parquet"
    load_example_field()[0].iloc[0]["stars"].to_parquet(file)
    return file


@pytest.fixture(scope="module")
def two(field) -> Path:
    """The example field and one without a cluster in a table."""
    empty = simulate_fields(1, n_members=0, n_field=501, random_state=0)[0].iloc[0]["stars"]
    stars = {"A": pd.read_parquet(field), "B": empty}
    file = field.with_name("two.parquet")
    pd.concat(stars, names=["cluster", None]).reset_index("cluster").to_parquet(file)
    return file


def test_members_are_printed_written_and_drawn(run, field, tmp_path, capsys):
    files = [tmp_path / name for name in ("members.fits", "clusters.ecsv", "figures")]
    options = [
        word for pair in zip(("-o", "--clusters", "--plots"), files, strict=True) for word in pair
    ]
    assert run("members", field, *options) == 0
    heads, row, first, second = capsys.readouterr().out.splitlines()
    assert heads.split()[:2] == ["cluster", "members"]
    assert row.split()[:2] == ["field", "286"]
    assert [first, second] == [str(files[0]), str(files[1])]
    members = Table.read(files[0])
    assert len(members) == 286
    assert members["probability"].min() >= 0.5
    assert read_clusters(files[0]).index.tolist() == ["field"]
    (row,) = Table.read(files[1])
    assert row["n_members"] == 286
    columns = Table.read(files[1]).columns
    assert str(columns["half_number_radius_pc"].unit) == "pc"
    assert columns["field_density"].description == "Field stars per area around the cluster"
    assert [file.name for file in files[2].iterdir()] == ["field_members.png"]
    assert run("members", field, "--plots", files[2]) == 1
    assert "--overwrite replaces it" in capsys.readouterr().err


def test_all_stars_with_probabilities_are_those_above_zero(run, field, tmp_path):
    assert run("members", field, "-o", tmp_path / "all.csv", "--threshold", "0") == 0
    assert len(pd.read_csv(tmp_path / "all.csv")) == len(pd.read_parquet(field))


@pytest.mark.parametrize(("columns", "name"), [("60", "The fie…Berkeley"), (None, "")])
def test_a_pipe_gets_all_columns(run, field, capsys, monkeypatch, columns, name):
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    assert run("members", field, "--cluster", "The field of Berkeley") == 0
    *heads, row = capsys.readouterr().out.splitlines()
    assert row.startswith(name or "The field of Berkeley")
    assert ("half radius [deg]" in heads[0]) == (not columns)


def test_hints_select_or_exclude(run, field, capsys):
    center = load_example_field()[0].iloc[0]["stars"][["ra", "dec"]].median()
    assert run("members", field, "--center", *center, "--parallax", 0.83) == 0
    assert "286" in capsys.readouterr().out
    assert run("members", field, "--proper-motion", -9, 9, "--n-clusters", "auto") == 0
    assert "no cluster found" in capsys.readouterr().out
    assert run("members", field, "--n-clusters", "0") == 1


def test_estimate_finds_members(run, field, tmp_path, capsys):
    options = ("--plots", tmp_path / "figures", "--members-output", tmp_path / "m.csv")
    assert run("estimate", field, "--find-members", "--json", *options) == 0
    printed = capsys.readouterr()
    (cluster,) = json.loads(printed.out)["clusters"]
    assert cluster["n_stars"] == 286
    assert cluster["log_age"] == pytest.approx(9.0, abs=0.15)
    assert "skcluster: field: 286 members" in printed.err
    assert "as in a field" not in printed.err
    names = {file.name for file in (tmp_path / "figures").iterdir()}
    assert names == {"field.png", "field_members.png"}
    assert {"probability", "membership"} <= set(pd.read_csv(tmp_path / "m.csv").columns)


def test_a_field_without_a_cluster_is_a_row(run, two, tmp_path, capsys):
    assert run("members", two, "-o", tmp_path / "m.csv") == 0
    printed = capsys.readouterr()
    *_, a, b, flag, _ = printed.out.splitlines()
    assert [a.split()[0], b.split()[0], flag] == ["A", "B", "    no cluster found"]
    assert set(pd.read_csv(tmp_path / "m.csv")["cluster"]) == {"A"}
    options = ("--find-members", "--json", "--plots", tmp_path / "figures")
    assert run("estimate", two, *options) == 0
    printed = capsys.readouterr()
    first, second = json.loads(printed.out)["clusters"]
    assert first["flag"] == ""
    assert second["flag"] == "no cluster found"
    assert second["n_stars"] == 0
    assert second["log_age"] is None
    assert "skcluster: B: no cluster found" in printed.err


def test_a_list_that_looks_like_a_field_gets_a_hint(run, field, two, capsys):
    hint = "most stars of 'field' do not move together, as in a field of the sky; "
    assert run("estimate", field, "--json") == 0
    assert f"skcluster: {hint}--find-members finds the members\n" in capsys.readouterr().err
    assert run("estimate", two, "--json") == 0
    assert "most stars of 'A', 'B' do not move together" in capsys.readouterr().err


def test_members_get_no_hint(run, field, few, tmp_path, capsys):
    assert run("members", field, "-o", tmp_path / "m.csv") == 0
    assert run("estimate", tmp_path / "m.csv", few, "--json") == 0
    assert "a field" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("estimate", "{}", "--center", "1", "2"), "--center needs --find-members or --from-gaia"),
        (("estimate", "nix", "--find-members"), "with --from-gaia, the stars around a cluster"),
        (("members", "nix"), "with --from-gaia, the stars around a cluster"),
        (("members", "{}", "--plots", "{}"), "--plots takes a folder"),
        (("members", "bare.csv"), "'ra'"),
        (("members", "{}", "-o", "m.doc"), "The file type of m.doc is unknown"),
        (
            ("members", "{}", "--center", "1", "99"),
            "center must be one right ascension and declination, in degrees, not [1.0, 99.0]",
        ),
    ],
)
def test_wrong_options_are_one_line(run, field, arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pd.read_parquet(field).drop(columns="ra").to_csv("bare.csv")
    assert run(*(text.format(field) for text in arguments)) == 1
    *_, line = capsys.readouterr().err.splitlines()
    assert line.startswith("skcluster: error: ")
    assert message in line


def test_example_field(run, tmp_path):
    assert run("example", "--field", "-o", tmp_path / "field.ecsv") == 0
    table = Table.read(tmp_path / "field.ecsv")
    assert len(table) == 2284
    assert str(table["pmra"].unit) == "mas / yr"


def clusters_of(page: Path) -> list[dict]:
    """The data of a report."""
    script = r'<script type="application/json" id="data">(.*?)</script>'
    return json.loads(re.findall(script, page.read_text(), re.S)[0])["clusters"]


def test_report_shows_members_over_the_field(run, two, tmp_path, capsys):
    options = ("--find-members", "--release", "dr2")
    assert run("report", two, *options, "-o", tmp_path / "report.html") == 0
    first, second = clusters_of(tmp_path / "report.html")
    for cluster in (first, second):
        assert base64.b64decode(cluster["picture"]).startswith(b"\x89PNG")
    assert second["flag"] == "no cluster found"
    assert first["notes"] == "DR2 zero point applied"
    assert run("report", two, "-o", tmp_path / "list.html") == 0
    assert "most stars of 'A', 'B'" in capsys.readouterr().err
    assert not any("picture" in cluster for cluster in clusters_of(tmp_path / "list.html"))
