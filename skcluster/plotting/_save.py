"""Save the figures of many clusters: diagrams with isochrones, and members over their fields."""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import style
from matplotlib.figure import Figure

from skcluster._utils.files import file_names, whole_file
from skcluster._utils.messages import warn_caller
from skcluster._utils.parallel import in_processes
from skcluster._utils.typing import ClustersLike
from skcluster.clusters import as_clusters, stars_of
from skcluster.photometry import Law
from skcluster.plotting._cmd import CMDDisplay
from skcluster.plotting._inputs import membership_array
from skcluster.plotting._membership import MembershipDisplay
from skcluster.plotting._style import display_name

_DPI = 200
#: For fewer figures, starting processes takes longer than it saves.
_FEWEST_FOR_PROCESSES = 30


def save_diagrams(
    X: ClustersLike,
    estimates: Any,
    folder: str | os.PathLike[str],
    *,
    samples: Mapping[Any, Any] | None = None,
    membership: Any = None,
    coverage: float = 0.68,
    law: Law = "dr2",
    format: str = "png",
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
    n_jobs: int | None = None,
) -> list[Path]:
    """Save the diagram of each cluster with the isochrone of its estimate.

    Parameters
    ----------
    X : clusters
        Any input of `skcluster.clusters.as_clusters`.
    estimates : DataFrame
        ``log_age`` (dex), ``a_v`` (mag), ``distance_kpc`` (kpc) and, if it was estimated,
        ``metallicity`` (dex), a row per cluster. For NaN, or ages without an isochrone, only the
        stars are drawn. Beside each diagram is its ``flag``, or else its ``notes``, if given.
    folder : str or PathLike
        Folder of the files, created if necessary. Files are named after their clusters, with
        characters other than letters, digits and ``+-._`` replaced.
    samples : mapping of names to DataFrame or array-like of n_samples rows, optional
        Joint samples of each cluster, for the band around the isochrone.
    membership : DataFrame or array-like of shape (n_stars,), optional
        Membership probabilities of all stars, as returned by ``estimate(X, membership=True)``.
    coverage : float, default=0.68
        Fraction of the samples within the band.
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law, as in `skcluster.isochrones.isochrone`.
    format : {"png", "pdf", "svg"}, default="png"
        File type of matplotlib, such as "png", "pdf" or "svg".
    overwrite : bool, default=False
        Whether existing files may be replaced.
    progress : callable, optional
        Called with 1 after each cluster.
    n_jobs : int, optional
        Number of processes, as in scikit-learn: None is 1, -1 all cores. Fewer than 30 diagrams
        are drawn in this process.

    Returns
    -------
    list of Path
        The files, in the order of the clusters.

    Raises
    ------
    FileExistsError
        If one of the files exists and ``overwrite`` is False; then none is written.
    ValueError
        If there is no estimate of a cluster.

    Warns
    -----
    UserWarning
        If clusters without a star to draw were left out.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.plotting import save_diagrams
    >>> X, y = simulate_clusters(2, random_state=0)
    >>> with TemporaryDirectory() as folder:
    ...     [file.name for file in save_diagrams(X, y, folder)]
    ['sim_000000.png', 'sim_000001.png']
    """
    X = as_clusters(X)
    empty = stars_of(X).counts == 0
    files = file_names(X.index[~empty], Path(folder), format)
    _prepare(files.values(), format, overwrite)
    if empty.any():
        names = ", ".join(map(repr, X.index[empty][:3]))
        warn_caller(f"{empty.sum()} clusters have no star to draw: {names}.")
    shades = membership_array(membership, stars_of(X))
    displays = (
        CMDDisplay._of_row(
            X, int(row), estimates, samples, shades, coverage, law, only_drawable=True
        )
        for row in np.flatnonzero(~empty)
    )
    draw = partial(_save_diagram, format, overwrite)
    some = n_jobs if len(files) >= _FEWEST_FOR_PROCESSES else 1
    for _ in in_processes(draw, zip(displays, files.items(), strict=True), some):
        if progress is not None:
            progress(1)
    return list(files.values())


def _prepare(files: Iterable[Path], format: str, overwrite: bool) -> None:
    """Make the folder of files; refuse another format, and files that may not be replaced."""
    if format not in ("png", "pdf", "svg"):
        raise ValueError(f"format must be 'png', 'pdf' or 'svg', not {format!r}.")
    for file in files:
        if file.exists() and not overwrite:
            raise FileExistsError(f"{file} already exists; overwrite=True replaces it.")
        file.parent.mkdir(parents=True, exist_ok=True)


def _save_diagram(format: str, overwrite: bool, item: tuple[CMDDisplay, tuple[Any, Path]]) -> None:
    """Draw a diagram into a file."""
    display, (name, file) = item
    # Dark on light whatever the user's style is, for print; and without a layout engine, which
    # takes longer than the drawing.
    with style.context("default"), whole_file(file, overwrite) as half:
        figure = Figure(figsize=(6.6, 5.2))
        display.plot(ax=figure.add_axes((0.1, 0.095, 0.575, 0.845)), beside=True)
        figure.savefig(half, format=format, dpi=_DPI, metadata={"Title": display_name(name)})


def save_memberships(
    stars: pd.DataFrame,
    clusters: pd.DataFrame,
    folder: str | os.PathLike[str],
    *,
    threshold: float = 0.5,
    format: str = "png",
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> list[Path]:
    """Save the figure of each cluster's members over the stars of its field.

    Parameters
    ----------
    stars, clusters : DataFrame
        As returned by `skcluster.membership.find_members`. The figure of a field without a cluster
        shows its stars.
    folder : str or PathLike
        Folder of the files, created if necessary. Files are named as in `save_diagrams`, with
        "_members" behind the names.
    threshold : float, default=0.5
        Least probability of the stars that are drawn as members.
    format : {"png", "pdf", "svg"}, default="png"
        File type of matplotlib, such as "png", "pdf" or "svg".
    overwrite : bool, default=False
        Whether existing files may be replaced.
    progress : callable, optional
        Called with 1 after each cluster.

    Returns
    -------
    list of Path
        The files, in the order of the clusters.

    Raises
    ------
    FileExistsError
        If one of the files exists and ``overwrite`` is False; then none is written.

    See Also
    --------
    MembershipDisplay : The figure of one cluster.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from skcluster.datasets import load_example_field
    >>> from skcluster.membership import find_members
    >>> from skcluster.plotting import save_memberships
    >>> X, y = load_example_field()
    >>> with TemporaryDirectory() as folder:
    ...     [file.name for file in save_memberships(*find_members(X), folder)]
    ['field_000000_members.png']
    """
    files = membership_files(clusters.index, Path(folder), format)
    _prepare(files, format, overwrite)
    for name, file in zip(clusters.index, files, strict=True):
        with whole_file(file, overwrite) as half:
            save_membership(half, stars, clusters, name, threshold=threshold, format=format)
        if progress is not None:
            progress(1)
    return files


def save_membership(
    file: Path | BytesIO,
    stars: pd.DataFrame,
    clusters: pd.DataFrame,
    name: Any,
    *,
    threshold: float = 0.5,
    format: str = "png",
    dpi: int = _DPI,
) -> None:
    """Draw the members of one cluster into a file."""
    with style.context("default"):
        figure = Figure(figsize=(8.6, 7.6), dpi=dpi, layout="constrained")
        axes: Any = figure.subplots(2, 2)
        display = MembershipDisplay.from_members(
            stars, clusters, cluster=name, threshold=threshold, axes=axes
        )
        figure.suptitle(display.summary(), fontsize="medium").set_parse_math(False)
        figure.savefig(file, format=format, dpi=dpi, metadata={"Title": display_name(name)})


def membership_files(names: Any, folder: Path, format: str) -> list[Path]:
    """Return the file of each cluster in `save_memberships`."""
    return list(file_names([f"{name}_members" for name in names], folder, format).values())
