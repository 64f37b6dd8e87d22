"""Rows that a transformer has given, kept in files by what they were computed from."""

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.files import whole_file
from skcluster._utils.typing import IntArray
from skcluster.clusters import Stars

Digests = npt.NDArray[np.void]

#: 128 bits that stand for the content of a cluster.
_DIGEST = np.dtype([("first", np.uint64), ("second", np.uint64)])
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def digests(X: NestedFrame, stars: Stars) -> Digests:
    """Numbers that stand for the content of each cluster, computed for all clusters at once.

    Two clusters share them if all their values and the order of their stars are the same. That
    others do by chance is as likely as two equal random numbers of 128 bits.

    Parameters
    ----------
    X : NestedFrame of n_clusters rows
        The clusters.
    stars : Stars
        Their stars.

    Returns
    -------
    structured ndarray of shape (n_clusters,)
        They depend neither on the names of the clusters nor on those beside them.
    """
    place = np.arange(len(stars)) - np.repeat(stars.offsets[:-1], stars.counts)
    of_star = _mix(place.astype(np.uint64) * _GOLDEN)
    for name in sorted(stars.columns):
        of_star = _mix(of_star ^ pd.util.hash_array(stars[name]))
    of_cluster = stars.counts.astype(np.uint64)
    for name in sorted(map(str, X.columns.drop("stars"))):
        of_cluster = _mix(of_cluster ^ pd.util.hash_array(np.asarray(X[name])))
    result = np.empty(len(stars.index), dtype=_DIGEST)
    for half in ("first", "second"):
        of_star = _mix(of_star)
        result[half] = _mix(of_cluster + np.add.reduceat(of_star, stars.offsets[:-1]))
    return result


def _mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Spread every bit over all bits (the finalizer of Steele et al.'s SplitMix64)."""
    values = values + _GOLDEN
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


class CachedRows:
    """A folder of blocks of rows; processes may share it.

    A block is two files of numpy, the digests and the rows, written under another name and then
    renamed, digests last: what is seen is whole, and a process that dies leaves nothing half done.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(
        self, wanted: Digests, compute: Callable[[IntArray], npt.NDArray[Any]]
    ) -> npt.NDArray[Any]:
        """The rows wanted; those that are not there are computed, in one call, and kept.

        Parameters
        ----------
        wanted : structured ndarray of shape (n,)
            What the rows are computed from.
        compute : callable
            Gives the rows at some positions in `wanted`.

        Returns
        -------
        ndarray of shape (n, n_columns)
            A new array.
        """
        unique, first, place = np.unique(wanted, return_index=True, return_inverse=True)
        missing = np.ones(len(unique), dtype=bool)
        found = []
        for path in sorted(self._folder.glob("*.digests.npy")):
            known = np.load(path)  # sorted
            at = np.minimum(np.searchsorted(known, unique), len(known) - 1)
            here = np.flatnonzero(missing & (known[at] == unique))
            if len(here):
                rows = np.load(path.with_name(path.name.replace("digests", "rows")), mmap_mode="r")
                found.append((here, rows, at[here]))
                missing[here] = False
        new = np.flatnonzero(missing)
        if len(new):
            rows = np.asarray(compute(first[new]))
            self._keep(unique[new], rows)
            found.append((new, rows, np.arange(len(new))))
        return _gather(found, place)

    def _keep(self, known: Digests, rows: npt.NDArray[Any]) -> None:
        block = uuid.uuid4().hex
        for what, values in (("rows", rows), ("digests", known)):
            path = self._folder / f"{block}.{what}.npy"
            with whole_file(path, overwrite=True) as half, half.open("wb") as file:
                np.save(file, values, allow_pickle=False)


def _gather(
    found: Sequence[tuple[IntArray, npt.NDArray[Any], IntArray]],
    place: IntArray,
) -> npt.NDArray[Any]:
    """The rows in the order wanted, copied once, from the blocks that hold them."""
    block_of = np.empty(sum(len(here) for here, _, _ in found), dtype=np.intp)
    row_of = np.empty_like(block_of)
    for number, (here, _, rows) in enumerate(found):
        block_of[here], row_of[here] = number, rows
    block_of, row_of = block_of[place], row_of[place]
    values = found[0][1]
    result = np.empty((len(place), values.shape[1]), dtype=values.dtype)
    for number, (_, values, _) in enumerate(found):
        mine = np.flatnonzero(block_of == number)
        result[mine] = values[row_of[mine]]
    return result
