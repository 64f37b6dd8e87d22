"""Every file type that read_clusters knows gives the same clusters."""

import gzip
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import MaskedColumn, Table
from nested_pandas import NestedFrame

from skcluster.clusters import stars_of
from skcluster.io import read_clusters

FORMATS = {
    "csv": "ascii.csv",
    "ecsv": "ascii.ecsv",
    "fits": "fits",
    "fit": "fits",
    "vot": "votable",
    "votable": "votable",
    "xml": "votable",
    "parquet": "parquet",
}
ZIPPED = ["csv", "ecsv", "fits", "vot", "votable", "xml"]


def members(with_units: bool = True) -> Table:
    """Five stars of two clusters under VizieR's names, one parallax masked."""
    mag, mas = (u.mag, u.mas) if with_units else (None, None)
    return Table(
        [
            MaskedColumn(["NGC_2682", "Melotte_22", "NGC_2682", "NGC_2682", "Melotte_22"]),
            MaskedColumn([12.1, 9.8, 13.5, 14.0, 8.0], unit=mag),
            MaskedColumn([0.8, 0.3, 0.7, 0.9, 0.1], unit=mag),
            MaskedColumn([1.15, 7.4, 1.13, 0, 7.3], mask=[0, 0, 0, 1, 0], unit=mas),
            MaskedColumn([2**60 + i for i in range(5)]),
            MaskedColumn(["u", "v", "w", "x", "y"]),
        ],
        names=["Cluster", "Gmag", "BP-RP", "Plx", "Source", "note"],
    )


def write(path: Path, table: Table | None = None) -> Path:
    """A table under a path of any known extension."""
    plain = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    table = members() if table is None else table
    with warnings.catch_warnings(action="ignore"):  # of astropy, about VizieR's names in VOTable
        table.write(plain, format=FORMATS[plain.suffix.lower()[1:]])
    if plain != path:
        path.write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
    return path


@pytest.mark.parametrize("extension", [*FORMATS, *(f"{e}.gz" for e in ZIPPED), "FITS", "Csv.GZ"])
def test_same_clusters_from_every_file_type(tmp_path, extension):
    X = read_clusters(write(tmp_path / f"members.{extension}"))
    assert isinstance(X, NestedFrame)
    assert X.index.tolist() == ["NGC_2682", "Melotte_22"]
    stars = stars_of(X)
    assert stars.offsets.tolist() == [0, 3, 5]
    np.testing.assert_array_equal(stars["phot_g_mean_mag"], [12.1, 13.5, 14.0, 9.8, 8.0])
    np.testing.assert_array_equal(stars["bp_rp"], [0.8, 0.7, 0.9, 0.3, 0.1])
    np.testing.assert_array_equal(stars["parallax"], [1.15, 1.13, np.nan, 7.4, 7.3])
    assert stars["source_id"].tolist() == [2**60 + i for i in (0, 2, 3, 1, 4)]
    assert stars["note"].tolist() == ["u", "w", "x", "v", "y"]


@pytest.mark.parametrize("kind", ["csv", "ecsv", "fits", "votable", "parquet"])
def test_format_overrides_the_extension(tmp_path, kind):
    path = write(tmp_path / f"members.{kind}")
    path = path.rename(tmp_path / "members.dat")
    assert len(read_clusters(path, format=kind)) == 2


@pytest.mark.parametrize("extension", ["tsv", "fits", "vot", "parquet"])
def test_wrong_unit_is_refused(tmp_path, extension):
    path = tmp_path / f"members.{extension}"
    if extension == "tsv":
        path.write_text("Cluster\tGmag\tBP-RP\tPlx\n\tmag\tmag\tkm\n-\t-\t-\t-\na\t12\t0.5\t1.5\n")
    else:
        table = members()
        table["Plx"].unit = "km"
        write(path, table)
    with pytest.raises(
        ValueError, match=r"members\..*'parallax' is in 'km', which cannot .* 'mas'"
    ):
        read_clusters(path)


def test_odd_units_of_columns_not_used_are_no_matter(tmp_path):
    table = members()
    table["flux"] = np.ones(5)
    path = write(tmp_path / "members.fits", table)
    with fits.open(path, mode="update") as hdus:
        hdus[1].header["TUNIT7"] = "'electron'.s**-1"
    assert "flux" in stars_of(read_clusters(path))


def test_cluster_may_be_the_index():
    frame = members().to_pandas().set_index("Cluster")
    assert read_clusters(frame).index.tolist() == ["NGC_2682", "Melotte_22"]
    numbered = frame.set_index(pd.RangeIndex(5, name="star"), append=True)
    assert read_clusters(numbered).index.tolist() == ["NGC_2682", "Melotte_22"]


@pytest.mark.parametrize("name", ["cluster", None])
def test_nested_parquet_round_trip(tmp_path, toy, name):
    X = toy[0].rename_axis(name).assign(size=np.arange(12))
    assert read_clusters(X).equals(X)
    X.to_parquet(tmp_path / "clusters.parquet")
    back = read_clusters(tmp_path / "clusters.parquet")
    pd.testing.assert_index_equal(back.index, X.index)
    assert back["size"].tolist() == list(range(12))
    assert back["stars"].equals(X["stars"])


def test_nested_stars_under_other_names(toy):
    X, _ = toy
    stars = stars_of(X)
    other = stars.rename({"phot_g_mean_mag": "Gmag", "bp_rp": "colour"}).to_clusters()
    assert read_clusters(other, columns={"colour": "bp_rp"}).equals(X)


@pytest.mark.real
def test_real_sample_is_read_whole(sample_folder, real):
    X_expected, y_expected = real
    with pytest.warns(UserWarning, match=r"Left out 1589 of 216818 stars, in 447 of 978 clusters"):
        X, y = read_clusters(sample_folder / "members.parquet", sample_folder / "clusters.csv")
    assert X.index.equals(X_expected.index)
    pd.testing.assert_frame_equal(y, y_expected, check_names=False, rtol=1e-15)
    assert y.index.equals(X.index)
    stars, expected = stars_of(X), stars_of(X_expected)
    for column in expected.columns:
        np.testing.assert_array_equal(stars[column], expected[column])
    assert {"source_id", "ra", "dec", "pmra", "pmdec", "ruwe"} <= set(stars.columns)


TWICE = {
    "csv": "cluster,phot_g_mean_mag,bp_rp,bp_rp\na,12,0.5,0.7\n",
    "tsv": "#from VizieR\ncluster\tphot_g_mean_mag\tbp_rp\tbp_rp\na\t12\t0.5\t0.7\n",
    "ecsv": "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: cluster, datatype: string}\n"
    "# - {name: phot_g_mean_mag, datatype: float64}\n# - {name: bp_rp, datatype: float64}\n"
    "# - {name: bp_rp, datatype: float64}\ncluster phot_g_mean_mag bp_rp bp_rp\na 12 0.5 0.7\n",
    "vot": '<VOTABLE version="1.3"><RESOURCE><TABLE>'
    '<FIELD name="phot_g_mean_mag" datatype="double"/><FIELD name="bp_rp" datatype="double"/>'
    '<FIELD name="bp_rp" datatype="double"/><DATA><TABLEDATA>'
    "<TR><TD>12</TD><TD>0.5</TD><TD>0.7</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>",
}


@pytest.mark.parametrize("extension", [*TWICE, "fits", "parquet"])
def test_no_column_of_two_with_the_same_name_is_ignored(tmp_path, extension):
    file = tmp_path / f"twice.{extension}"
    if extension == "fits":
        members().write(file)
        content = file.read_bytes()
        file.write_bytes(content.replace(b"'BP-RP   '", b"'Gmag    '"))
    elif extension == "parquet":
        columns = [pa.array(["a"]), pa.array([12.0]), pa.array([0.5]), pa.array([0.7])]
        names = ["cluster", "phot_g_mean_mag", "bp_rp", "bp_rp"]
        pq.write_table(pa.Table.from_arrays(columns, names=names), file)
    else:
        file.write_text(TWICE[extension])
    reason = "name already used" if extension == "fits" else "it has more than one column 'bp_rp'"
    with pytest.raises(ValueError, match=f"twice.*: {reason}"):
        read_clusters(file)


def test_text_in_another_encoding_is_named(tmp_path):
    file = tmp_path / "utf16.csv"
    file.write_text("cluster,phot_g_mean_mag,bp_rp\na,12,0.5\n", encoding="utf-16")
    with pytest.raises(ValueError, match=r"utf16\.csv .* its text is not in UTF-8 \(invalid start"):
        read_clusters(file)


def test_stars_that_are_listed_twice_are_told():
    ids = [2**60 + 1, 2**60 + 2, 2**60 + 1, 2**60 + 2]
    stars = pd.DataFrame({"phot_g_mean_mag": 12.0, "bp_rp": 0.5, "source_id": ids})
    told = (
        r"1 of 4 stars are listed again in their cluster, the first in cluster 'b' "
        rf"\(source_id {2**60 + 2}\)"
    )
    with pytest.warns(UserWarning, match=told):
        X = read_clusters(stars.assign(cluster=["a", "b", "b", "b"]))
    assert [len(one) for one in X["stars"]] == [1, 3]
    with warnings.catch_warnings(action="error"):
        read_clusters(stars.assign(cluster=["a", "a", "b", "b"]))  # a star of two clusters
        read_clusters(stars.assign(cluster="a", source_id=None))
        read_clusters(stars.assign(cluster="a", source_id=[1.0, 2.0, 1.0, 2.0]))
        some = pd.array([2**60 + 1, None, 2**60 + 2, None], dtype="Int64")
        read_clusters(stars.assign(cluster="a", source_id=some))
    rounded = stars.assign(cluster="a", source_id=stars["source_id"].astype(float))
    with pytest.warns(UserWarning, match="source_id holds floating-point numbers, which have lost"):
        read_clusters(rounded)
