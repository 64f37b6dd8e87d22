"""Tables of estimates for people, and JSON for programs."""

import json

import numpy as np
import pandas as pd
import pytest

from skcluster.cli._console import estimates_as_json, estimates_as_text


def table(names=("NGC_2682", "Melotte_22"), **columns) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "n_stars": [991, 12],
            "n_used": [884, 9],
            "log_age": [9.587, 8.2],
            "log_age_lower": [9.5, 8.0],
            "log_age_upper": [9.72, 8.39],
            "a_v": [0.13, 0.0],
            "a_v_lower": [0.06, 0.0],
            "a_v_upper": [0.2, 0.07],
            "distance_kpc": [0.8533, 12.34],
            "distance_kpc_lower": [0.8273, 11.9],
            "distance_kpc_upper": [0.8803, 12.94],
            "metallicity": [0.02, -0.1],
            "metallicity_lower": [-0.1, -0.2],
            "metallicity_upper": [0.1, 0.1],
            "field_fraction": [0.314, 0.0],
            "flag": ["", "stars do not follow the isochrone; stars disagree with the network"],
            "notes": ["contaminants identified", "few stars"],
            **columns,
        },
        index=pd.Index(names, name="cluster"),
    )


def test_80_columns():
    text, left_out = estimates_as_text(table(), 80)
    assert text.splitlines() == [
        "cluster     used     log age [dex]         A_V [mag]       distance [kpc]",
        "NGC_2682     884  9.59 +0.13 −0.09       0.13 ± 0.07  0.853 +0.027 −0.026",
        "    notes: 31 % contaminants identified",
        "Melotte_22     9  8.20 +0.19 −0.20  0.00 +0.07 −0.00       12.3 +0.6 −0.4",
        "    doubtful: stars do not follow the isochrone; stars disagree with the network",
        "    notes: few stars",
    ]
    assert left_out == ["[M/H]"]


def test_a_wide_terminal_shows_more():
    text, left_out = estimates_as_text(table(reliability=[0.97, 0.04]), 120)
    assert left_out == []
    assert text.splitlines()[0].split()[-3:] == ["[M/H]", "[dex]", "reliability"]
    assert "−0.10 +0.20 −0.10         0.04" in text


@pytest.mark.parametrize("names", [("A" * 60, "B" * 60), ("星" * 30, "B"), ("a", "\x1b[2J" * 9)])
@pytest.mark.parametrize("width", [80, 60])
def test_no_line_is_wider_than_the_terminal(names, width):
    text, _ = estimates_as_text(table(names), width)
    for line in text.splitlines():
        assert len(line) + line.count("星") <= width
    assert "9.59 +0.13 −0.09" in text


def test_what_cannot_be_measured_has_no_value():
    nothing = {name: np.nan for name in table().columns if name[:3] in ("log", "a_v", "dis")}
    text, _ = estimates_as_text(table(**nothing), 80)
    assert text.splitlines()[1].split()[:5] == ["NGC_2682", "884", "–", "–", "–"]


def test_a_model_without_intervals():
    few = table()[["n_stars", "log_age", "a_v", "distance_kpc", "flag", "notes"]]
    head, row, *_ = estimates_as_text(few, 80)[0].splitlines()
    assert head.split()[:2] == ["cluster", "stars"]
    assert row.split() == ["NGC_2682", "991", "9.59", "0.13", "0.853"]


def test_json():
    found = json.loads(estimates_as_json(table(a_v=np.nan), {"model": "x", "coverage": "0.68"}))
    assert found["coverage"] == 0.68
    assert found["units"]["distance_kpc"] == "kpc"
    first = found["clusters"][0]
    assert first["cluster"] == "NGC_2682"
    assert first["n_stars"] == 991
    assert first["a_v"] is None
