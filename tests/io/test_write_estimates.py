import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.io.votable.ucd import parse_ucd
from astropy.table import QTable, Table
from astropy.utils.metadata import MergeConflictWarning

from skcluster.io import to_astropy, write_estimates
from skcluster.schema import (
    CLUSTER,
    CLUSTER_COLUMNS,
    ESTIMATE_COLUMNS,
    LABEL_COLUMNS,
    MEMBER_COLUMNS,
    STAR_COLUMNS,
    estimate_column,
)

TABLE = pd.DataFrame(
    {
        "n_stars": [991, 3],
        "log_age": [9.46, np.nan],
        "log_age_lower": [9.33, np.nan],
        "distance_kpc": [0.884, np.nan],
        "reliability": [0.97, np.nan],
        "flag": ["", "outside domain"],
        "notes": ["few stars; contaminants identified", ""],
    },
    index=pd.Index(["NGC_2682", "Nobody_1"], name="cluster"),
)


@pytest.mark.parametrize("extension", ["csv", "tsv", "ecsv", "fits", "vot", "parquet"])
@pytest.mark.filterwarnings("error")
def test_every_file_type_keeps_the_values(extension, tmp_path):
    file = tmp_path / f"estimates.{extension}"
    write_estimates(TABLE, file, metadata={"model": "reference"})
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    if extension in ("csv", "tsv"):
        back = pd.read_csv(file, sep="," if extension == "csv" else "\t")
    else:
        table = Table.read(file)
        assert str(table["distance_kpc"].unit) == "kpc"
        # The standards of FITS and VOTable know no logarithmic units.
        logarithmic = {"ecsv": "dex(yr)", "parquet": "dex(yr)"}
        assert str(table["log_age_lower"].unit) == logarithmic.get(extension, "None")
        if extension == "fits":
            header = fits.getheader(file, 1)
            assert header["TCOMM4"].endswith("lower end of the interval [dex]")
            assert header["TUCD5"] == "pos.distance"
        else:
            description = table["log_age_lower"].description.removesuffix(" [dex]")
            assert description.endswith("lower end of the interval")
            assert table["distance_kpc"].info.meta["ucd"] == "pos.distance"
        # astropy's Table drops the infos of a VOTable.
        assert "reference" in (file.read_text() if extension == "vot" else str(table.meta))
        table.convert_bytestring_to_unicode()
        back = table.to_pandas()
    assert [str(name) for name in back["cluster"]] == TABLE.index.tolist()
    np.testing.assert_allclose(back["log_age"].astype(float), TABLE["log_age"])
    assert back["n_stars"].tolist() == [991, 3]
    assert back["flag"].iloc[1] == "outside domain"
    assert back["notes"].iloc[0] == "few stars; contaminants identified"
    np.testing.assert_allclose(back["reliability"].astype(float), TABLE["reliability"])


UNITS = {
    "n_used": "",
    "metallicity": "dex",
    "differential_reddening": "mag",
    "field_fraction": "",
    "effective_samples": "",
    "reliability": "",
    "membership": "",
    "pmra": "mas / yr",
    "ra": "deg",
}


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("extension", ["ecsv", "vot", "parquet"])
def test_columns_are_described(name, extension, tmp_path):
    file = tmp_path / f"table.{extension}"
    index = pd.Index(["NGC_2682"], name="cluster")
    write_estimates(pd.DataFrame({name: [0.5]}, index=index), file)
    column = Table.read(file)[name]
    known = estimate_column(name)
    stated = extension != "vot" or UNITS[name] != "dex"
    assert column.description == (known.description if stated else known.title) != name
    unit = UNITS[name] if stated else ""
    assert (column.unit or "") == unit


def test_a_file_is_not_replaced_unasked(tmp_path):
    file = tmp_path / "estimates.csv"
    write_estimates(TABLE, file)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_estimates(TABLE, file)
    write_estimates(TABLE.head(1), file, overwrite=True)
    assert len(pd.read_csv(file)) == 1


def test_what_cannot_be_written_is_said(tmp_path):
    # Tables of text are read, not written.
    for name in ("estimates.doc", "estimates.dat"):
        with pytest.raises(ValueError, match=rf"{name} is unknown; known are: \.csv.*, \.tsv\. "):
            write_estimates(TABLE, tmp_path / name)
    with pytest.raises(FileNotFoundError, match="no folder"):
        write_estimates(TABLE, tmp_path / "none" / "estimates.csv")


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OSError, match="No space left"):
        write_estimates(TABLE, tmp_path / "estimates.csv")
    assert list(tmp_path.iterdir()) == []


COLUMNS = {
    "stars": STAR_COLUMNS | MEMBER_COLUMNS | {"cluster": CLUSTER},
    "estimates": ESTIMATE_COLUMNS | {n: estimate_column(n) for n in ("log_age_lower", "a_v_upper")},
    "labels": LABEL_COLUMNS,
    "clusters": CLUSTER_COLUMNS,
}


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS)
def test_all_columns_have_ucds_and_descriptions(columns):
    for name, column in columns.items():
        assert parse_ucd(column.ucd, check_controlled_vocabulary=True)
        assert column.description not in ("", name)


def test_clusters_and_stars_are_told_apart():
    name, values = "parallax", {"parallax": [1.1]}
    assert to_astropy(pd.DataFrame(values))[name].description == "Parallax"
    clusters = to_astropy(pd.DataFrame({"n_members": [99]} | values))
    assert clusters[name].description == "Mean parallax"
    assert clusters[name].info.meta["ucd"] == "pos.parallax;stat.mean"


@pytest.mark.skipif(shutil.which("stilts") is None, reason="needs stilts (of Debian and others)")
def test_topcat_reads_what_is_written(tmp_path):
    for table in (TABLE, TABLE.assign(flag="")):
        vot, fits_file = tmp_path / "table.vot", tmp_path / "table.fits"
        for file in (vot, fits_file):
            metadata = {"model": "reference", "flag": "0 of 1"}
            write_estimates(table, file, metadata=metadata, overwrite=True)
            read = ["stilts", "tpipe", file, "cmd=meta Name Class UCD", "omode=out", "ofmt=csv"]
            rows = subprocess.run(read, capture_output=True, text=True, check=True).stdout
            assert "log_age_lower,Double,time.age;stat.min\n" in rows
            assert "flag,String,meta.note\n" in rows
        lint = subprocess.run(["stilts", "votlint", vot], capture_output=True, text=True)
        assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", "")


def test_parquet_describes_itself_to_all(tmp_path):
    n_used = pd.array([9, None], dtype="Int64")
    write_estimates(TABLE.assign(n_used=n_used), file := tmp_path / "table.parquet")
    with pytest.warns(MergeConflictWarning, match=r"\[dex\]"):
        astropy_table = Table.read(file, format="parquet.votable")  # as TOPCAT reads it
    for table in (Table.read(file), astropy_table):
        assert table["distance_kpc"].unit == "kpc"
        assert table["n_used"].info.meta["ucd"] == "meta.number"
        np.testing.assert_array_equal(table["n_used"], [9, np.nan])
    pd.testing.assert_series_equal(
        pd.read_parquet(file, dtype_backend="numpy_nullable")["n_used"],
        pd.Series(n_used, name="n_used"),
    )


def test_estimates_and_labels_become_quantities():
    table = QTable(to_astropy(TABLE, {"model": "reference"}))
    assert table["distance_kpc"][0].to_value("pc") == pytest.approx(884)
    assert table.meta == {"model": "reference"}
    assert table.colnames[0] == "cluster"
    labels = to_astropy(pd.DataFrame({"log_age": [9.6], "distance_kpc": [0.86]}))
    assert labels.colnames == ["log_age", "distance_kpc"]
    assert str(labels["log_age"].unit) == "dex(yr)"


def test_fits_files_hold_simple_letters(tmp_path):
    table = TABLE.set_axis(pd.Index(["Trümpler – 1", "星団"], name="cluster"))
    with pytest.warns(UserWarning, match="ASCII only: 2 texts .* 'Trümpler – 1' to 'Trumpler - 1'"):
        write_estimates(table, tmp_path / "estimates.fits", metadata={"model": "é"})
    names = Table.read(tmp_path / "estimates.fits")["cluster"].astype(str).tolist()
    assert names == ["Trumpler - 1", r"\u661f\u56e3"]
