"""Files that are made to do harm: they open nothing else, take little, and are named in errors."""

import bz2
import gzip
import lzma
import re
import threading
import tracemalloc
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from astropy.io import fits
from astropy.table import Table
from common.damaged import stars, votable

from skcluster.clusters import stars_of
from skcluster.io import read_clusters, read_table

FIELD = '<FIELD name="a" ID="a" datatype="double"/>'


@pytest.fixture
def requests() -> Iterator[tuple[str, list[str]]]:
    """The address of a server, and the requests that it got."""
    got: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            got.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", got
        server.shutdown()
        thread.join()


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Fails if more than 150 MB are taken."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150e6


@pytest.mark.parametrize(
    "form", ["BINARY", "BINARY2", "FITS", "PARQUET type='VOTable-remote-file'"]
)
@pytest.mark.parametrize("where", ["server", "file"])
def test_a_votable_opens_nothing_else(tmp_path, requests, form, where):
    address, got = requests
    other = tmp_path / "secret"
    other.write_bytes(bytes(80))
    place = f"{address}/stars" if where == "server" else other.as_uri()
    data = f'<{form}><STREAM href="{place}"/></{form.split()[0]}>'
    file = tmp_path / "members.vot"
    # Names with a prefix, and quotes, are the same to a reader of XML.
    for text in (votable(FIELD, data), votable(FIELD, data.replace("href", "rights='>' href"))):
        file.write_bytes(text)
        with pytest.raises(ValueError, match=r"members\.vot cannot be read as votable: its data"):
            read_clusters(file)
    assert got == []


def test_a_votable_with_its_data_inside_is_read(tmp_path):
    for form in ("tabledata", "binary", "binary2"):
        file = tmp_path / f"{form}.vot"
        Table.from_pandas(stars()).write(file, format="votable", tabledata_format=form)
        assert len(read_clusters(file)) == 2


def test_entities_of_xml_are_not_expanded(tmp_path, little_memory):
    file = tmp_path / "laughs.vot"
    file.write_text('<!DOCTYPE V [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><VOTABLE>&b;</VOTABLE>')
    with pytest.raises(ValueError, match=r"laughs\.vot cannot .* it defines the entity 'a'"):
        read_table(file)


@pytest.mark.parametrize(("keyword", "reason"), [("NAXIS2", ""), ("PCOUNT", "truncated")])
def test_a_header_of_fits_that_says_too_much(tmp_path, keyword, reason, little_memory):
    file = tmp_path / "bomb.fits"
    Table.from_pandas(stars()).write(file)
    content = file.read_bytes()
    start = content.index(b"XTENSION")
    promised = rb"\g<1>%21d" % 10**12
    table = re.sub(rf"({keyword} *=) *\d+".encode(), promised, content[start:], count=1)
    file.write_bytes(content[:start] + table)
    with pytest.raises(ValueError, match=rf"bomb\.fits cannot be read as fits: .*{reason}"):
        read_table(file)


def test_lists_of_fits_come_along(tmp_path):
    lists = np.empty(2, dtype=object)
    lists[:] = [np.zeros(2), np.ones(1)]
    columns = [
        fits.Column("Gmag", "D", array=[12.0, 13.0]),
        fits.Column("BP-RP", "D", array=[0.5, 0.6]),
        fits.Column("trace", "PD()", array=lists),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "lists.fits")
    X = read_clusters(tmp_path / "lists.fits", cluster="a")
    assert stars_of(X).arrow("trace").to_pylist() == [[0, 0], [1]]


@pytest.mark.parametrize("compress", [bz2.compress, lzma.compress])
@pytest.mark.parametrize("name", ["bomb.csv", "bomb.fits", "bomb.vot", "bomb.csv.gz"])
def test_other_compressions_are_not_unpacked(tmp_path, compress, name, little_memory):
    (tmp_path / name).write_bytes(compress(bytes(10**7)) * 20)
    with pytest.raises(ValueError, match=r"bomb\..* cannot be read as (csv|fits|votable): "):
        read_table(tmp_path / name)


@pytest.mark.parametrize("name", ["bomb.csv.gz", "bomb.fits", "bomb.vot", "bomb.ecsv"])
def test_gzip_is_unpacked_up_to_a_limit(tmp_path, name, little_memory):
    file = tmp_path / name
    file.write_bytes(gzip.compress(bytes(10**7)) * 20)
    with pytest.raises(ValueError, match=r"cannot be read .* its uncompressed size exceeds 100 MB"):
        read_table(file)


@pytest.mark.parametrize("is_list", [False, True])
def test_parquet_that_would_take_much(tmp_path, is_list, little_memory):
    runs = pa.array(np.zeros(51_000_000, np.int8))
    values = pa.ListArray.from_arrays([0, len(runs)], runs) if is_list else runs
    file = tmp_path / "bomb.parquet"
    pa.parquet.write_table(pa.table({"a": values}), file, compression="zstd")
    assert file.stat().st_size < 3e6
    with pytest.raises(ValueError, match=r"bomb\.parquet cannot be read as parquet: .*would take"):
        read_table(file)


@pytest.mark.parametrize("kind", ["fits", "parquet"])
def test_texts_that_are_not_in_utf8_are_named(tmp_path, kind):
    file = tmp_path / f"latin.{kind}"
    names = np.array([b"NGC 1", b"Bl\xe4ha"])
    if kind == "fits":
        fits.BinTableHDU.from_columns([fits.Column("Cluster", "10A", array=names)]).writeto(file)
    else:
        texts = pa.array(names.tolist()).view(pa.string())
        stars = {"Cluster": texts, "phot_g_mean_mag": [12.0, 13.0], "bp_rp": [0.5, 0.6]}
        pa.parquet.write_table(pa.table(stars), file)
    reason = r"not in UTF-8 .* in b'Bl\\xe4ha'" if kind == "fits" else "Invalid UTF8"
    with pytest.raises(ValueError, match=rf"latin\..* {reason}"):
        read_clusters(file)


@pytest.mark.parametrize(("name", "delimiter"), [("stars.csv", ","), ("stars.tsv", "\t")])
def test_whole_numbers_of_any_size(tmp_path, name, delimiter):
    frame = stars().astype({"source_id": str})
    frame.loc[3, "source_id"] = "9" * 30
    frame.to_csv(tmp_path / name, index=False, sep=delimiter)
    X = read_clusters(tmp_path / name)
    assert X["stars.source_id"].tolist().count("9" * 30) == 1
