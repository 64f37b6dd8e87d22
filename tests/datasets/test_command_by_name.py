"""Members of named clusters on the console."""

import json
from collections.abc import Callable

import pytest
from astropy.table import Table
from catalogue_tables import hunt_reffert

from skcluster.cli import main
from skcluster.cli._options import CATALOGUES
from skcluster.datasets.catalogues._published import CATALOGUES as PUBLISHED
from skcluster.io import read_clusters


@pytest.fixture
def run() -> Callable[..., int]:
    return lambda *arguments: main([str(argument) for argument in arguments])


def names_in(text: str) -> list[str]:
    return [cluster["cluster"] for cluster in json.loads(text)["clusters"]]


@pytest.fixture
def hunt(small, monkeypatch, tmp_path):
    """Hunt & Reffert 2023 at a server on loopback."""
    small("hunt_reffert_2023")
    monkeypatch.setenv("SKCLUSTER_DATA", str(tmp_path / "cache"))


@pytest.mark.usefixtures("hunt")
def test_fetch_keeps_members_that_estimate_reads(run, tmp_path, capsys):
    output = tmp_path / "m67.ecsv"
    assert run("fetch", "M 67", "NGC 188", "-o", output) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{output}\n"
    counts = hunt_reffert(8, 70)["J/A+A/673/A114/members"]["Name"].value_counts()
    first, second = printed.err.splitlines()
    assert first == (
        f"skcluster: M 67: {counts['NGC_2682']} members from Hunt & Reffert 2023 "
        "(VizieR J/A+A/673/A114), where it is NGC_2682"
    )
    assert second.startswith("skcluster: NGC 188: ")
    assert Table.read(output).meta["cite"].startswith("Hunt & Reffert 2023, A&A 673, A114, doi:")
    assert str(Table.read(output)["parallax"].unit) == "mas"
    assert read_clusters(output).index.tolist() == ["NGC_2682", "NGC_188"]
    assert run("fetch", "M 67", "-o", output) == 1
    assert "--overwrite replaces it" in capsys.readouterr().err


@pytest.mark.usefixtures("hunt")
def test_estimate_by_name_beside_files(run, tmp_path, capsys):
    file = tmp_path / "c.csv"
    members = hunt_reffert(8, 70)["J/A+A/673/A114/members"]
    members.drop(columns="Name").to_csv(file, index=False)
    assert run("estimate", file, "M 67", "M 999", "--json") == 3
    printed = capsys.readouterr()
    assert names_in(printed.out) == ["c", "NGC_2682"]
    assert "members from Hunt & Reffert 2023" in printed.err
    assert "There is no file or folder 'M 999'; taken as the name of a cluster" in printed.err
    assert run("estimate", "M 67", "--cluster", "M 67", "--json") == 0
    assert names_in(capsys.readouterr().out) == ["M 67"]


@pytest.mark.usefixtures("hunt")
def test_an_unknown_name_is_one_line(run, capsys):
    assert run("estimate", "NGC 2683") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "skcluster: error: There is no file or folder 'NGC 2683'; taken as the name of a cluster, "
        "its members cannot be fetched: The catalogue "
    )
    assert "similar names: 'NGC_2682'" in line


@pytest.mark.usefixtures("hunt")
def test_no_network_is_one_line(run, vizier, tmp_path, capsys):
    vizier.always = "error_500"
    assert run("estimate", "M 67") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "skcluster: error: There is no file or folder 'M 67'; taken as the name of a cluster, its "
        "members cannot be fetched: "
    )
    assert run("fetch", "M 67", "-o", tmp_path / "m67.csv") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("skcluster: error: The members of 'M 67' cannot be fetched: ")


def test_the_catalogues_are_those_with_members():
    with_members = {name for name, c in PUBLISHED.items() if c.members is not None}
    assert set(CATALOGUES) == with_members
