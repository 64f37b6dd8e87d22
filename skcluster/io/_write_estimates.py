"""Write a table of estimates, with units and descriptions if the file type has them."""

import os
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from skcluster._utils.files import whole_file
from skcluster._utils.messages import warn_caller
from skcluster.io._tables import EXTENSIONS
from skcluster.io._to_astropy import to_astropy, ucd_of


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
        of `to_astropy`; CSV and TSV have none.
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


def format_of(path: Path, format: str | None = None) -> str:
    """Return the file type of a table to be written.

    Parameters
    ----------
    path : Path
        The file.
    format : str, optional
        File type, if it differs from that of the extension.

    Returns
    -------
    str
        "csv", "tsv", "ecsv", "fits", "votable" or "parquet".

    Raises
    ------
    ValueError
        If it is unknown.

    Examples
    --------
    >>> from pathlib import Path
    >>> from skcluster.io import format_of
    >>> format_of(Path("estimates.vot"))
    'votable'
    """
    kind = format or EXTENSIONS.get(path.suffix.lower())
    if kind not in _WRITERS:
        raise ValueError(
            f"The file type of {path} is unknown; known are: {', '.join(EXTENSIONS)}. Other "
            "extensions need format= (or --output-format, if the command has it)."
        )
    return kind


def _without_logarithms(table: Any) -> Any:
    """Return the table without the unit "dex", which the FITS and VOTable standards lack."""
    for name in table.colnames:
        if str(table[name].info.unit).startswith("dex"):
            table[name].info.unit = None
    return table


def _write_astropy(format: str) -> Callable[..., None]:
    def write(estimates: pd.DataFrame, path: str, metadata: dict[str, str]) -> None:
        to_astropy(estimates, metadata).write(path, format=format, overwrite=True)

    return write


def _write_fits(estimates: pd.DataFrame, path: str, metadata: dict[str, str]) -> None:
    from astropy.io import fits

    table = _with_ascii(_without_logarithms(to_astropy(estimates)))
    # FITS keywords have eight letters; longer ones would be written as HIERARCH cards.
    table.meta = {"HISTORY": [_ascii(f"{name}: {value}") for name, value in metadata.items()]}
    table.write(path, format="fits", overwrite=True)
    with fits.open(path, mode="update") as hdus:
        for number, name in enumerate(table.colnames, 1):
            # TOPCAT and others read it; astropy does not write it.
            hdus[1].header[f"TCOMM{number}"] = _ascii(table[name].description)
            if ucd := ucd_of(name):
                hdus[1].header[f"TUCD{number}"] = ucd


def _ascii(text: str) -> str:
    """Return a text as FITS files can hold it, without accents."""
    simple = unicodedata.normalize("NFKD", text.translate(_SIGNS))
    return (
        "".join(c for c in simple if not unicodedata.combining(c))
        .encode("ascii", "backslashreplace")
        .decode()
    )


def _with_ascii(table: Any) -> Any:
    """Return the table with texts that FITS files can hold."""
    changed: dict[str, str] = {}
    for name in table.colnames:
        if table[name].dtype.kind == "U":
            texts = dict.fromkeys(str(text) for text in table[name])
            new = {text: simple for text in texts if (simple := _ascii(text)) != text}
            if new:
                # Wide enough for escapes, which are longer than the characters.
                table[name] = table[name].astype(f"U{max(map(len, [*texts, *new.values()]))}")
                table[name][:] = [new.get(str(text), str(text)) for text in table[name]]
            changed |= new
    if changed:
        a, b = next(iter(changed.items()))
        warn_caller(
            f"FITS files hold ASCII only: {len(changed)} texts were converted, such as {a!r} to "
            f"{b!r}."
        )
    return table


def _write_votable(estimates: pd.DataFrame, path: str, metadata: dict[str, str]) -> None:
    from astropy.io.votable import from_table
    from astropy.io.votable.tree import Info

    votable = from_table(_without_logarithms(to_astropy(estimates)))
    resource = votable.resources[0]
    resource.infos.extend(
        Info(name=name.replace(" ", "_"), value=value) for name, value in metadata.items()
    )
    votable.to_xml(path)


def _write_csv(estimates: pd.DataFrame, path: str, metadata: dict[str, str]) -> None:
    estimates.to_csv(path)


def _write_tsv(estimates: pd.DataFrame, path: str, metadata: dict[str, str]) -> None:
    estimates.to_csv(path, sep="\t")


#: Characters that Unicode normalisation does not decompose.
_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-", "±": "+/-", "×": "x"})

_WRITERS: dict[str, Callable[[pd.DataFrame, str, dict[str, str]], None]] = {
    "csv": _write_csv,
    "ecsv": _write_astropy("ascii.ecsv"),
    "fits": _write_fits,
    "votable": _write_votable,
    "parquet": _write_astropy("parquet"),
    "tsv": _write_tsv,
}
