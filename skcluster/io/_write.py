"""Write tables of estimates, labels and stars, with units, descriptions and UCDs."""

import os
import unicodedata
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from nested_pandas import NestedFrame

from skcluster._utils.files import whole_file
from skcluster._utils.messages import warn_caller
from skcluster.clusters import stars_of
from skcluster.clusters._tables import as_table
from skcluster.io._read_table import EXTENSIONS
from skcluster.schema import CLUSTER, columns_of


def write_estimates(
    estimates: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    metadata: Mapping[str, str] | None = None,
    format: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write a table of estimates, or of stars, to a file.

    Parameters
    ----------
    estimates : DataFrame
        As `skcluster.estimation.estimate` returns it, with the clusters' names as index; or its
        table of stars with the column ``cluster`` as index. Units, descriptions and UCDs are those
        of `to_astropy`; CSV and TSV have none. FITS and VOTable have no logarithmic units: there,
        "[dex]" is part of the description. Parquet has them as metadata of astropy, and of the
        VOParquet convention, which TOPCAT reads.
    path : str or PathLike
        The file. It is replaced only once the new one is complete.
    metadata : mapping of str to str, optional
        Entries of the file's header, such as the model and its reference; CSV and TSV have none.
    format : {"csv", "tsv", "ecsv", "fits", "votable", "parquet"}, optional
        File type, if it differs from that of the extension.
    overwrite : bool, default=False
        Whether an existing file may be replaced.

    Raises
    ------
    FileExistsError
        If the file exists and ``overwrite`` is False.
    ValueError
        If the file type is unknown.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from skcluster.io import write_estimates
    >>> table = pd.DataFrame({"cluster": ["M 67"], "log_age": [9.6], "flag": [""]})
    >>> table = table.set_index("cluster")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_estimates(table, Path(folder) / "estimates.csv")
    ...     print((Path(folder) / "estimates.csv").read_text())
    cluster,log_age,flag
    M 67,9.6,
    <BLANKLINE>
    """
    path = Path(path)
    kind = format_of(path, format)
    with whole_file(path, overwrite) as half:
        _WRITERS[kind](estimates, str(half), dict(metadata or {}))


def write_clusters(
    X: NestedFrame,
    path: str | os.PathLike[str],
    *,
    metadata: Mapping[str, str] | None = None,
    format: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write the stars of clusters as a long table that `read_clusters` can read.

    Parameters
    ----------
    X : NestedFrame of n_clusters rows
        Clusters, as `skcluster.clusters.as_clusters` returns them. Columns other than the stars
        are not written.
    path : str or PathLike
        The file, as for `write_estimates`.
    metadata : mapping of str to str, optional
        Entries of the file's header, as for `write_estimates`.
    format : {"csv", "tsv", "ecsv", "fits", "votable", "parquet"}, optional
        File type, if it differs from that of the extension.
    overwrite : bool, default=False
        Whether an existing file may be replaced.

    Raises
    ------
    FileExistsError, ValueError, OSError
        As `write_estimates` does.

    Examples
    --------
    >>> import tempfile
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.io import read_clusters, write_clusters
    >>> X, y = simulate_clusters(2, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_clusters(X, f"{folder}/members.ecsv")
    ...     read_clusters(f"{folder}/members.ecsv").index.tolist()
    ['sim_000000', 'sim_000001']
    """
    write_estimates(star_table(X), path, metadata=metadata, format=format, overwrite=overwrite)


def star_table(X: NestedFrame) -> pd.DataFrame:
    """Return the stars of clusters as a long table, with the clusters' names as index."""
    stars = stars_of(X)
    fields: dict[str, Any] = {name: stars.arrow(name) for name in stars.columns}
    names = X.index.take(stars.cluster).rename(CLUSTER.name)
    table: pd.DataFrame = as_table(pa.table(fields)).set_axis(names)
    return table


def to_astropy(table: pd.DataFrame, metadata: Mapping[str, str] | None = None) -> Any:
    """Convert a table of estimates, of labels or of stars to an astropy Table.

    Parameters
    ----------
    table : DataFrame
        A table returned by `skcluster.estimate`, y, or a table of stars; a named index becomes the
        first column.
    metadata : mapping of str to str, optional
        Content of ``meta``.

    Returns
    -------
    astropy.table.Table
        Columns with the units and descriptions of `skcluster.schema`, and the UCD in
        ``info.meta["ucd"]``. Convert it to a ``QTable`` for quantities.

    See Also
    --------
    write_estimates : Write the same into a file.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster.io import to_astropy
    >>> y = pd.DataFrame({"log_age": [9.6], "a_v": [0.1], "distance_kpc": [0.86]},
    ...                  index=pd.Index(["M 67"], name="cluster"))
    >>> table = to_astropy(y)
    >>> table["distance_kpc"].unit, table["distance_kpc"].description
    (Unit("kpc"), 'Distance')
    >>> table["distance_kpc"].quantity.to("pc")
    <Quantity [860.] pc>
    """
    from astropy.table import Table

    frame = _flat(table)
    made = Table.from_pandas(frame)
    for name, described in zip(made.colnames, columns_of(made.colnames), strict=True):
        column = made[name]
        if column.dtype == object:
            made[name] = _of_objects(frame[name])
        elif column.dtype.kind in "iu" and hasattr(column, "mask"):
            limits = np.iinfo(column.dtype)
            column.fill_value = limits.min or limits.max  # what marks missing ones in a file
        elif column.dtype.kind == "f" and hasattr(column, "mask"):
            # NaN marks them too, and astropy has no masked quantities of logarithmic units.
            made[name] = column.filled(np.nan)
        column = made[name]
        column.info.unit = described.unit or None
        column.info.description = described.description
        if described.ucd:
            column.info.meta = {"ucd": described.ucd}
    made.meta = dict(metadata or {})
    return made


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose named index is its first column."""
    return table.reset_index(drop=table.index.names == [None])


def _of_objects(values: pd.Series) -> Any:
    """Return logical values, or objects as texts, as a column of astropy, missing ones masked."""
    from astropy.table import MaskedColumn

    mask = values.isna().to_numpy()
    logical = pd.api.types.is_bool_dtype(values.dtype)
    filled = values.fillna(False).astype(bool) if logical else values.astype(str).where(~mask, "")
    data = filled.to_numpy(dtype=bool if logical else str)
    return MaskedColumn(data, mask=mask) if mask.any() else data


def state_units(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table itself, with the units of its columns in ``attrs["units"]``.

    Tables of estimates and of labels have them: a dict from column names to units in astropy's
    notation, empty for pure numbers.
    """
    names = [str(name) for name in table.columns]
    table.attrs["units"] = {column.name: column.unit for column in columns_of(names)}
    return table


def format_of(path: Path, format: str | None = None) -> str:
    """Return the file type of a table to be written: ``format``, or that of the extension."""
    kind = format or EXTENSIONS.get(path.suffix.lower())
    if kind not in _WRITERS:
        written = ", ".join(name for name, kind in EXTENSIONS.items() if kind in _WRITERS)
        raise ValueError(
            f"The file type of {path} is unknown; known are: {written}. In Python, format= writes "
            "files with other extensions."
        )
    return kind


def _without_logarithms(table: Any) -> Any:
    """Return the table without the unit "dex", which the FITS and VOTable standards lack.

    It becomes part of the description.
    """
    for name in table.colnames:
        info = table[name].info
        if str(info.unit).startswith("dex"):
            info.unit, info.description = None, f"{info.description} [dex]"
    return table


def _with_signed_integers(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with integers that FITS and VOTable have; as texts if too large."""
    frame = _flat(table)
    for name, column in frame.items():
        if column.dtype.name.lower() in ("int8", "uint8", "uint16", "uint32", "uint64"):
            is_too_large = (column > np.iinfo(np.int64).max).any()
            frame[name] = column.astype("str" if is_too_large else "Int64")
    return frame


def _write_ecsv(estimates: pd.DataFrame, path: str, metadata: dict[str, str]) -> None:
    to_astropy(estimates, metadata).write(path, format="ascii.ecsv", overwrite=True)


def _write_fits(estimates: pd.DataFrame, path: str, metadata: dict[str, str]) -> None:
    from astropy.io import fits

    frame = _with_signed_integers(estimates)
    for name, column in frame.items():
        if pd.api.types.is_bool_dtype(column) and column.isna().any():
            frame[name] = column.astype("str")  # astropy would write missing ones as true
    table = _without_logarithms(to_astropy(_with_ascii(frame)))
    for name in table.colnames:
        if table[name].dtype == np.dtype("U1"):
            table[name] = table[name].astype("U2")  # for TOPCAT, one letter is not a text
    # FITS keywords have eight letters; longer ones would be written as HIERARCH cards.
    table.meta = {"HISTORY": [_ascii(f"{name}: {value}") for name, value in metadata.items()]}
    table.write(path, format="fits", overwrite=True)
    with fits.open(path, mode="update") as hdus:
        for number, name in enumerate(table.colnames, 1):
            # TOPCAT and others read it; astropy does not write it.
            hdus[1].header[f"TCOMM{number}"] = _ascii(table[name].description)
            if ucd := (table[name].info.meta or {}).get("ucd"):
                hdus[1].header[f"TUCD{number}"] = ucd


def _ascii(text: str) -> str:
    """Return a text as FITS files can hold it, without accents."""
    simple = unicodedata.normalize("NFKD", text.translate(_SIGNS))
    return (
        "".join(c for c in simple if not unicodedata.combining(c))
        .encode("ascii", "backslashreplace")
        .decode()
    )


def _with_ascii(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with texts that FITS files can hold."""
    changed: dict[str, str] = {}
    for name, column in frame.items():
        if column.dtype == object or pd.api.types.is_string_dtype(column):
            texts = column.astype(object).map(str, na_action="ignore")
            frame[name] = texts.map(_ascii, na_action="ignore")
            differ = texts.notna() & (texts != frame[name])
            changed |= dict(zip(texts[differ], frame[name][differ], strict=True))
    if changed:
        a, b = next(iter(changed.items()))
        warn_caller(
            f"FITS files hold ASCII only: {len(changed)} texts were converted, such as {a!r} to "
            f"{b!r}."
        )
    return frame


def _votable(table: Any, metadata: Mapping[str, str]) -> Any:
    """Return a VOTable, whose standard has no logarithmic units."""
    from astropy.io.votable import from_table
    from astropy.io.votable.tree import Info

    votable = from_table(_without_logarithms(table))
    infos = votable.resources[0].infos
    for name, value in metadata.items():
        infos.append(Info(name=name.replace(" ", "_"), value=value))
        infos[-1].ID = None  # astropy takes the name, which may be that of a column as well
    return votable


def _write_votable(estimates: pd.DataFrame, path: str, metadata: dict[str, str]) -> None:
    votable = _votable(to_astropy(_with_signed_integers(estimates)), metadata)
    for field in votable.resources[0].tables[0].fields:
        if field.datatype == "unicodeChar":
            field.arraysize = "*"  # the size of a column of empty texts, 1, is deprecated
    # As texts, astropy (8.0) writes a byte beyond the memory of a row of 512 bytes, or 1024 …
    votable.to_xml(path, tabledata_format="binary2")


def _write_parquet(estimates: pd.DataFrame, path: str, metadata: dict[str, str]) -> None:
    """Write nulls for missing values; what describes the columns, for all who may read it."""
    from astropy.table.meta import get_yaml_from_table

    table = to_astropy(estimates, metadata)
    columns = {}
    about = {**metadata, "table_meta_yaml": "\n".join(get_yaml_from_table(table))}
    for name in table.colnames:
        column = table[name]
        is_text = column.dtype.kind == "U"
        values = np.asarray(column, dtype=object if is_text else None)
        columns[name] = pa.array(values, mask=np.ma.getmaskarray(column))
        if is_text:
            # For astropy, which reads missing texts as "None".
            about[f"table::len::{name}"] = str(max(column.dtype.itemsize // 4, 4))
    about |= _voparquet(estimates, metadata)
    pa.parquet.write_table(pa.table(columns, metadata=about), path)


def _voparquet(estimates: pd.DataFrame, metadata: Mapping[str, str]) -> dict[str, str]:
    """Return a VOTable without data as metadata, as the IVOA's note on VOParquet describes it."""
    table, xml = to_astropy(_with_signed_integers(estimates)), BytesIO()
    _votable(table[:0], metadata).to_xml(xml)
    head, _, rest = xml.getvalue().decode().partition("<DATA>")
    content = head + rest.partition("</DATA>")[2]
    return {"IVOA.VOTable-Parquet.version": "1.0", "IVOA.VOTable-Parquet.content": content}


#: Characters that Unicode normalisation does not decompose.
_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-", "±": "+/-", "×": "x"})

_WRITERS: dict[str, Callable[[pd.DataFrame, str, dict[str, str]], None]] = {
    "csv": lambda estimates, path, _: estimates.to_csv(path),
    "ecsv": _write_ecsv,
    "fits": _write_fits,
    "votable": _write_votable,
    "parquet": _write_parquet,
    "tsv": lambda estimates, path, _: estimates.to_csv(path, sep="\t"),
}
