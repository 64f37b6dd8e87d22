"""The one vocabulary: every column is fit to be shown, checked and written."""

import numpy as np
import pytest
from astropy import units
from matplotlib.mathtext import MathTextParser

from skcluster import schema
from skcluster.schema import (
    CLUSTER_PARAMETERS,
    ESTIMATE_COLUMNS,
    LABEL_COLUMNS,
    MEMBER_COLUMNS,
    PRIOR_COLUMNS,
    STAR_COLUMNS,
    TARGETS,
    Column,
    estimate_column,
)

TABLES = {
    "stars": STAR_COLUMNS,
    "labels": LABEL_COLUMNS,
    "estimates": ESTIMATE_COLUMNS,
    "targets": TARGETS,
    "members": MEMBER_COLUMNS,
}
COLUMNS = [
    pytest.param(column, id=f"{table}-{name}")
    for table, columns in TABLES.items()
    for name, column in columns.items()
]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_can_be_shown_checked_and_written(column):
    assert column.low < column.high
    assert column.description[0] == column.description[0].upper() or column.unit.startswith("dex(")
    units.Unit(column.unit)
    MathTextParser("path").parse(column.axis_label)
    assert column.rule.startswith("must ")


@pytest.mark.parametrize("table", TABLES)
def test_no_name_stands_for_two_columns(table):
    names = [
        name.lower()
        for column in TABLES[table].values()
        for name in {n.lower() for n in (column.name, *column.synonyms)}
    ]
    assert len(names) == len(set(names))
    assert all(name == column.name for name, column in TABLES[table].items())


def test_the_three_parameters_are_targets_with_a_range_and_come_first():
    assert tuple(TARGETS)[:3] == CLUSTER_PARAMETERS
    assert set(CLUSTER_PARAMETERS) <= LABEL_COLUMNS.keys()
    assert all(np.isfinite([TARGETS[n].low, TARGETS[n].high]).all() for n in TARGETS)


def test_ages_are_logarithms_of_years_for_astropy():
    log_age = units.Dex(9.0, TARGETS["log_age"].unit)
    assert log_age.physical.to_value("Gyr") == pytest.approx(1.0)
    assert TARGETS["log_age"].printed_unit == "dex"
    assert TARGETS["log_age"].axis_label == r"$\log_{10}$(age / yr)"


@pytest.mark.parametrize(
    ("low", "high", "rule"),
    [
        (0, 1, "must lie between 0 and 1"),
        (0, np.inf, "must be at least 0"),
        (0.125, np.inf, "must be at least 0.125"),
        (-np.inf, np.inf, "must be finite"),
    ],
)
def test_the_rule_says_the_range(low, high, rule):
    assert Column("x", "X", low=low, high=high).rule == rule


def test_ends_of_intervals_are_columns_like_their_value():
    end = estimate_column("a_v_upper")
    assert end.unit == "mag"
    assert end.description == "Extinction A_V, upper end of the interval"
    assert estimate_column("a_v") is TARGETS["a_v"]


@pytest.mark.parametrize("name", ["membership", "pmra"])
def test_columns_of_stars_are_known_beside_estimates(name):
    assert estimate_column(name) is (MEMBER_COLUMNS | STAR_COLUMNS)[name]


@pytest.mark.parametrize(
    ("name", "value", "decimals"),
    [
        ("log_age", 9.6, 2),
        ("n_used", 884, 0),
        ("distance_kpc", 0.0481, 4),
        ("distance_kpc", 0.884, 3),
        ("distance_kpc", 2.35, 2),
        ("distance_kpc", 123.4, 0),
        ("distance_kpc", 12345.6, 0),
        ("distance_kpc", -0.0481, 4),
        ("distance_kpc", np.inf, 2),
        ("distance_kpc", np.nan, 2),
        ("distance_kpc", 0, 2),
    ],
)
def test_decimals_of_printed_values(name, value, decimals):
    assert estimate_column(name).decimals_of(value) == decimals


@pytest.mark.parametrize("name", ["surprise", "surprise_lower"])
def test_an_unknown_estimate_describes_itself(name):
    assert estimate_column(name) == Column(name, name)


# What the error about a value names, so what users may rely on.
RANGES = {
    "phot_g_mean_mag": (-5, 30),
    "phot_bp_mean_mag": (-5, 30),
    "phot_rp_mean_mag": (-5, 30),
    "magnitude_limit": (-5, 30),
    "bp_rp": (-5, 25),
    "parallax": (-1000, 1000),
    "dec": (-90, 90),
    "log_age": (5, 11),
    "a_v": (0, 50),
    "distance_kpc": (0.001, 1000),
    "metallicity": (-5, 2),
    "distance_modulus": (-5, 25),
    "distance_pc": (1, 1e6),
    **{f"prior_{name}": (column.low, column.high) for name, column in PRIOR_COLUMNS.items()},
    **dict.fromkeys(["probability", "field_fraction"], (0, 1)),
    **dict.fromkeys(["reliability", "membership"], (0, 1)),
}
NOT_NEGATIVE = {
    *(f"phot_{band}_mean_flux_over_error" for band in ("g", "bp", "rp")),
    *("parallax_error", "pmra_error", "pmdec_error", "ruwe"),
    *("n_stars", "n_used", "effective_samples", "differential_reddening"),
}


@pytest.mark.parametrize("column", COLUMNS)
def test_ranges(column):
    without = (0, np.inf) if column.name in NOT_NEGATIVE else (-np.inf, np.inf)
    assert (column.low, column.high) == RANGES.get(column.name, without)


def test_counts_are_printed_without_decimals():
    counts = {name for name, column in ESTIMATE_COLUMNS.items() if column.decimals == 0}
    assert counts == {"n_stars", "n_used", "effective_samples"}
    others = [column for name, column in ESTIMATE_COLUMNS.items() if name not in counts]
    assert all(column.decimals == 2 for column in others)


def test_ranges_are_those_of_known_targets():
    values = np.array([[-1.0, -1.0, np.nan]])
    np.testing.assert_array_equal(
        schema.clip_targets(values, ["a_v", "colour", "distance_kpc"]), [[0.0, -1.0, np.nan]]
    )
    np.testing.assert_array_equal(schema.clip_targets(values, None), values)
