"""Model files that unpack to more than their size lets expect: refused before they do."""

import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from skcluster import load_model, save_model
from skcluster.persistence import ModelFileError, read_card
from skcluster.persistence._contents import Limits

PLACE = {"__module__": "numpy", "__class__": "ndarray", "__loader__": "NdArrayNode"}
LIST = {"__module__": "builtins", "__class__": "list", "__loader__": "ListNode"}


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The parts of a small model."""
    file = tmp_path_factory.mktemp("models") / "ridge"
    save_model(Ridge().fit([[0.0], [1.0]], [0.0, 1.0]), file)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(file: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Fails if more than 100 MB are taken."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


def array_with(header: str) -> bytes:
    text = header.encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def test_a_whole_that_unpacks_to_too_much(parts, tmp_path, little_memory):
    for name in ("schema.json", "manifest.json", "arrays/0.npy"):
        file = tmp_path / "bomb"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for other in parts.keys() - {name}:
                archive.writestr(other, parts[other])
            with archive.open(name, "w") as part:
                for _ in range(51):
                    part.write(bytes(10_000_000))
        assert file.stat().st_size < 3e6
        for read in (load_model, read_card):
            with pytest.raises(ModelFileError, match=r"bomb .* is 510 MB; the limit is 500"):
                read(file)


def test_a_part_that_is_larger_than_it_says(parts, tmp_path):
    file = write(tmp_path / "liar", {**parts, "arrays/0.npy": bytes(60_000_000)})
    data = file.read_bytes()
    where = data.rindex(b"PK\x01\x02", 0, data.rindex(b"arrays/0.npy"))
    size = len(parts["arrays/0.npy"])
    file.write_bytes(data[: where + 24] + struct.pack("<I", size) + data[where + 28 :])
    with pytest.raises(ModelFileError, match="liar "):
        load_model(file)


@pytest.mark.parametrize(
    "array",
    [
        array_with("{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000,)}"),
        array_with("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}") + bytes(8),
        array_with("{'descr': '<f8'}"),
        array_with("__import__('os')"),
        b"",
    ],
    ids=lambda array: array[10:60].decode("latin-1"),
)
def test_a_header_that_says_too_much(parts, tmp_path, array):
    file = write(tmp_path / "bomb", {**parts, "arrays/0.npy": array})
    with pytest.raises(ModelFileError, match="bomb is damaged"):
        load_model(file)


def with_objects(parts: dict[str, bytes], to: Path, content: Any, **more: bytes) -> Path:
    schema = {"protocol": 2, **LIST, "content": content}
    return write(to, {**parts, **more, "schema.json": json.dumps(schema).encode()})


def test_an_array_that_is_read_again_and_again(parts, tmp_path, little_memory):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(1_000_000))
    nodes = [{**PLACE, "type": "numpy", "file": "big.npy", "__id__": i} for i in range(1000)]
    file = with_objects(parts, tmp_path / "bomb", nodes, **{"big.npy": buffer.getvalue()})
    with pytest.raises(ModelFileError, match=r"bomb .* the same arrays too often"):
        load_model(file)


def test_lists_within_lists_that_stand_for_many(parts, tmp_path, little_memory):
    node: dict[str, Any] = {**LIST, "content": [], "__id__": 1}
    for i in range(2, 40):
        node = {**LIST, "content": [node, {**LIST, "content": [], "__id__": i - 1}], "__id__": i}
    with pytest.raises(ModelFileError, match=r"bomb .* describes one list in two ways"):
        load_model(with_objects(parts, tmp_path / "bomb", [node]))


def test_too_many_objects(parts, tmp_path, little_memory):
    file = with_objects(parts, tmp_path / "bomb", [{**LIST, "content": []}] * 100_000)
    with pytest.raises(ModelFileError, match=r"bomb .* contains more than 100000 objects"):
        load_model(file)


def test_the_limits_of_small_and_large_files():
    small, large = Limits.of(1_000_000), Limits.of(100_000_000)
    assert small == (500_000_000, 16_000_000, 100_000)
    assert large == (2_500_000_000, 50_000_000, 500_000)


@pytest.mark.parametrize(
    ("name", "size", "limit"), [("manifest.json", 2_600_000, 2), ("schema.json", 17_000_000, 16)]
)
def test_descriptions_that_are_too_long(parts, tmp_path, name, size, limit):
    file = write(tmp_path / "bomb", {**parts, name: parts[name].ljust(size)})
    message = rf"bomb cannot be loaded: the size of {name} is {size / 1e6:.0f} MB; the limit is "
    with pytest.raises(ModelFileError, match=rf"{message}{limit} MB"):
        load_model(file)


def test_encrypted_parts_are_refused(parts, tmp_path):
    file = write(tmp_path / "secret", parts)
    data = bytearray(file.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(data)
    with pytest.raises(ModelFileError, match="is encrypted, or compressed in another format"):
        load_model(file)


def test_parts_of_another_kind(parts, tmp_path):
    file = write(tmp_path / "odd", {**parts, "matrix.npz": b""})
    with pytest.raises(ModelFileError, match=r"odd .* a part matrix\.npz"):
        load_model(file)
    file = tmp_path / "bz2"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    with pytest.raises(ModelFileError, match=r"bz2 .* compressed in another format"):
        load_model(file)
