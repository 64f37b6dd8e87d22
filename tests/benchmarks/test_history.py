"""The history of measurements: a run is a line, and lines are compared."""

import json

import history
import pytest

pytestmark = pytest.mark.slow


def test_each_run_appends_a_line_with_versions_and_machine(tmp_path, capsys):
    file = tmp_path / "history.jsonl"
    small = ["--file", str(file), "--n-clusters", "16", "--epochs", "1", "--repeats", "1"]
    history.main(small)
    history.main(small)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(lines) == 2
    assert all("Python" in line["machine"] and "numpy" in line["machine"] for line in lines)
    same = [name for name in lines[0]["measured"] if "(" not in name]
    assert len(same) == 4
    assert all(lines[0]["measured"][name] == lines[1]["measured"][name] for name in same)
    before = file.read_text()
    history.main(["--show", "--file", str(file)])
    assert file.read_text() == before
    assert capsys.readouterr().out.count("estimate RMSE a_v") == 3
