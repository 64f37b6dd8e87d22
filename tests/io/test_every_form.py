"""A list of members means the same in every form that it can have, behind every door."""

import warnings

import numpy as np
import pandas as pd
import pytest
from astropy import units as u
from astropy.io.votable import from_table
from astropy.table import Table
from common.formats import FILES, FORMS, TABLES, TEXTS, WITH_UNITS, cases, made, seen

from skcluster.clusters import as_clusters, concat_clusters, stars_of
from skcluster.io import read_clusters, write_clusters

ID = 4636961687321455873  # has no floating-point number of its own
MEMBERS = {
    "cluster": ["a", "a", "b", "b"],
    "phot_g_mean_mag": [12.5, 13.25, 14.0, 15.5],
    "bp_rp": [0.5, 0.75, 1.0, 1.25],
    "parallax": [1.5, None, 2.5, 2.25],
    "n_transits": [9, 8, 7, 6],
    "note": ["u", "v", "w", "x"],
}
INTEGERS = {
    "source_id": [ID, None, ID, ID + 1],
    "other_id": [None, -ID, 2**63 - 1, 1 - 2**63],
    "small": [1, 2, None, -3],
}
LOST = {"note": ["u", None, "w", None], "good": [True, None, False, True]}


@pytest.mark.parametrize(("form", "door"), cases())
def test_the_same_stars_with_all_digits_and_gaps(form, door, tmp_path):
    members = MEMBERS | INTEGERS | LOST | {"all": ["u", "v", "w", "x"]}
    stars = seen(door, made(members, form, tmp_path), tmp_path).stars
    if form == "fits":  # astropy writes a missing logical value as true
        members["good"] = stars["good"]
    expected = {name: values for name, values in members.items() if name != "cluster"}
    assert {name: stars[name] for name in expected} == expected
    assert len(set(stars["cluster"])) == 2


@pytest.mark.parametrize(("form", "door"), cases())
def test_a_repeated_star_is_noticed_if_another_has_no_identifier(form, door, tmp_path):
    members = MEMBERS | {"source_id": [None, ID, ID + 1, ID + 1]}
    messages = seen(door, made(members, form, tmp_path), tmp_path).messages
    if door in ("read_clusters", "console"):
        told = next(message for message in messages if "listed again" in message)
        assert "1 of 4 stars" in told
        assert f"source_id {ID + 1}" in told


@pytest.mark.parametrize("form", FORMS)
def test_a_column_that_some_tables_lack_keeps_its_digits(form, tmp_path):
    whole = made(MEMBERS | INTEGERS, form, tmp_path)
    (tmp_path / "part").mkdir()
    part = made(MEMBERS | {"cluster": ["c", "c", "d", "d"]}, form, tmp_path / "part")
    with warnings.catch_warnings(action="ignore"):  # of tables that do not name their cluster
        clusters = [read_clusters(whole), read_clusters(part)]
    stars = stars_of(concat_clusters(clusters))
    for name, values in INTEGERS.items():
        assert stars.arrow(name).to_pylist() == [*values, *[None] * 4]
    if form in (*FILES, *TABLES):
        together = stars_of(read_clusters([whole, part]))
        assert together.arrow("source_id").to_pylist() == stars.arrow("source_id").to_pylist()


@pytest.mark.parametrize("door", [as_clusters, read_clusters])
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([ID], None, [ID, None]),
        ([ID], [7.0], [ID, 7]),
        ([ID], [np.nan], [ID, None]),
        ([ID], [0.5], [str(ID), "0.5"]),
        ([5], [0.5], [5.0, 0.5]),
        ([ID], ["J1"], [str(ID), "J1"]),
        ([ID], np.array([2**64 - 1], "u8"), [ID, 2**64 - 1]),
        ([-ID], np.array([2**64 - 1], "u8"), [str(-ID), str(2**64 - 1)]),
        (np.array([1], "i4"), [ID], [1, ID]),
        ([ID], [True], [str(ID), "true"]),
    ],
)
def test_tables_whose_types_differ(door, first, second, expected):
    star = pd.DataFrame({"phot_g_mean_mag": [12.5], "bp_rp": [0.5]})
    tables = {"a": star.assign(x=first), "b": star if second is None else star.assign(x=second)}
    assert stars_of(door(tables)).arrow("x").to_pylist() == expected


def test_columns_beside_the_stars_keep_their_digits():
    X = as_clusters(pd.DataFrame(MEMBERS))
    both = concat_clusters([X.assign(number=[ID, ID + 1]), X.set_axis(["c", "d"])])
    assert both["number"].tolist() == [ID, ID + 1, pd.NA, pd.NA]


def test_flat_values_are_rounded_by_nothing():
    X = as_clusters(pd.DataFrame(MEMBERS).assign(big=pd.array([ID, None, 2, 3], dtype="Int64")))
    assert stars_of(X)["big"].tolist() == [ID, None, 2, 3]
    X = as_clusters(pd.DataFrame(MEMBERS).assign(small=pd.array([1, None, 2, 3], dtype="Int64")))
    np.testing.assert_array_equal(stars_of(X)["small"], [1, np.nan, 2, 3])


WRITTEN = {
    **INTEGERS,
    "i8": pd.array([1, None, -128, 127], dtype="Int8"),
    "u8": pd.array([None, 1, 255, 0], dtype="UInt8"),
    "u16": pd.array([None, 1, 2**16 - 1, 0], dtype="UInt16"),
    "u32": pd.array([1, None, 2**32 - 1, 0], dtype="UInt32"),
    "u64": pd.array([1, 2, None, 2**63 - 1], dtype="UInt64"),
    "large": pd.array([2**64 - 1, None, 1, 2], dtype="UInt64"),
    "filler": pd.array([999999, None, 2**63 - 1, 1 - 2**63], dtype="Int64"),
    "good": pd.array([True, None, False, True], dtype="boolean"),
    "note": ["x", None, "y", "z"],
}


@pytest.mark.parametrize("extension", ["csv", "tsv", "ecsv", "fits", "vot", "parquet"])
def test_what_is_written_is_read_again(extension, tmp_path):
    table = pd.DataFrame(MEMBERS | {n: pd.array(v) for n, v in WRITTEN.items()})
    X = as_clusters(table)
    write_clusters(X, tmp_path / f"members.{extension}")
    back = stars_of(read_clusters(tmp_path / f"members.{extension}"))
    for name in WRITTEN:
        expected = stars_of(X).arrow(name).to_pylist()
        # Logical values of FITS cannot be missing; FITS and VOTable have no integers above 2**63.
        if (name, extension) in [("good", "fits"), ("large", "fits"), ("large", "vot")]:
            expected = [None if value is None else str(value) for value in expected]
        assert back.arrow(name).to_pylist() == expected, name


# Missing values


@pytest.mark.parametrize("missing", ["", "null", "NULL", "--", "nan", "NaN", "NA", "  "])
@pytest.mark.parametrize("form", TEXTS)
def test_markers_of_missing_values(form, missing, tmp_path):
    file = made(MEMBERS | INTEGERS | LOST, form, tmp_path, missing=missing)
    stars = seen("console", file, tmp_path).stars
    assert {name: stars[name] for name in (*INTEGERS, *LOST)} == INTEGERS | LOST
    assert stars["parallax"] == MEMBERS["parallax"]


GAIA = f"""\
# %ECSV 1.0
# ---
# delimiter: ','
# datatype:
# - {{name: source_id, datatype: int64}}
# - {{name: n, datatype: int16}}
# - {{name: phot_g_mean_mag, unit: mag, datatype: float32}}
# - {{name: bp_rp, unit: mag, datatype: float32}}
# - {{name: parallax, unit: mas, datatype: float64}}
# - {{name: variable, datatype: string}}
# - {{name: has_xp, datatype: bool}}
source_id,n,phot_g_mean_mag,bp_rp,parallax,variable,has_xp
{ID},1,12.5,0.5,1.5,"NOT_AVAILABLE","False"
{ID + 1},null,13.5,0.75,null,null,null
null,2,14.5,1.0,2.5,"VARIABLE","True"
"""


@pytest.mark.parametrize("marker", ["null", "NULL", '""', "--", "nan"])
@pytest.mark.parametrize("name", ["gaia.ecsv", "gaia.csv", "gaia.txt"])
def test_the_gaia_archive_marks_missing_values_with_null(marker, name, tmp_path):
    (tmp_path / name).write_text(GAIA.replace("null", marker))
    stars = seen("console", tmp_path / name, tmp_path, cluster="M 67").stars
    assert stars["source_id"] == [ID, ID + 1, None]
    assert stars["n"] == [1, None, 2]
    assert stars["parallax"] == [1.5, None, 2.5]
    assert stars["variable"] == ["NOT_AVAILABLE", None, "VARIABLE"]
    assert stars["has_xp"] == [False, None, True]


# Units


@pytest.mark.parametrize("version", ["1.1", "1.2", "1.3", "1.4", "1.5"])
def test_per_cent_in_every_version_of_votable(version, tmp_path):
    table = Table(pd.DataFrame(MEMBERS)[["cluster", "phot_g_mean_mag", "bp_rp"]].to_dict("list"))
    table["probability"] = [50.0, 75.0, 100.0, 1.0] * u.percent
    votable = from_table(table)
    votable.version = version
    with warnings.catch_warnings(action="ignore"):  # of astropy, about its own unit
        votable.to_xml(str(tmp_path / "members.vot"))
        table = Table.read(tmp_path / "members.vot")
    assert stars_of(as_clusters(table))["probability"].tolist() == [0.5, 0.75, 1.0, 0.01]
    for door in ("read_clusters", "as_clusters", "console"):
        found = seen(door, tmp_path / "members.vot", tmp_path)
        assert found.stars["probability"] == [0.5, 0.75, 1.0, 0.01]
        assert not any("%" in message for message in found.messages)


UNITS = [("probability", "%", 0.01), ("parallax", "arcsec", 1000), ("parallax", "uas", 0.001)]


@pytest.mark.parametrize(("name", "unit", "factor"), UNITS)
@pytest.mark.parametrize(("form", "door"), cases(WITH_UNITS))
def test_units_are_the_same_in_every_form(form, door, name, unit, factor, tmp_path):
    members = MEMBERS | {name: [0.5, 0.25, 0.125, 1.0]}
    data = made(members, form, tmp_path, units={name: unit})
    np.testing.assert_allclose(
        seen(door, data, tmp_path).stars[name], np.multiply(members[name], factor)
    )
