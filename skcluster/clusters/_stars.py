"""Convert clusters to flat arrays of stars and back, without copying."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute
from nested_pandas import NestedDtype, NestedFrame
from nested_pandas.series.ext_array import NestedExtensionArray

from skcluster._utils.typing import IntArray

#: The nested column of the stars.
STARS = "stars"


@dataclass(frozen=True)
class Stars:
    """The stars of all clusters as flat arrays, cluster after cluster.

    `stars_of` makes it from clusters; ``stars["parallax"]`` is the parallax of every star.

    Parameters
    ----------
    index : pandas.Index of length n_clusters
        Names of the clusters.
    offsets : ndarray of int64, shape (n_clusters + 1,)
        The stars of cluster ``i`` are ``offsets[i]:offsets[i + 1]``; ``offsets[0]`` is 0.
    _fields : mapping of str to pyarrow.Array
        The columns by name.

    See Also
    --------
    stars_of : Return the flat star arrays of clusters.
    clusters_from_flat : Make clusters from flat arrays.

    Examples
    --------
    >>> from skcluster.clusters import stars_of
    >>> from skcluster.datasets import simulate_clusters
    >>> X, y = simulate_clusters(2, n_stars=100, random_state=0)
    >>> stars = stars_of(X)
    >>> len(stars), stars.counts
    (200, array([100, 100]))
    """

    index: pd.Index
    offsets: IntArray
    _fields: Mapping[str, pa.Array] = field(repr=False)

    def __getitem__(self, column: str) -> npt.NDArray[Any]:
        """Return the read-only values of one column, shape (n_stars,), as a view if possible.

        Integers of which some are missing become floating-point numbers with NaN; if that would
        round them, Python's integers with None.
        """
        array = self._fields[column]
        if array.null_count and pa.types.is_integer(array.type):
            try:
                array = array.cast(pa.float64())
            except pa.ArrowInvalid:
                return np.array(array.to_pylist(), dtype=object)
        values: npt.NDArray[Any] = array.to_numpy(zero_copy_only=False)
        return values

    def arrow(self, column: str) -> pa.Array:
        """Return the values of one column as an Arrow array, with missing values marked.

        Parameters
        ----------
        column : str
            Name of the column.

        Returns
        -------
        pyarrow.Array
            The values, shape (n_stars,).
        """
        return self._fields[column]

    def __contains__(self, column: object) -> bool:
        return column in self._fields

    def __len__(self) -> int:
        """Return the number of stars in all clusters."""
        return int(self.offsets[-1])

    @property
    def columns(self) -> list[str]:
        """Names of the star columns."""
        return list(self._fields)

    @cached_property
    def counts(self) -> IntArray:
        """Number of stars of each cluster, shape (n_clusters,)."""
        return np.diff(self.offsets)

    @cached_property
    def cluster(self) -> IntArray:
        """Row number of each star's cluster, shape (n_stars,)."""
        return np.repeat(np.arange(len(self.index)), self.counts)

    def take(self, stars: npt.NDArray[Any]) -> "Stars":
        """Return some of the stars, keeping every cluster, even if it becomes empty.

        Parameters
        ----------
        stars : ndarray of bool, shape (n_stars,), or of increasing int
            Which stars to keep: a mask, or their positions, cluster by cluster.

        Returns
        -------
        Stars
            These stars.
        """
        positions = np.flatnonzero(stars) if stars.dtype == bool else stars
        offsets = np.searchsorted(positions, self.offsets)
        taken = pa.array(positions)
        return Stars(self.index, offsets, {k: v.take(taken) for k, v in self._fields.items()})

    def rename(self, names: Mapping[str, str]) -> "Stars":
        """Return the same stars with columns renamed, without copying.

        Parameters
        ----------
        names : mapping of str to str
            Map from names to new names. A column that already has a new name is replaced.

        Returns
        -------
        Stars
            The stars with the new column names.
        """
        changed = {old: new for old, new in names.items() if old != new}
        replaced = set(changed.values()) - changed.keys()
        fields = {changed.get(k, k): v for k, v in self._fields.items() if k not in replaced}
        return Stars(self.index, self.offsets, fields)

    def with_column(self, name: str, values: npt.ArrayLike) -> "Stars":
        """Return the same stars with a column added or replaced.

        Parameters
        ----------
        name : str
            Name of the column.
        values : array-like of shape (n_stars,)
            Its values.

        Returns
        -------
        Stars
            The stars with the column.
        """
        return Stars(self.index, self.offsets, {**self._fields, name: _to_arrow(values, name)})

    def to_clusters(self) -> NestedFrame:
        """Return the clusters as a `NestedFrame`, as `as_clusters` does.

        Returns
        -------
        NestedFrame
            One row per cluster, with the nested column ``stars``.
        """
        return clusters_from_flat(self._fields, self.offsets, self.index)


def stars_of(X: NestedFrame) -> Stars:
    """Return the flat star arrays of clusters, without copying.

    Parameters
    ----------
    X : NestedFrame of n_clusters rows
        Clusters, as `as_clusters` returns them.

    Returns
    -------
    Stars
        Flat columns, the offsets of the clusters in them, and the clusters' names.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster.clusters import as_clusters, stars_of
    >>> X = as_clusters(pd.DataFrame({"cluster": ["M 67", "M 67", "M 44"],
    ...     "phot_g_mean_mag": [12.1, 13.5, 9.8], "bp_rp": [0.8, 0.7, 0.3]}))
    >>> stars = stars_of(X)
    >>> stars["bp_rp"]
    array([0.8, 0.7, 0.3])
    >>> stars.offsets
    array([0, 2, 3])
    """
    chunks = storage_of(X)
    lists = chunks.chunk(0) if chunks.num_chunks == 1 else _one_chunk(chunks)
    # A null cluster (which nested-pandas allows) is a cluster without stars: its value_length()
    # is null, and flatten() leaves out what may lie under it.
    counts = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    stars = lists.flatten()
    names = [field.name for field in stars.type]
    return Stars(X.index, offsets, dict(zip(names, stars.flatten(), strict=True)))


def storage_of(X: NestedFrame) -> pa.ChunkedArray:
    """Return the immutable Arrow array that holds all stars, as a list of structs."""
    # Bypasses __getitem__ of pandas and nested-pandas, which build a series and transpose the
    # storage.
    frame: Any = X
    chunks: pa.ChunkedArray = frame._get_column_array(X.columns.get_loc(STARS)).list_array
    return chunks


def is_nested(X: Any) -> TypeGuard[NestedFrame]:
    """Return whether a table is one of clusters, whose stars are nested in a column."""
    return isinstance(X, NestedFrame) and isinstance(X.dtypes.get(STARS), NestedDtype)


def with_nested_stars(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as clusters if its column of stars holds structures and lists."""
    kind = table.dtypes.get(STARS)
    if not isinstance(kind, pd.ArrowDtype) or not pa.types.is_nested(kind.pyarrow_dtype):
        return table
    try:
        stars = NestedExtensionArray(pa.chunked_array(pa.array(table[STARS].array)))
    except ValueError:  # other lists and structures, which any column may hold
        return table
    nested: pd.DataFrame = NestedFrame(table.assign(**{STARS: pd.Series(stars, index=table.index)}))
    return nested


def with_stars(X: NestedFrame, stars: Stars) -> NestedFrame:
    """Return clusters with other stars and the same further columns."""
    changed: NestedFrame = X.assign(**{STARS: stars.to_clusters()[STARS]})
    return changed


def _to_arrow(values: Any, name: str) -> pa.Array:
    """Return an array of numpy, pandas or Arrow as one Arrow array."""
    if isinstance(values, pd.arrays.NumpyExtensionArray):
        values = values.to_numpy()
    texts = False
    if isinstance(values, np.ndarray):
        values = values.astype(values.dtype.newbyteorder("="), copy=False)  # FITS: big-endian
        texts = values.dtype == object
    try:
        ready = isinstance(values, pa.Array | pa.ChunkedArray)
        array = values if ready else pa.array(values, from_pandas=texts)
    except OverflowError as error:
        raise ValueError(
            f"Column {name!r} has an integer of more than 64 bits; give it as text."
        ) from error
    except (pa.ArrowException, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"Column {name!r} has values of several types: {error}.") from error
    return _one_chunk(array) if isinstance(array, pa.ChunkedArray) else array


def _one_chunk(chunks: pa.ChunkedArray) -> pa.Array:
    if chunks.num_chunks == 0:
        return pa.array([], type=chunks.type)
    return pa.concat_arrays(chunks.chunks)


def clusters_from_flat(
    fields: Mapping[str, npt.ArrayLike | pa.Array], offsets: npt.ArrayLike, index: Any = None
) -> NestedFrame:
    """Return clusters from flat star arrays, without copying numpy's numbers or checking values.

    The stars of cluster ``i`` are ``offsets[i]:offsets[i + 1]`` of each column in ``fields``;
    ``index`` holds the names of the clusters, by default 0, 1, 2 ….
    """
    arrow_offsets = pa.array(np.asarray(offsets), type=pa.int64())
    lists = [
        pa.LargeListArray.from_arrays(arrow_offsets, _to_arrow(values, name))
        for name, values in fields.items()
    ]
    struct = pa.StructArray.from_arrays(lists, names=list(fields))
    return NestedFrame({STARS: pd.Series(NestedExtensionArray(struct), index=index)})


def concat_clusters(parts: Sequence[NestedFrame]) -> NestedFrame:
    """Concatenate the rows of several X.

    Parameters
    ----------
    parts : sequence of NestedFrame
        Clusters, as `as_clusters` returns them. Star columns may differ; values of columns that a
        part lacks are missing. A column of numbers in one part and of text in another becomes
        text.

    Returns
    -------
    NestedFrame
        All clusters, in order. ``attrs`` keeps the entries that are the same in all parts.

    Examples
    --------
    >>> from skcluster.clusters import concat_clusters
    >>> from skcluster.datasets import simulate_clusters
    >>> X, y = simulate_clusters(3, random_state=0)
    >>> concat_clusters([X[:1], X[1:]]).equals(X)
    True
    """
    if len(parts) == 1:
        return parts[0]
    stars = concat_stars([stars_of(X) for X in parts])
    return clusters_with(stars, [other_columns(X) for X in parts])


def concat_stars(parts: Sequence[Stars]) -> Stars:
    """Return the stars of several tables, cluster after cluster."""
    if len(parts) == 1:
        return parts[0]
    fields = joined([{name: stars.arrow(name) for name in stars.columns} for stars in parts])
    offsets = np.concatenate([[0], np.cumsum(np.concatenate([stars.counts for stars in parts]))])
    index = parts[0].index.append([stars.index for stars in parts[1:]])
    return Stars(index, offsets, fields)


def stars_between(stars: Stars, start: int, stop: int) -> Stars:
    """Return the stars of the clusters in rows ``start`` to ``stop - 1``, without copying."""
    first, last = stars.offsets[[start, stop]]
    fields = {name: stars.arrow(name).slice(first, last - first) for name in stars.columns}
    return Stars(stars.index[start:stop], stars.offsets[start : stop + 1] - first, fields)


def other_columns(X: NestedFrame) -> pd.DataFrame:
    """Return the columns of clusters beside their stars, with what ``attrs`` states."""
    others = pd.DataFrame(X[X.columns.drop(STARS)])
    others.attrs = X.attrs
    return others


def clusters_with(stars: Stars, others: Sequence[pd.DataFrame]) -> NestedFrame:
    """Return clusters with columns beside their stars, which several tables have, or some lack.

    What ``attrs`` of all tables state alike is kept.
    """
    in_all = set.intersection(*(set(frame.columns) for frame in others))
    frames = []
    for frame in others:
        # Integers that one lacks become those of pandas that can be missing.
        lacking = frame[[name for name in frame.columns if name not in in_all]]
        frames.append(frame.assign(**lacking.select_dtypes("integer").convert_dtypes()))
        frames[-1].attrs = {}  # pandas cannot compare arrays in them
    columns = pd.concat(frames)
    X = stars.to_clusters().assign(**{str(name): columns[name].array for name in columns})
    X.attrs = {
        entry: value
        for entry, value in others[0].attrs.items()
        if all(np.array_equal(value, frame.attrs.get(entry, np.nan)) for frame in others[1:])
    }
    return X


def joined(parts: Sequence[Mapping[str, npt.ArrayLike | pa.Array]]) -> dict[str, pa.Array]:
    """Return columns of several tables one below the other, without losing a digit.

    Values of columns that a part lacks are missing. Of different types, integers stay integers
    unless all fit into floating-point numbers; what no type holds becomes text.
    """
    tables = [pa.table({n: _to_arrow(values, n) for n, values in part.items()}) for part in parts]
    kinds: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for column in table.schema:
            kinds.setdefault(column.name, set()).add(column.type)
    for name, types in kinds.items():
        if len(types - {pa.null()}) > 1:
            having = [i for i, table in enumerate(tables) if name in table.column_names]
            try:
                values = _of_one_type([tables[i][name] for i in having])
            except pa.ArrowException as error:
                raise ValueError(f"Column {name!r} has values of several types: {error}") from error
            for i, column in zip(having, values, strict=True):
                at = tables[i].column_names.index(name)
                tables[i] = tables[i].set_column(at, name, column)
    flat = pa.concat_tables(tables, promote_options="default")
    return {name: _one_chunk(flat[name]) for name in flat.column_names}


def _of_one_type(columns: Sequence[pa.ChunkedArray]) -> list[pa.ChunkedArray]:
    """Return columns of different types as the first type that holds all their values."""
    kinds = pa.types
    types = [c.type for c in columns if not kinds.is_null(c.type)]
    candidates = [pa.large_string()]
    if all(kinds.is_floating(t) or kinds.is_integer(t) for t in types):
        candidates = [pa.int64(), pa.uint64(), *candidates]
        if any(map(kinds.is_floating, types)):
            candidates = [pa.float64(), *candidates]
    for kind in candidates[:-1]:
        try:
            return [_without_nan(column, kind).cast(kind) for column in columns]
        except pa.ArrowInvalid:  # a value that it cannot hold
            continue
    return [column.cast(candidates[-1]) for column in columns]


def _without_nan(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Return a column whose NaN are missing, as those of integers are."""
    if not (pa.types.is_integer(kind) and pa.types.is_floating(column.type)):
        return column
    return pa.compute.if_else(pa.compute.is_nan(column), None, column)
