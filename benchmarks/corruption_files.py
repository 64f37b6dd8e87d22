"""Valid files, randomly damaged files, and decompression bombs in each format."""

import bz2
import gzip
import io
import json
import lzma
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from astropy.io import fits
from astropy.table import Table
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skcluster import CMDHistogram, save_model
from skcluster.datasets import simulate_clusters

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
    files = {
        kind: folder / name
        for kind, name in {
            "csv": "stars.csv",
            "csv.gz": "stars.csv.gz",
            "tsv": "stars.tsv",
            "ecsv": "stars.ecsv",
            "fits": "stars.fits",
            "fits.gz": "stars.fits.gz",
            "votable": "stars.vot",
            "votable, binary": "binary.vot",
            "votable, binary2": "binary2.vot",
            "parquet": "stars.parquet",
            "parquet, astropy's": "units.parquet",
            "parquet, nested": "nested.parquet",
            "model": "model.skcluster",
            "model, parts": "parts.skcluster",
        }.items()
    }
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


def bombs(model: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Name, file name and content of files that would take much, from small to 20 MB.

    Parameters
    ----------
    model : bytes
        A sound model file.
    """
    yield from _text_bombs()
    yield from _fits_bombs()
    yield from _votable_bombs()
    yield from _parquet_bombs()
    yield from _model_bombs(parts_of(model))


def _text_bombs() -> Iterator[tuple[str, str, bytes]]:
    head = b"cluster,phot_g_mean_mag,bp_rp\n"
    rows = head + b"a,1,1\n" * 3_300_000
    yield "CSV of 20 MB, short rows", "a.csv", rows
    yield "CSV of 20 MB, one row", "a.csv", b"a," * 9_900_000
    yield "CSV, a quoted header of many lines", "a.csv", b'"\n",' * 5_000_000
    yield "CSV, a quote that does not end", "a.csv", head + b'"' + b"a,b\n" * 4_900_000
    yield "CSV, gzip of 4 GB", "a.csv.gz", gzip.compress(bytes(10**8), 9) * 40
    yield "CSV, gzip, cells", "a.csv.gz", gzip.compress(head + b"1,1,1\n" * 16_000_000, 1)
    yield "TSV of 20 MB, one row", "a.tsv", b"a\t" * 9_900_000
    yield "TSV, gzip, lines", "a.tsv.gz", gzip.compress(b"\f" * 99_000_000, 1)
    yield "CSV, xz", "a.csv", lzma.compress(rows)
    yield "FITS, bzip2", "a.fits", bz2.compress(rows)
    yield "FITS, zip", "a.fits", archive_of({"a.fits": rows})
    yield "VOTable, gzip in gzip", "a.vot.gz", gzip.compress(gzip.compress(rows))
    table = Table.from_pandas(stars())
    buffer = io.StringIO()
    table.write(buffer, format="ascii.ecsv")
    ecsv = buffer.getvalue().encode()
    yield "ECSV, long YAML", "a.ecsv", ecsv.replace(b"# ---", b"# ---\n" + b"# # a\n" * 10**6)
    many = "".join(f"# - {{name: c{i}, datatype: float64}}\n" for i in range(5000))
    text = "# %ECSV 1.0\n# ---\n# datatype:\n" + many + "# schema: astropy-2.0\n"
    yield "ECSV, many columns", "a.ecsv", text.encode()
    yield "ECSV of 20 MB", "a.ecsv", ecsv + b"a 1 1 1 1\n" * 1_900_000
    yield "ECSV of 400 000 rows", "a.ecsv", ecsv + b"a 1 1 1 1\n" * 380_000


def _fits_bombs() -> Iterator[tuple[str, str, bytes]]:
    buffer = io.BytesIO()
    Table.from_pandas(stars()).write(buffer, format="fits")
    sound = buffer.getvalue()
    for name, value in (("TFIELDS", 999_999_999), ("NAXIS2", 10**12), ("NAXIS1", 10**12)):
        changed = re.sub(rf"({name} *=) *\d+".encode(), rb"\g<1>%21d" % value, sound)
        yield f"FITS, {name}", "a.fits", changed
    yield "FITS, wide text", "a.fits", sound.replace(b"'10A     '  ", b"'999999999A'")
    yield "FITS, many headers", "a.fits", sound + sound[sound.index(b"XTENSION") :] * 600
    column = fits.Column("a", "PE()", array=np.array([np.zeros(9)] * 9, dtype=object))
    lists = io.BytesIO()
    fits.BinTableHDU.from_columns([column]).writeto(lists)
    yield "FITS, lists", "a.fits", lists.getvalue()
    letters = fits.BinTableHDU.from_columns(
        [fits.Column(f"c{i}", "1A", array=np.full(400_000, b"a")) for i in range(40)]
    )
    text = io.BytesIO()
    letters.writeto(text)
    yield "FITS of 16 MB, texts of a letter", "a.fits", text.getvalue()
    bits = fits.BinTableHDU.from_columns(
        [fits.Column("a", "8000X", array=np.zeros((16_000, 8000), bool))]
    )
    buffer = io.BytesIO()
    bits.writeto(buffer)
    yield "FITS of 16 MB, bits", "a.fits", buffer.getvalue()


def votable(fields: str, data: str, attributes: str = "") -> bytes:
    """A VOTable."""
    return (
        '<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
        f"<RESOURCE><TABLE {attributes}>{fields}<DATA>{data}</DATA></TABLE></RESOURCE></VOTABLE>"
    ).encode()


def _votable_bombs() -> Iterator[tuple[str, str, bytes]]:
    field = '<FIELD name="c{}" ID="c{}" datatype="{}" {}/>'
    one = field.format(0, 0, "double", "")
    cells = "<TABLEDATA>" + "<TR><TD>1</TD></TR>" * 10 + "</TABLEDATA>"
    many = "".join(field.format(i, i, "double", "") for i in range(100_000))
    yield "VOTable, 100 000 fields", "a.vot", votable(many, cells)
    nearly = "".join(field.format(i, i, "double", "") for i in range(9_900))
    yield "VOTable, 9 900 fields", "a.vot", votable(nearly, "<TABLEDATA></TABLEDATA>")
    yield "VOTable, nrows", "a.vot", votable(one, cells, 'nrows="999999999999"')
    wide = field.format(0, 0, "double", 'arraysize="999999999"')
    yield "VOTable, arraysize", "a.vot", votable(wide, cells)
    yield "VOTable, nested", "a.vot", b"<VOTABLE>" + b"<RESOURCE>" * 1_000_000
    yield (
        "VOTable of 20 MB, short cells",
        "a.vot",
        votable(one, "<TABLEDATA>" + "<TR><TD/></TR>" * 1_400_000 + "</TABLEDATA>"),
    )
    empty = "<TABLEDATA>" + "<TR/>" * 3_900_000 + "</TABLEDATA>"
    yield "VOTable of 20 MB, empty rows", "a.vot", votable(one, empty)
    bytes_ = "".join(field.format(i, i, "unsignedByte", "") for i in range(10))
    stream = "<{0}><STREAM encoding='base64'>" + "AAAA" * 4_800_000 + "</STREAM></{0}>"
    for form in ("BINARY", "BINARY2"):
        yield f"VOTable of 20 MB, {form}", "a.vot", votable(bytes_, stream.format(form))
        yield f"VOTable, {form} without fields", "a.vot", votable("", stream.format(form))
    entities = '<!DOCTYPE V [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(12)
    )
    yield "VOTable, entities", "a.vot", f"{entities}]><VOTABLE>&m;</VOTABLE>".encode()


def _parquet_bombs() -> Iterator[tuple[str, str, bytes]]:
    def written(**columns: Any) -> bytes:
        buffer = io.BytesIO()
        pa.parquet.write_table(pa.table(columns), buffer, compression="zstd", store_schema=False)
        return buffer.getvalue()

    yield "Parquet, zeros", "a.parquet", written(a=np.zeros(60_000_000))
    text = pa.DictionaryArray.from_arrays(np.zeros(100_000, np.int32), ["a" * 1_000_000])
    yield "Parquet, a text repeated", "a.parquet", written(a=text)
    lists = pa.ListArray.from_arrays([0, 60_000_000], np.zeros(60_000_000, np.int8))
    yield "Parquet, a list", "a.parquet", written(a=lists)
    names = {f"c{i}": pa.nulls(0, pa.int8()) for i in range(12_000)}
    yield "Parquet, columns", "a.parquet", written(**names)
    table = pa.table({"a": ["b"]}).replace_schema_metadata({"table_meta_yaml": "a: [" * 10**5})
    buffer = io.BytesIO()
    pa.parquet.write_table(table, buffer)
    yield "Parquet, long YAML", "a.parquet", buffer.getvalue()


def _model_bombs(parts: dict[str, bytes]) -> Iterator[tuple[str, str, bytes]]:
    def model(content: Any, **more: bytes) -> bytes:
        schema = {"protocol": 2, **node("list", "List"), "content": content}
        return archive_of({**parts, **more, "schema.json": json.dumps(schema).encode()})

    def node(name: str, loader: str, module: str = "builtins") -> dict[str, Any]:
        return {"__class__": name, "__module__": module, "__loader__": f"{loader}Node"}

    yield "model, part of 4 GB", "a.skcluster", _zeros(parts, 400)
    yield "model, part of 490 MB", "a.skcluster", _zeros(parts, 49)
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,), }"
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    yield "model, header of an array", "a.skcluster", archive_of({**parts, "arrays/0.npy": array})
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(1_000_000))
    again = {**node("ndarray", "NdArray", "numpy"), "type": "numpy", "file": "b.npy"}
    many = [{**again, "__id__": i} for i in range(1, 1000)]
    yield "model, an array 1000 times", "a.skcluster", model(many, **{"b.npy": buffer.getvalue()})
    some = [{**again, "__id__": i} for i in range(1, 61)]
    yield "model, an array 60 times", "a.skcluster", model(some, **{"b.npy": buffer.getvalue()})
    lists = {**node("list", "List"), "content": []}
    for number in (99_000, 150_000):
        yield f"model, {number} lists", "a.skcluster", model([lists] * number)
        objects = node("Ridge", "Object", "sklearn.linear_model._ridge")
        yield f"model, {number} objects", "a.skcluster", model([objects] * number)
    text = {**node("str", "Json"), "content": "[" + "[]," * 5_000_000 + "[]]"}
    yield "model, JSON in JSON", "a.skcluster", model([text])
    yield "model, deep", "a.skcluster", archive_of({**parts, "schema.json": b"[" * 10**6})
    wide = b"[" + b"[]," * 5_000_000 + b"[]]"
    yield "model, wide", "a.skcluster", archive_of({**parts, "schema.json": wide})


def _zeros(parts: dict[str, bytes], tens_of_megabytes: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in parts.keys() - {"arrays/0.npy"}:
            archive.writestr(name, parts[name])
        with archive.open("arrays/0.npy", "w", force_zip64=True) as part:
            size = tens_of_megabytes * 10**7
            header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size},), }}".encode()
            part.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
            for _ in range(tens_of_megabytes):
                part.write(bytes(10**7))
    return buffer.getvalue()
