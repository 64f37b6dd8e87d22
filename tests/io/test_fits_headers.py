"""Headers of FITS files that no reader should trust, and odd ones that are sound."""

import io
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from common.damaged import stars

from skcluster.io import read_table

BLOCK = 2880


@pytest.fixture(scope="module")
def sound() -> bytes:
    buffer = io.BytesIO()
    Table.from_pandas(stars()).write(buffer, format="fits")
    return buffer.getvalue()


def card(name: str, value: object) -> bytes:
    return f"{name:8}= {value!s:>20}".ljust(80).encode()


def replaced(data: bytes, name: str, new: bytes) -> bytes:
    """The file with the first card of a name in its table replaced."""
    start = data.index(f"{name:8}=".encode(), data.index(b"XTENSION"))
    return data[:start] + new + data[start + 80 :]


def refused(file: Path, data: bytes, reason: str) -> None:
    file.write_bytes(data)
    with pytest.raises(ValueError, match=rf"{file.name} cannot be read as fits: .*{reason}"):
        read_table(file)


@pytest.mark.parametrize(
    ("name", "new"),
    [
        ("NAXIS1", b" " * 80),
        ("NAXIS2", card("NAXIS2", "T")),
        ("PCOUNT", card("PCOUNT", "many")),
        ("TFORM2", card("TFORM2", "'7Z'")),
    ],
    ids=["missing", "text", "pcount", "type"],
)
def test_a_header_that_is_not_of_the_standard(sound, tmp_path, name, new):
    refused(tmp_path / "odd.fits", replaced(sound, name, new), "")


def test_random_groups(tmp_path):
    head = [card("SIMPLE", "T"), card("BITPIX", 8), card("NAXIS", 1), card("NAXIS1", 0)]
    head += [card("GROUPS", "T"), b"END".ljust(80)]
    refused(tmp_path / "groups.fits", b"".join(head).ljust(BLOCK), "")


def test_tables_of_text_and_columns_of_every_type_are_read(tmp_path):
    columns = [
        fits.Column("phot_g_mean_mag", "E10.4", array=np.array([12.0, 13.5])),
        fits.Column("name", "A5", array=np.array(["a", "bcd"])),
        fits.Column("n", "I4", array=np.array([1, 2])),
    ]
    file = tmp_path / "text.fits"
    fits.TableHDU.from_columns(columns).writeto(file)
    table = read_table(file)
    assert list(table["phot_g_mean_mag"]) == [12.0, 13.5]
    assert list(table["n"]) == [1, 2]
    columns = [
        fits.Column("bits", "11X", array=np.ones((2, 11), dtype=bool)),
        fits.Column("flag", "L", array=np.array([True, False])),
        fits.Column("pair", "2D", array=np.arange(4.0).reshape(2, 2)),
        fits.Column("wave", "M", array=np.array([1j, 2])),
    ]
    file = tmp_path / "types.fits"
    fits.BinTableHDU.from_columns(columns).writeto(file)
    assert np.asarray(read_table(file)["pair"]).tolist() == [[0, 1], [2, 3]]
