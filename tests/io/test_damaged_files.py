"""Files that cannot be read: one clear line each, of the right kind."""

import gzip
import os
from pathlib import Path

import pandas as pd
import pytest
from astropy.table import Table
from common.damaged import stars

from skcluster.io import read_clusters

KINDS = {"csv": "ascii.csv", "ecsv": "ascii.ecsv", "fits": "fits", "vot": "votable"}


def write(path: Path) -> Path:
    """A thousand stars."""
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    Table.from_pandas(stars(1000)).write(plain, format=KINDS.get(plain.suffix[1:], "parquet"))
    if plain != path:
        path.write_bytes(gzip.compress(plain.read_bytes()))
    return path


@pytest.mark.parametrize(
    "extension", ["ecsv", "fits", "vot", "parquet", "csv.gz", "ecsv.gz", "fits.gz", "vot.gz"]
)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_cut_off_file(tmp_path, extension, share):
    path = write(tmp_path / f"members.{extension}")
    content = path.read_bytes()
    # A cut of text between two lines cannot be seen.
    content = content[: int(len(content) * share)].rstrip(b"0123456789.\n")
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"members\.{extension} cannot be read as ") as caught:
        read_clusters(path)
    assert len(str(caught.value).splitlines()) == 1
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("extension", ["ecsv", "fits", "vot", "parquet", "csv.gz", "fits.gz"])
def test_file_of_another_type(tmp_path, extension):
    path = tmp_path / f"members.{extension}"
    path.write_text("<html>Not found</html>\n" * 200)
    with pytest.raises(ValueError, match=rf"members\.{extension} cannot be read as "):
        read_clusters(path)


def test_binary_file_called_csv(tmp_path):
    path = write(tmp_path / "members.parquet").rename(tmp_path / "members.csv")
    with pytest.raises(ValueError, match=r"members\.csv cannot be read as csv"):
        read_clusters(path)


def test_empty_file(tmp_path):
    path = tmp_path / "members.fits"
    path.touch()
    with pytest.raises(ValueError, match=r"The file .*members\.fits is empty"):
        read_clusters(path)


@pytest.mark.parametrize("extension", ["csv", "ecsv", "fits", "vot", "parquet"])
def test_table_without_a_row(tmp_path, extension):
    path = tmp_path / f"members.{extension}"
    table = Table(names=["cluster", "phot_g_mean_mag", "bp_rp"], dtype=["U5", float, float])
    table.write(path, format=KINDS.get(extension, "parquet"))
    with pytest.raises(ValueError, match=r"The table in .* is empty"):
        read_clusters(path)


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no file .*nothing\.csv"):
        read_clusters(tmp_path / "nothing.csv")


def test_folder_of_labels_and_pipe(tmp_path):
    with pytest.raises(OSError, match="is a folder, a device or a pipe; a table file is needed"):
        read_clusters(write(tmp_path / "members.csv"), tmp_path)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(OSError, match=r"pipe\.csv is a folder, a device or a pipe"):
        read_clusters(tmp_path / "pipe.csv")


@pytest.mark.parametrize("name", ["members.doc", "members", "members.parquet.gz", "members.gz"])
def test_unknown_file_type(tmp_path, name):
    (tmp_path / name).write_text("x")
    with pytest.raises(ValueError, match=r"is unknown; known are: \.csv, \.ecsv, \.fits, "):
        read_clusters(tmp_path / name)


def test_unknown_format(tmp_path):
    path = write(tmp_path / "members.csv")
    with pytest.raises(ValueError, match=r"format must be one of csv, .*, not 'excel'"):
        read_clusters(path, format="excel")


@pytest.mark.parametrize("extension", ["csv", "fits", "vot"])
def test_text_in_a_number_column(tmp_path, extension):
    path = tmp_path / f"members.{extension}"
    table = Table({"Cluster": ["a", "b"], "Gmag": ["12.5", "faint"], "BP-RP": [0.5, 0.6]})
    table.write(path, format=KINDS[extension])
    with pytest.raises(ValueError, match="'b' has a star with phot_g_mean_mag = 'faint', which is"):
        read_clusters(path)


@pytest.mark.parametrize("what", [5, None, [1, 2], {"a": 1}, b"members.csv"])
def test_neither_path_nor_table(what):
    with pytest.raises(TypeError, match="The members must be a path, a DataFrame or an astropy"):
        read_clusters(what)
    good = pd.DataFrame({"cluster": ["a"], "phot_g_mean_mag": [12.0], "bp_rp": [1.0]})
    if what is not None:
        with pytest.raises(TypeError, match="The labels must be a path, a DataFrame or an astropy"):
            read_clusters(good, what)
