import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.io.votable import parse_single_table
from astropy.table import Table

from skcluster.cli import main
from skcluster.persistence import read_card


def test_estimate_writes_and_is_silent(members, tmp_path, capsys, monkeypatch):
    output = tmp_path / "estimates.ecsv"
    arguments = ["/bin/skcluster", "estimate", str(members), "-o", str(output)]
    monkeypatch.setattr(sys, "argv", arguments)
    assert main() == 0
    table = Table.read(output)
    assert len(table) == 25
    assert table.meta["model"] == "reference"
    assert table.meta["fingerprint"] == read_card()["fingerprint"]
    assert "300000 simulated clusters" in table.meta["trained on"]
    assert table.meta["command"] == f"skcluster estimate {members} -o {output}"
    assert table.meta["date"][:10] == f"{datetime.now(UTC):%Y-%m-%d}"
    for name, column in {"flags": "flag", "notes": "notes"}.items():
        number = sum(bool(text) for text in table[column].filled(""))
        assert table.meta[name].startswith(f"{number} of 25 rows have one; ")
    assert "warnings" not in table.meta
    assert "Cantat-Gaudin et al. 2020, A&A 640, A1" in table.meta["cite"]
    assert capsys.readouterr().out == ""


def test_a_terminal_sees_the_first_of_many(run, members, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    output = tmp_path / "estimates.ecsv"
    assert run("estimate", members, "-o", output) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"… and 5 more in {output}" in lines
    assert sum(line.startswith("sim_") for line in lines) == 20
    table = Table.read(output)
    n_doubtful = sum(bool(flag) for flag in table["flag"].filled(""))
    n_contaminated = sum("contaminants" in notes for notes in table["notes"].filled(""))
    assert lines[-2].startswith("Notes: ")
    assert f"contaminants identified ({n_contaminated})" in lines[-2]
    verb = "is" if n_doubtful == 1 else "are"
    assert lines[-1].startswith(f"{n_doubtful} of 25 estimates {verb} doubtful: 'sim_")


@pytest.mark.parametrize("extension", ["ecsv", "fits", "vot", "parquet", "html", "json"])
def test_warnings_of_reading_reach_the_results(run, few, tmp_path, capsys, extension):
    stars = pd.read_parquet(few)
    stars.loc[stars.index[:3], "phot_g_mean_mag"] = np.nan
    members, output = tmp_path / "members.csv", tmp_path / f"out.{extension}"
    stars.to_csv(members, index=False)
    if extension == "json":
        assert run("estimate", members, "--json") == 0
        output.write_text(capsys.readouterr().out)
    else:
        assert run("report" if extension == "html" else "estimate", members, "-o", output) == 0
    content = " ".join(output.read_bytes().decode("latin-1").split())
    if extension == "fits":
        content = "".join(fits.getheader(output, 1)["HISTORY"])
    assert "Left out 3 of" in content


@pytest.mark.parametrize("extension", ["csv", "ecsv", "fits", "vot", "parquet"])
def test_members_are_written_with_their_membership(run, extension, few, tmp_path):
    output = tmp_path / f"members.{extension}"
    assert run("estimate", few, "--members-output", output) == 0
    given = pd.read_parquet(few)
    if extension == "csv":
        table = Table.from_pandas(pd.read_csv(output, dtype={"source_id": "Int64"}))
    elif extension == "parquet":
        # Missing integers are nulls, which astropy's reader does not know.
        content = pq.read_schema(output).metadata[b"IVOA.VOTable-Parquet.content"]
        about = parse_single_table(BytesIO(content))
        assert str(about.get_field_by_id_or_name("parallax").unit) == "mas"
        described = about.get_field_by_id_or_name("membership").description
        assert described == "Posterior membership probability"
        table = Table.from_pandas(pd.read_parquet(output, dtype_backend="numpy_nullable"))
    else:
        table = Table.read(output)
        assert str(table["parallax"].unit) == "mas"
        assert table["membership"].description == "Posterior membership probability"
    assert len(table) == len(given)
    assert int(table["source_id"][5]) == 2**60 + 5
    assert table.colnames[0] == "cluster"
    membership = np.ma.filled(table["membership"].astype(float), np.nan)
    used = given["phot_g_mean_mag"].to_numpy() < 18
    assert np.isnan(membership[~used]).all()
    known = membership[np.isfinite(membership)]
    assert ((known >= 0) & (known <= 1)).all()
    assert np.median(known) > 0.5


def test_no_file_that_is_read_is_replaced(run, few, tmp_path, capsys):
    members = tmp_path / "list" / "members.parquet"
    members.parent.mkdir()
    members.write_bytes(few.read_bytes())
    link = tmp_path / "link.parquet"
    link.symlink_to(members)
    labels = few.with_name("l.parquet")
    for arguments in (
        ["estimate", members, "-o", members],
        ["estimate", members.parent, "-o", members],
        ["estimate", members, "--samples", link],
        ["estimate", link, "--members-output", members],
        ["report", labels, "-o", tmp_path / "page.html", "--model", tmp_path / "page.html"],
        ["fit", members, labels, "-o", labels],
    ):
        assert run(*arguments, "--overwrite") == 1
        assert "would replace a file that is read" in capsys.readouterr().err
    assert members.read_bytes() == few.read_bytes()


def test_estimate_draws(run, few, tmp_path):
    figures = tmp_path / "figures"
    assert run("estimate", few, "--plots", figures, "--plot-format", "pdf") == 0
    assert sorted(file.name for file in figures.iterdir()) == ["sim_000000.pdf", "sim_000001.pdf"]
    assert run("estimate", few, "--plots", figures, "--plot-format", "pdf") == 1
    assert run("estimate", few, "--plots", figures, "--plot-format", "pdf", "--overwrite") == 0


def test_report(run, members, tmp_path, capsys):
    page = tmp_path / "report.html"
    assert run("report", members, "-o", page, "--title", "Mine") == 0
    assert capsys.readouterr().out == f"{page}\n"
    text = page.read_text()
    assert "<h1>Mine</h1>" in text
    assert "<dd>reference</dd>" in text
    assert '"band"' in text
    assert '"membership":"' in text
    assert run("report", members, "-o", page) == 1
    assert "--overwrite replaces it" in capsys.readouterr().err


def test_one_cluster_and_other_names(run, members, tmp_path, capsys):
    stars = pd.read_parquet(members)
    one = stars[stars["cluster"] == stars["cluster"].iloc[0]].drop(columns="cluster")
    one = one.rename(columns={"phot_g_mean_mag": "brightness"})
    one.to_csv(tmp_path / "one.csv", index=False)
    options = ["--cluster", "M 99", "--columns", "brightness=phot_g_mean_mag"]
    assert run("estimate", tmp_path / "one.csv", *options) == 0
    assert "M 99" in capsys.readouterr().out


def test_fit_info_and_estimate_with_the_model(run, members, few, tmp_path, capsys):
    model, labels = tmp_path / "model.skcluster", members.with_name("l.parquet")
    fit = ["fit", members, labels, "-o", model, "--pipeline", "ann", "--epochs", "2"]
    assert run(*fit, "--no-intervals") == 0
    assert run("info", model) == 0
    assert "name: ann pipeline, fitted by the user" in capsys.readouterr().out
    assert run("estimate", members, "--model", model) == 0
    head, line, *_ = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["cluster", "stars"]
    assert "+" not in line
    options = [members, "--model", model]
    assert run("estimate", *options, "--members-output", tmp_path / "members.csv") == 1
    assert "need a model such as IsochronePosterior" in capsys.readouterr().err
    # Diagrams and reports do without it.
    assert run("estimate", few, *options[1:], "--plots", tmp_path / "figures") == 0
    assert run("report", few, *options[1:], "-o", tmp_path / "r.html") == 0
    capsys.readouterr()
    assert run("estimate", *options, "--json") == 0
    about = json.loads(capsys.readouterr().out)
    assert about["command"] == f"skcluster estimate {members} --model {model} --json"
    assert about["model"] == "model.skcluster (ann pipeline, fitted by the user)"
    assert about["fingerprint"] == read_card(model)["fingerprint"] != read_card()["fingerprint"]
    assert run(*fit) == 1
    assert "--overwrite replaces it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["estimate", "none.fits"], "no file none.fits"),
        (["estimate", "{members}", "--model", "none"], "no file none"),
        (["estimate", "{members}", "--columns", "x"], "THEIRS=OURS"),
        (["estimate", "{members}", "--cluster-column", "x"], "'x'"),
        (
            ["estimate", "{members}", "-o", "{folder}/s.csv", "--samples", "{folder}/s.csv"],
            "--samples, {folder}/s.csv, would replace a file that is read, or that another option",
        ),
        (["estimate", "{members}", "-o", "no/where.csv"], "no folder"),
        (["estimate", "{members}", "-o", "{folder}/x.doc"], "is unknown"),
        (["estimate", "{members}", "--members-output", "{folder}/x.doc"], "is unknown"),
        (["estimate", "{members}", "-o", "{folder}/d.csv", "--overwrite"], "d.csv is a folder"),
        (["estimate", "{members}", "--plots", "{members}"], "--plots takes a folder, but "),
        (["report", "{members}", "-o", "{folder}/r.pdf"], "as .html or .htm, not r.pdf"),
        (["simulate", "-n", "2", "-o", "{folder}/a.xyz"], "a.xyz is unknown; known are: .csv"),
        (["info", "{members}"], "not a model file"),
        (["fit", "{few}", "{labels}", "-o", "{folder}/m"], "cannot be trained on 2 clusters"),
    ],
)
def test_an_error_is_one_line(run, arguments, words, members, few, tmp_path, capsys):
    (tmp_path / "d.csv").mkdir()
    labels = members.with_name("l.parquet")
    paths = {"members": members, "few": few, "labels": labels, "folder": tmp_path}
    assert run(*(argument.format(**paths) for argument in arguments)) == 1
    *before, error = capsys.readouterr().err.splitlines()
    assert error.startswith("skcluster: error: ")
    assert words.format(**paths) in error
    assert len(before) == (2 if arguments[0] == "fit" else 0)  # what is being read


def test_debug_shows_the_traceback(run):
    with pytest.raises(FileNotFoundError):
        run("estimate", "none.fits", "--debug")


def test_what_is_known_from_elsewhere_is_stated(run, few, tmp_path, capsys):
    names = pd.read_parquet(few)["cluster"].unique()
    known = tmp_path / "spectra.csv"
    known.write_text(f"Cluster,[Fe/H],e_[Fe/H]\n{names[1].replace('_', ' ')},0.21,0.02\n")
    out = tmp_path / "e.csv"
    assert run("estimate", few, "--priors", known, "-o", out, "--coverage", "0.95") == 0
    table = pd.read_csv(out, comment="#").set_index("cluster")
    assert table["priors"].fillna("").tolist() == ["", "metallicity 0.21 ± 0.02"]
    assert table.loc[names[1], "metallicity"] == pytest.approx(0.21, abs=0.03)
    assert run("estimate", few, "--priors", known, "-o", known, "--overwrite") == 1
    known.write_text(f"Cluster,A_V,a_v_error\n{names[0]},0.2,0\n")
    assert run("estimate", few, "--priors", known) == 1
    assert f"{names[0]!r} has a_v_error = 0 mag, which must be at least" in capsys.readouterr().err


def test_nobody_reads_the_output(run, few, capsys, monkeypatch):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert run("estimate", few) == 0
    assert capsys.readouterr().err == ""


def test_one_star(run, tmp_path, capsys):
    file = tmp_path / "one.csv"
    file.write_text("cluster,phot_g_mean_mag,bp_rp,parallax\nlonely,12.5,0.8,1.2\n")
    assert run("estimate", file, "--plots", tmp_path / "figures") == 0
    printed = capsys.readouterr().out
    assert "    notes: few stars; " in printed
    assert (tmp_path / "figures" / "lonely.png").stat().st_size > 10_000
    assert run("report", file, "-o", tmp_path / "one.html") == 0


def test_a_cluster_without_bright_stars_has_no_value(run, tmp_path, capsys):
    file = tmp_path / "faint.csv"
    names = "cluster,phot_g_mean_mag,bp_rp,parallax,parallax_error,probability"
    file.write_text(f"{names}\nfaint,18.5,1.8,1.2,0.1,1.0\n")
    assert run("estimate", file) == 0
    _, line, doubt, _, last = capsys.readouterr().out.splitlines()
    assert line.split()[:5] == ["faint", "0", *["–"] * 3]
    assert doubt.strip().startswith("doubtful: cannot be measured")
    assert last == "1 of 1 estimate is doubtful: 'faint'; see docs/posterior.md#output."
    assert run("estimate", file, "-o", tmp_path / "e.csv") == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        f"skcluster: 1 of 1 estimate is doubtful: 'faint'; see the column 'flag' of "
        f"{tmp_path / 'e.csv'} and docs/posterior.md#output.\n"
    )


FULL = """
import resource, sys
from skcluster.cli import main

resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["estimate", "{members}", "-o", "{out}/e.csv"],
        ["estimate", "{members}", "-o", "{out}/e.fits"],
        ["estimate", "{members}", "-o", "{out}/e.parquet"],
        ["estimate", "{members}", "--plots", "{out}"],
        ["report", "{members}", "-o", "{out}/r.html"],
        ["simulate", "-n", "100", "-o", "{out}/s.parquet"],
    ],
    ids=lambda arguments: " ".join([arguments[0], Path(arguments[-1]).name]),
)
def test_a_full_disk_is_one_line_and_leaves_nothing(run, arguments, members, tmp_path):
    filled = [argument.format(members=members, out=tmp_path) for argument in arguments]
    done = subprocess.run(
        [sys.executable, "-c", FULL, *filled], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("skcluster: error:")]
    assert len(said) == 1
    assert list(tmp_path.iterdir()) == []
