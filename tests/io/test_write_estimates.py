import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.io.votable.ucd import parse_ucd
from astropy.table import QTable, Table

from skcluster.io import to_astropy, write_estimates
from skcluster.io._write import UCDS, ucd_of
from skcluster.schema import LABEL_COLUMNS, estimate_column

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


@pytest.mark.parametrize("extension", ["csv", "ecsv", "fits", "vot", "parquet"])
@pytest.mark.filterwarnings("error")
def test_every_file_type_keeps_the_values(extension, tmp_path):
    file = tmp_path / f"estimates.{extension}"
    write_estimates(TABLE, file, metadata={"model": "reference"})
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    if extension == "csv":
        back = pd.read_csv(file, keep_default_na=True)
    else:
        table = Table.read(file)
        assert str(table["distance_kpc"].unit) == "kpc"
        # The standards of FITS and VOTable know no logarithmic units.
        logarithmic = {"ecsv": "dex(yr)", "parquet": "dex(yr)"}
        assert str(table["log_age_lower"].unit) == logarithmic.get(extension, "None")
        if extension == "fits":
            header = fits.getheader(file, 1)
            assert header["TCOMM4"].endswith("lower end of the interval")
            assert header["TUCD5"] == "pos.distance"
        else:
            assert table["log_age_lower"].description.endswith("lower end of the interval")
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
    assert column.description == known.description != name
    unit = "" if extension == "vot" and UNITS[name] == "dex" else UNITS[name]
    assert (column.unit or "") == unit


def test_a_file_is_not_replaced_unasked(tmp_path):
    file = tmp_path / "estimates.csv"
    write_estimates(TABLE, file)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_estimates(TABLE, file)
    write_estimates(TABLE.head(1), file, overwrite=True)
    assert len(pd.read_csv(file)) == 1


def test_what_cannot_be_written_is_said(tmp_path):
    with pytest.raises(ValueError, match=r"estimates\.doc is unknown; known are: \.csv"):
        write_estimates(TABLE, tmp_path / "estimates.doc")
    with pytest.raises(FileNotFoundError, match="no folder"):
        write_estimates(TABLE, tmp_path / "none" / "estimates.csv")


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OSError, match="No space left"):
        write_estimates(TABLE, tmp_path / "estimates.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [*UCDS, "log_age_lower", "a_v_upper"])
def test_ucds_are_words_of_the_vocabulary(name):
    parse_ucd(ucd_of(name), check_controlled_vocabulary=True)
    assert estimate_column(name).description != name or name in LABEL_COLUMNS


def test_estimates_become_quantities():
    table = QTable(to_astropy(TABLE, {"model": "reference"}))
    assert table["distance_kpc"][0].to_value("pc") == pytest.approx(884)
    assert table.meta == {"model": "reference"}
    assert table.colnames[0] == "cluster"


def test_labels_become_quantities():
    y = pd.DataFrame({"log_age": [9.6], "distance_kpc": [0.86]})
    table = to_astropy(y)
    assert table.colnames == ["log_age", "distance_kpc"]
    assert str(table["log_age"].unit) == "dex(yr)"


def test_tsv(tmp_path):
    write_estimates(TABLE, tmp_path / "estimates.tsv")
    back = pd.read_csv(tmp_path / "estimates.tsv", sep="\t")
    assert back["cluster"].tolist() == TABLE.index.tolist()


def test_fits_files_hold_simple_letters(tmp_path):
    table = TABLE.set_axis(pd.Index(["Trümpler – 1", "星団"], name="cluster"))
    with pytest.warns(UserWarning, match="ASCII only: 2 texts .* 'Trümpler – 1' to 'Trumpler - 1'"):
        write_estimates(table, tmp_path / "estimates.fits", metadata={"model": "é"})
    names = Table.read(tmp_path / "estimates.fits")["cluster"].astype(str).tolist()
    assert names == ["Trumpler - 1", r"\u661f\u56e3"]
