"""Options of single commands: samples, versions, help, fit, simulate, info."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table

import skcluster
from skcluster.cli import COMMANDS
from skcluster.io import read_clusters
from skcluster.persistence import read_card


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--version"], 0, f"skcluster {skcluster.__version__}\n"),
        (["estimate"], 2, "usage: skcluster estimate"),
        (["estimate", "x", "--coverage", "68"], 2, "--coverage: must lie between 0 and 1, not 68"),
        (["estimate", "x", "--jobs", "0"], 2, "--jobs: must be at least 1, or -1 for one per core"),
        *(([name, "--help"], 0, f"examples:\n  skcluster {name}") for name in COMMANDS),
    ],
    ids=str,
)
def test_version_usage_and_examples(run, arguments, code, words, capsys):
    with pytest.raises(SystemExit, match=str(code)):
        run(*arguments)
    assert words in "".join(capsys.readouterr())


@pytest.mark.parametrize("extension", ["parquet", "fits"])
def test_samples(run, few, tmp_path, capsys, extension):
    file = tmp_path / f"samples.{extension}"
    assert run("estimate", few, "--samples", file, "--n-samples", 7) == 0
    table = Table.read(file)
    assert table.colnames == ["cluster", "log_age", "a_v", "distance_kpc", "metallicity"]
    assert len(table) == 14
    assert str(table["distance_kpc"].unit) == "kpc"
    assert (table["a_v"] >= 0).all()
    assert (table["distance_kpc"] > 0).all()
    assert run("estimate", few, "--samples", tmp_path / "s.doc") == 1
    assert "The file type of" in capsys.readouterr().err
    assert run("estimate", few, "--samples", file, "--overwrite", "--n-samples", 0) == 1
    assert "--n-samples must be at least 1, not 0" in capsys.readouterr().err


def test_a_short_table_of_samples_leaves_the_bands_of_figures(run, few, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "skcluster.plotting.save_diagrams", lambda *_, samples, **__: drawn.append(samples)
    )
    file, folder = tmp_path / "samples.csv", tmp_path / "figures"
    assert run("estimate", few, "--samples", file, "--n-samples", 1, "--plots", folder) == 0
    assert run("estimate", few, "--n-samples", 1, "--plots", folder) == 0
    assert [len(table) for samples in drawn for table in samples.values()] == [500] * 4
    first = [table.iloc[0] for table in drawn[0].values()]
    np.testing.assert_allclose(pd.read_csv(file).drop(columns="cluster"), first)


@pytest.mark.parametrize("extension", ["csv", "tsv", "ecsv", "fits", "vot", "parquet"])
def test_simulate_writes_every_type(run, tmp_path, extension, capsys):
    output = tmp_path / f"sim.{extension}"
    labels = tmp_path / f"sim_labels.{extension}"
    assert run("simulate", "-n", 5, "-o", output, "--seed", 3, "--n-stars", 60) == 0
    assert capsys.readouterr().out == f"{output}\n{labels}\n"
    X, y = read_clusters(output, labels)
    assert len(X) == len(y) == 5
    again = tmp_path / "again.parquet"
    assert run("simulate", "-n", 5, "-o", again, "--seed", 3, "--n-stars", 60) == 0
    _, expected = read_clusters(again, tmp_path / "again_labels.parquet")
    np.testing.assert_allclose(y, expected)


def test_simulate_takes_values_and_ranges(run, tmp_path, capsys):
    output = tmp_path / "sim.parquet"
    arguments = ["--log-age", 9, 9.5, "--a-v", 0.3, "--distance", 1, 2, "--metallicity", -0.5, -0.2]
    assert run("simulate", "-n", 20, "-o", output, *arguments, "--n-stars", 2, 4) == 0
    assert {len(stars) for stars in read_clusters(output)["stars"]} == {2, 3, 4}
    labels = pd.read_parquet(tmp_path / "sim_labels.parquet")
    assert labels["log_age"].between(9, 9.5).all()
    assert labels["log_age"].nunique() == 20
    assert (labels["a_v"] == 0.3).all()
    assert labels["distance_kpc"].between(1, 2).all()
    assert labels["metallicity"].between(-0.5, -0.2).all()
    for wrong in (["--a-v", 1, 0], ["--a-v", 1, 2, 3]):
        assert run("simulate", "-n", 2, "-o", output, *wrong, "--overwrite") == 1
        assert "--a-v takes one value, or the lowest and the highest" in capsys.readouterr().err


def test_info_is_text_or_json(run, capsys):
    assert run("info") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "    log_age: 6.38 to 9.85" in lines
    assert not any(line.strip().startswith(("{", "[", '"')) for line in lines)
    assert max(map(len, lines)) <= 80
    for line, following in pairwise(lines):
        indented = len(following) - len(following.lstrip()) > len(line) - len(line.lstrip())
        assert indented or not line.endswith(":"), f"the section {line!r} is empty"
    assert run("info", "--json") == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(read_card()))


def test_example_names_the_types_that_it_writes(run, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run("example", "--help")
    assert ".csv, .tsv, .ecsv, .fits, .vot or .parquet" in " ".join(capsys.readouterr().out.split())
    assert run("example", "-o", tmp_path / "members.tsv") == 0
    assert len(read_clusters(tmp_path / "members.tsv")) == 3


def test_fit_tells_its_errors(run, members, tmp_path, capsys):
    model = tmp_path / "model.skcluster"
    arguments = ["fit", members, members.with_name("l.parquet"), "-o", model, "--pipeline", "ann"]
    assert run(*arguments, "--epochs", 1) == 0
    printed = capsys.readouterr()
    assert printed.err.splitlines()[:2] == [
        "skcluster: reading clusters",
        "skcluster: warning: 25 clusters are few to train on: errors and intervals determined "
        "from them are uncertain.",
    ]
    head, *rows, last = printed.out.splitlines()
    assert head == "errors on clusters held out:"
    assert rows[0].split() == ["rmse", "bias", "scatter", "r2"]
    heads = [row.split()[:2] for row in rows[1:]]
    assert heads == [["log_age", "[dex]"], ["a_v", "[mag]"], ["distance_kpc", "[kpc]"]]
    assert last == str(model)
    card = read_card(model)["card"]
    assert card["limits"]["learned ranges"].keys() == {"log_age", "a_v", "distance_kpc"}
    scores = card["cross-validated scores"]["a_v [mag]"]
    assert [float(cell) for cell in rows[2].split()[2:]] == list(scores.values())
    assert list(scores) == rows[0].split()
