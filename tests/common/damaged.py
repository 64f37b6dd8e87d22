"""Sound files of each format, and copies of them that are damaged at random."""

import gzip
import io
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from astropy.table import Table
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skcluster import CMDHistogram, save_model
from skcluster.datasets import simulate_clusters

#: Names of the files by their kinds.
FILES = {
    **{kind: f"stars.{kind}" for kind in ("csv", "csv.gz", "tsv", "ecsv", "fits", "fits.gz")},
    "votable": "stars.vot",
    "votable, binary": "binary.vot",
    "votable, binary2": "binary2.vot",
    "parquet": "stars.parquet",
    "parquet, astropy's": "units.parquet",
    "parquet, nested": "nested.parquet",
    "model": "model.skcluster",
    "model, parts": "parts.skcluster",
}
#: Numbers that have broken readers of numbers.
_NUMBERS = [b"0", b"-1", b"1e999", b"999999999", b"2147483648", b"18446744073709551616", b"nan"]


def stars(n: int = 200) -> pd.DataFrame:
    """A long table of two clusters."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"cluster": np.repeat(["NGC 2682", "Melotte 22"], n // 2)})
    table["phot_g_mean_mag"], table["bp_rp"] = rng.uniform(10, 17, n), rng.uniform(0.5, 2, n)
    table["parallax"], table["source_id"] = rng.uniform(1, 2, n), np.arange(n) + 2**60
    return table


def sound_files(folder: Path) -> dict[str, Path]:
    """A small file of every format that is read, and of a model."""
    frame = stars()
    table = Table.from_pandas(frame)
    for name in ("phot_g_mean_mag", "bp_rp"):
        table[name].unit = "mag"
    files = {kind: folder / name for kind, name in FILES.items()}
    frame.to_csv(files["csv"], index=False)
    frame.to_csv(files["csv.gz"], index=False)
    frame.to_csv(files["tsv"], index=False, sep="\t")
    table.write(files["ecsv"], format="ascii.ecsv")
    table.write(files["fits"])
    table.write(files["fits.gz"])
    for form, kind in (("tabledata", "votable"), ("binary", "votable, binary")):
        table.write(files[kind], format="votable", tabledata_format=form)
    table.write(files["votable, binary2"], format="votable", tabledata_format="binary2")
    frame.to_parquet(files["parquet"])
    table.write(files["parquet, astropy's"], format="parquet")
    X, y = simulate_clusters(10, random_state=0)
    X.to_parquet(files["parquet, nested"])
    model = make_pipeline(CMDHistogram(), Ridge()).fit(X, y)
    for kind in ("model", "model, parts"):
        save_model(model, files[kind], card={"name": "trial"})
    return files


def mutants(file: Path, kind: str, number: int, seed: int = 0) -> Iterator[bytes]:
    """Copies of a file with one to four damages each.

    Those of "model, parts" have them within a part of the archive, whose checksum then is right: so
    does an attacker, not an accident.
    """
    rng = np.random.default_rng(seed)
    content = file.read_bytes()
    for _ in range(number):
        if kind == "model, parts":
            parts = parts_of(content)
            name = str(rng.choice(list(parts)))
            yield archive_of({**parts, name: _damaged(parts[name], rng)})
        elif kind.endswith(".gz") and rng.random() < 0.7:
            yield gzip.compress(_damaged(gzip.decompress(content), rng), 1)
        else:
            yield _damaged(content, rng)


def parts_of(content: bytes) -> dict[str, bytes]:
    """The parts of a zip archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(parts: dict[str, bytes]) -> bytes:
    """A zip archive of some parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _damaged(content: bytes, rng: np.random.Generator) -> bytes:
    for _ in range(rng.integers(1, 5)):
        data = bytearray(content)
        if not data:
            return b""
        # Headers are at the beginning, and at the end.
        where = int(len(data) * rng.choice([rng.random(), rng.random() ** 4, rng.random() ** 0.2]))
        length = int(rng.integers(1, 40))
        match rng.integers(7):
            case 0:
                data[where] ^= 1 << int(rng.integers(8))
            case 1:
                data[where : where + length] = rng.bytes(length)
            case 2:
                del data[where : where + length]
            case 3:
                data[where:where] = data[where : where + length]
            case 4:
                del data[where:]
            case 5:
                data[where : where + 4] = struct.pack("<i", rng.choice([-1, 0, 2**31 - 1, 2**20]))
            case _:
                numbers = list(re.finditer(rb"\d+", content))
                if numbers:
                    found = numbers[int(rng.integers(len(numbers)))]
                    data[found.start() : found.end()] = rng.choice(_NUMBERS)
        content = bytes(data)
    return content


def votable(fields: str, data: str, attributes: str = "") -> bytes:
    """A VOTable."""
    return (
        '<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
        f"<RESOURCE><TABLE {attributes}>{fields}<DATA>{data}</DATA></TABLE></RESOURCE></VOTABLE>"
    ).encode()
