"""Whence the command has its members: files and folders."""

import json
from pathlib import Path

import pandas as pd
import pytest
from astropy.table import Table


@pytest.fixture
def files(members: Path, tmp_path: Path) -> dict[str, Path]:
    """Three clusters without a column that names them, in files of several types."""
    stars = pd.read_parquet(members)
    names = stars["cluster"].unique()
    found = {}
    for name, file in zip(names, ["M 67.csv", "b.fits", "c.ecsv"], strict=False):
        found[file] = tmp_path / "clusters" / file
        found[file].parent.mkdir(exist_ok=True)
        one = Table.from_pandas(stars[stars["cluster"] == name].drop(columns="cluster"))
        kinds = {".csv": "ascii.csv", ".fits": "fits", ".ecsv": "ascii.ecsv"}
        one.write(found[file], format=kinds[found[file].suffix])
    return found


def names_in(text: str) -> list[str]:
    return [cluster["cluster"] for cluster in json.loads(text)["clusters"]]


def test_a_file_names_its_cluster(run, files, capsys):
    assert run("estimate", files["M 67.csv"], "--json") == 0
    printed = capsys.readouterr()
    assert names_in(printed.out) == ["M 67"]
    (line,) = printed.err.splitlines()
    assert line.startswith(f"skcluster: {files['M 67.csv']} has no column of cluster names")
    assert run("estimate", files["M 67.csv"], "--json", "--cluster", "mine") == 0
    printed = capsys.readouterr()
    assert names_in(printed.out) == ["mine"]
    assert printed.err == ""


def test_many_files_and_folders(run, files, members, capsys):
    assert run("estimate", *files.values(), "--json") == 0
    printed = capsys.readouterr()
    assert names_in(printed.out) == ["M 67", "b", "c"]
    assert len(printed.err.splitlines()) == 1
    assert run("estimate", files["b.fits"].parent, members, "--json") == 0
    assert len(names_in(capsys.readouterr().out)) == 3 + 25


def test_a_bad_file_does_not_stop_the_others(run, files, capsys):
    bad = files["b.fits"].with_name("bad.csv")
    bad.write_text("x,y\n1,2\n")
    assert run("estimate", bad, files["c.ecsv"], "none.csv", "--json") == 3
    printed = capsys.readouterr()
    assert names_in(printed.out) == ["c"]
    errors = [e for e in printed.err.splitlines() if e.startswith("skcluster: error: ")]
    assert len(errors) == 2
    assert str(bad) in errors[0]
    assert "no file none.csv" in errors[1]
    assert run("estimate", bad, files["c.ecsv"], "--json", "--strict") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert str(bad) in printed.err


def test_a_cluster_in_two_files_is_told(run, files, capsys):
    twin = files["c.ecsv"].with_name("c.fits")
    Table.read(files["c.ecsv"]).write(twin)
    assert run("estimate", files["c.ecsv"], twin, "--json") == 3
    assert f"{twin}: cluster 'c' is already in {files['c.ecsv']}" in capsys.readouterr().err


def test_the_format_can_be_said(run, files, tmp_path, capsys):
    other = files["c.ecsv"].rename(tmp_path / "c.out")
    assert run("estimate", other) == 1
    error = capsys.readouterr().err
    assert "is unknown" in error
    assert "--format" in error
    assert run("estimate", other, "--format", "ecsv", "--cluster", "c", "--json") == 0
    assert names_in(capsys.readouterr().out) == ["c"]


def test_one_name_is_not_for_several_tables(run, files, capsys):
    with pytest.raises(SystemExit, match="2"):
        run("estimate", files["b.fits"], "--cluster", "x", "--cluster-column", "y")
    assert "not allowed with argument" in capsys.readouterr().err
    assert run("estimate", *files.values(), "--cluster", "x") == 1
    error = capsys.readouterr().err
    assert "One name, 'x', cannot be that of 3 tables" in error
    assert "--cluster" in error


@pytest.mark.parametrize("name", [None, "parallaxe"])
def test_missing_parallaxes_are_told_once(run, few, tmp_path, capsys, name):
    stars = pd.read_parquet(few)
    parallax = stars.pop("parallax")
    file = tmp_path / "few.csv"
    (stars if name is None else stars.assign(**{name: parallax})).to_csv(file, index=False)
    assert run("estimate", file, "--json") == 0
    printed = capsys.readouterr()
    assert len(names_in(printed.out)) == 2
    *notes, line = printed.err.splitlines()
    assert line == (
        "skcluster: no column 'parallax': distances are estimated from the diagram alone (see "
        "docs/member_lists.md#what-is-needed)"
    )
    assert len(notes) == (name is not None)
    assert all("parallax (nearest names: 'parallaxe'" in note for note in notes)


def test_one_name_for_several_clusters_is_told(run, few, capsys):
    assert run("estimate", few, "--cluster", "mine", "--json") == 0
    printed = capsys.readouterr()
    assert names_in(printed.out) == ["mine"]
    (line,) = printed.err.splitlines()
    assert line.startswith(f"skcluster: warning: {few} names 2 clusters in column 'cluster'; with ")
