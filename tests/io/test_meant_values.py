"""What tables say is what is meant, in every form and behind every door."""

import re
import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from common.formats import FILES, TABLES, cases, made, seen

from skcluster.clusters import as_clusters, stars_of
from skcluster.io import read_clusters

#: Six stars of two clusters.
STARS: dict[str, list[Any]] = {
    "cluster": [*"aaa", *"bbb"],
    "phot_g_mean_mag": [12.5, 13.0, 14.0, 12.25, 13.5, 14.5],
    "bp_rp": [0.5, 0.75, 1.0, 0.5, 0.75, 1.25],
    "parallax": [1.5, 1.25, 1.0, 2.5, 2.25, 2.0],
    "parallax_error": [0.5, 0.25, 0.5, 0.25, 0.5, 0.25],
    "probability": [0.5, 0.75, 1.0, 0.75, 0.5, 1.0],
}
BP, RP = [13.0, 13.5, 14.5, 12.75, 14.0, 15.25], [12.5, 12.75, 13.5, 12.25, 13.25, 14.0]


def without(*names: str) -> dict[str, list[Any]]:
    return {name: values for name, values in STARS.items() if name not in names}


class Case(NamedTuple):
    """A table, the columns of stars in it, and what is said."""

    columns: dict[str, list[Any]]
    stars: dict[str, list[Any]]
    said: str


CASES = {
    "blank colours": Case(
        {**STARS, "bp_rp": [0.5, None, 1.0, None, None, 1.25], "BPmag": BP, "RPmag": RP}, {}, ""
    ),
    "a band of Pan-STARRS": Case(
        {**without("phot_g_mean_mag"), "Gmag": STARS["phot_g_mean_mag"], "gmag": [9.0] * 6},
        {"gmag": [9.0] * 6},
        "",
    ),
    "sexagesimal positions": Case(
        {**STARS, "RA": ["08 51 18"] * 6, "DEC": ["+11 48 00"] * 6, "RAdeg": [132.5] * 6},
        {"RA": ["08 51 18"] * 6, "DEC": ["+11 48 00"] * 6, "ra": [132.5] * 6},
        "The column 'RA' is kept as it is, and not used: ",
    ),
    "two identifiers": Case(
        {**STARS, "Source": [1, 2, 3, 4, 5, 6], "GaiaDR3": [2**60 + i for i in range(6)]},
        {"Source": [1, 2, 3, 4, 5, 6], "source_id": [2**60 + i for i in range(6)]},
        "'Source' and 'GaiaDR3', 'GaiaDR3' is taken as 'source_id'",
    ),
    "two positions": Case(
        {**STARS, "RAdeg": [1.0] * 6, "RA_ICRS": [2.0] * 6},
        {"RAdeg": [1.0] * 6, "ra": [2.0] * 6},
        "'RAdeg' and 'RA_ICRS', 'RA_ICRS' is taken as 'ra'",
    ),
    "markers": Case(
        {**STARS, "parallax": [-999.0, 1.25, -999.0, -999.0, 2.25, 2.0]},
        {"parallax": [None, 1.25, None, None, 2.25, 2.0]},
        "3 of 6 stars have markers of missing values, which several stars share and which are "
        "taken as missing: parallax = -999 (3)",
    ),
    "colours of markers": Case(
        {**STARS, "bp_rp": [*STARS["bp_rp"][:4], 0.0, 0.0], "BPmag": [*BP[:4], 99.999, 99.999]}
        | {"RPmag": [*RP[:4], 99.999, 99.999]},
        {name: values[:4] for name, values in STARS.items()},
        "phot_bp_mean_mag = 99.999 (2), phot_rp_mean_mag = 99.999 (2)",
    ),
    "other names": Case(
        {
            **without("probability", "parallax", "parallax_error"),
            "gmm_mem_prob": STARS["probability"],
            "parallax_1": STARS["parallax"],
            "e_parallax": STARS["parallax_error"],
        },
        {},
        "",
    ),
    "an unknown name": Case(
        {**without("probability"), "prob_hdbscan": STARS["probability"]},
        {"prob_hdbscan": STARS["probability"]},
        "(nearest names: 'prob_hdbscan'); a column of another name is used with columns={'prob",
    ),
    "per cent of one list": Case(
        {**STARS, "probability": [50.0, 75.0, 100.0, 0.75, 0.5, 1.0]},
        {},
        "Probabilities of 3 stars lie between 50 and 100: taken as per cent and divided by 100",
    ),
}
ERRORS = {
    "only a band of Pan-STARRS": (
        {**without("phot_g_mean_mag"), "gmag": STARS["phot_g_mean_mag"]},
        r"no column 'phot_g_mean_mag' .*nearest name is 'gmag', not taken because other surveys",
    ),
    "names of stars": (
        {
            "Name": [f"star {i}" for i in range(12)],
            **{name: values * 2 for name, values in STARS.items() if name != "cluster"},
        },
        r"'Name' has 12 names in 12 rows: it seems to name stars.* --cluster NAME",
    ),
}


@pytest.mark.parametrize(("form", "door"), cases())
@pytest.mark.parametrize("name", CASES)
def test_what_is_meant(name, form, door, tmp_path):
    case = CASES[name]
    found = seen(door, made(case.columns, form, tmp_path), tmp_path)
    for column, values in {**STARS, **case.stars}.items():
        if column not in case.columns and column in ("probability",) and not case.stars:
            assert found.stars[column] == values
        elif column != "cluster" and column in found.stars:
            assert found.stars[column] == pytest.approx(values, nan_ok=True) or (
                found.stars[column] == values
            )
    assert set(case.stars) <= set(found.stars)
    assert any(case.said in message for message in found.messages) or not case.said
    assert case.said or not [m for m in found.messages if "olumn" in m and "cluster" not in m]


@pytest.mark.parametrize(("form", "door"), cases([*FILES, *TABLES]))
@pytest.mark.parametrize("name", ERRORS)
def test_what_is_not_clear_is_refused(name, form, door, tmp_path):
    columns, reason = ERRORS[name]
    with pytest.raises(ValueError, match=reason):
        seen(door, made(columns, form, tmp_path), tmp_path)


@pytest.mark.parametrize("read", [as_clusters, read_clusters])
def test_a_table_of_stars_of_one_cluster_is_read_with_its_name(read):
    table = pd.DataFrame(ERRORS["names of stars"][0])
    assert read(table, cluster="M 67").index.tolist() == ["M 67"]
    assert len(read(table, cluster_column="Name")) == 12


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        *[("Gmag", True), ("GMAG", True), ("PHOT_G_MEAN_MAG", True)],
        *[(name, False) for name in ("gmag", "gMag", "G", "g_mag", "G_mag")],
    ],
)
@pytest.mark.parametrize("read", [as_clusters, read_clusters])
def test_magnitudes_are_recognised_as_they_are_spelt(read, name, is_taken):
    table = pd.DataFrame({"CLUSTER": ["a"], name: [12.0], "BP-RP": [0.5]})
    if is_taken:
        assert stars_of(read(table))["phot_g_mean_mag"].tolist() == [12.0]
        return
    with pytest.raises(ValueError, match=f"if '{name}' is meant, --columns {name}=phot_g_mean_mag"):
        read(table)


@pytest.mark.parametrize("names", [["GMAG", "rmag"], ["GMAG", "RMAG"]])
def test_capitals_are_no_proof_beside_other_bands(names):
    table = pd.DataFrame({"CLUSTER": ["a"], "BP-RP": [0.5], **{n: [12.0] for n in names}})
    with pytest.raises(ValueError, match="no column 'phot_g_mean_mag'"):
        as_clusters(table)


@pytest.mark.parametrize(
    ("column", "marker"),
    [
        *[("parallax", m) for m in (-999.0, -99.0, 99.0, 99.99, 999.9, -9999.0, 1e20, -32768.0)],
        *[("phot_g_mean_mag", m) for m in (0.0, 99.0, 99.999, -99.9, -9.99, 88.888, 9999.0)],
        *[("bp_rp", m) for m in (99.0, -9.999, -999.0)],
        *[("probability", m) for m in (-1.0, -99.0, 9.99)],
        *[("parallax_error", m) for m in (-1.0, 999.0, 1e30)],
        *[("pmra", m) for m in (-999.0, 99.999)],
        *[("ra", m) for m in (-999.0, 999.0)],
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, str])
@pytest.mark.parametrize("read", [as_clusters, read_clusters])
def test_markers_of_several_stars_are_missing_values(read, column, marker, dtype):
    table = pd.DataFrame({**STARS, "pmra": 1.5, "ra": 132.5})
    values = np.array([marker, marker, *table[column][2:]], dtype=dtype)
    with warnings.catch_warnings(record=True, action="always") as caught:
        stars = stars_of(read(table.assign(**{column: values})))
    said = [str(one.message) for one in caught if "Left out" not in str(one.message)]
    assert len(said) == 1
    assert re.match(
        f"2 of 6 stars have markers .*: {column} = {re.escape(f'{marker:g}')} \\(2\\)", said[0]
    )
    left = stars[column] if len(stars) == 6 else np.array([np.nan, np.nan, *stars[column]])
    np.testing.assert_array_equal(np.isnan(left), [True, True, False, False, False, False])


def test_measured_values_are_no_markers():
    table = pd.DataFrame({**STARS, "ra": [99.0, 99.0, 99.1, 98.9, 99.0, 99.05], "pmra": -99.0})
    table["pmra"] += np.arange(6) % 3
    table["parallax"] = [0.0, 0.0, 0.0, -0.5, 99.0, 98.5]
    stars = stars_of(as_clusters(table))
    for name in ("ra", "pmra", "parallax"):
        np.testing.assert_array_equal(stars[name], table[name])


def test_zeros_of_two_columns_together_are_missing():
    table = pd.DataFrame({**STARS, "ra": [0.0, 0, 1, 0, 2, 3], "dec": [0.0, 0, 1, 5, 2, 3]})
    table["pmra"] = table["pmdec"] = [0.0, 1, 2, 3, 4, 5]  # of a single star: measured
    with pytest.warns(UserWarning, match=r"ra = dec = 0 \(2\)"):
        stars = stars_of(as_clusters(table))
    assert np.isnan(stars["ra"]).tolist() == [True, True, False, False, False, False]
    assert stars["pmra"][0] == 0


@pytest.mark.parametrize("read", [as_clusters, read_clusters])
def test_markers_are_shared_by_stars_of_several_tables(read):
    table = pd.DataFrame(STARS).drop(columns="cluster")
    parts = {"a": table[:3].assign(parallax=[-999.0, 1.0, 1.0]), "b": table[3:]}
    parts["b"] = parts["b"].assign(parallax=[2.0, 2.0, -999.0], bp_rp=np.nan, BPmag=BP[3:])
    parts["b"]["RPmag"] = RP[3:]
    with pytest.warns(UserWarning, match=r"2 of 6 stars .*: parallax = -999 \(2\)"):
        stars = stars_of(read(parts))
    np.testing.assert_array_equal(stars["bp_rp"], STARS["bp_rp"])
    assert np.isnan(stars["parallax"]).sum() == 2


def test_markers_keep_their_value_in_any_unit():
    from astropy.table import Table

    table = Table({**STARS, "parallax": [*[0.0012] * 4, -999.0, -999.0]})
    table["parallax"].unit = "arcsec"
    with pytest.warns(UserWarning, match=r"parallax = -999 \(2\)"):
        stars = stars_of(as_clusters(table))
    np.testing.assert_allclose(stars["parallax"][:4], [1.2] * 4)


def test_markers_and_blank_distances_of_labels():
    labels = pd.DataFrame(
        {
            "cluster": list("abcd"),
            "log_age": [8.0, 8.5, 9.0, 9.5],
            "a_v": [-99.0, 0.5, 0.25, -99.0],
            "distance_kpc": [1.0, np.nan, 2.0, 3.0],
            "distance_pc": ["far", 1500.0, "far", "far"],
        }
    )
    members = pd.concat([pd.DataFrame(STARS), pd.DataFrame(STARS).replace({"a": "c", "b": "d"})])
    with (
        pytest.warns(UserWarning, match="Left out 2 of 4 clusters with a blank label: 'a', 'd'"),
        pytest.warns(UserWarning, match=r"labels have markers of missing .*: a_v = -99 \(2\)"),
    ):
        X, y = read_clusters(members, labels)
    assert y["distance_kpc"].to_dict() == {"b": 1.5, "c": 2.0}
    assert X.index.tolist() == ["b", "c"]


@pytest.mark.parametrize(
    "name",
    ["probs", "prob_memb", "Prob_Memb", "gmm_mem_prob", "memb_prob", "membershipProb", "PMem"],
)
def test_names_of_probabilities(name):
    table = pd.DataFrame(without("probability")).assign(**{name: 0.5})
    if name == "membershipProb":
        name = "membership_prob"
    assert stars_of(as_clusters(table))["probability"].tolist() == [0.5] * 6


def test_numbered_names_of_two_tables_are_not_taken():
    table = pd.DataFrame(without("parallax")).assign(parallax_1=1.0, parallax_2=2.0)
    note = r"not used: parallax \(nearest names: 'parallax_1', 'parallax_2'\); .*--columns parallax"
    with pytest.warns(UserWarning, match=note):
        assert "parallax" not in stars_of(as_clusters(table))


def test_a_missed_column_is_counted_over_all_tables():
    table = pd.DataFrame(STARS).drop(columns="cluster")
    other = table.drop(columns="probability").assign(prob_hdbscan=0.5)
    for read in (as_clusters, read_clusters):
        with pytest.warns(
            UserWarning, match=r"probability in 2 of 3 tables \(nearest names: 'prob"
        ):
            read({"a": table, "b": other, "c": other})


@pytest.mark.parametrize("form", [f for f in TABLES if f != "pandas-objects"])
def test_columns_that_are_kept_stay_so_in_parts_of_the_clusters(form, tmp_path):
    columns = {**STARS, "RA": ["08 51 18"] * 6, "Source": list(range(6)), "GaiaDR3": [7] * 6}
    with pytest.warns(UserWarning, match="'RA' is kept as it is.*'GaiaDR3' is taken|'GaiaDR3' is"):
        X = as_clusters(made(columns, form, tmp_path))
    part = as_clusters(X.iloc[:1])
    assert stars_of(part).columns == stars_of(X).columns
    assert "ra" not in stars_of(part)
