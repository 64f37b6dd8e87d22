"""Save fitted models."""

import io
import json
import os
import platform
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from skcluster._utils.files import whole_file
from skcluster.persistence._card import without_card
from skcluster.persistence._errors import ModelFileError
from skcluster.persistence._limits import MANIFEST, SCHEMA
from skcluster.persistence._load import check_model, read_objects
from skcluster.persistence._manifest import FORMAT
from skcluster.persistence._schema import names_in, tidy

_LIBRARIES = ("skcluster", "scikit-learn", "numpy", "keras", "skops")


def save_model(
    model: Any,
    path: str | os.PathLike[str],
    *,
    card: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> None:
    """Save a fitted model to a file.

    Parameters
    ----------
    model : estimator
        A fitted regressor: a pipeline of `skcluster.pipelines`, or any other estimator that skops
        supports, such as those of scikit-learn, or a search over them.
    path : str or PathLike
        The file, usually with the extension ``.skcluster``.
    card : mapping, optional
        Information about the model that JSON can represent: data, citations, scores, limits. By
        default, the card of a loaded model, if it has one.
    overwrite : bool, default=False
        Whether an existing file may be replaced.

    Raises
    ------
    FileExistsError
        If the file exists and ``overwrite`` is False.
    ModelFileError
        If the model is not fitted, or contains something that cannot be saved.
    TypeError
        If JSON cannot represent the card.

    Notes
    -----
    The file is that of skops [1]_ with an added card. It is read back before it replaces another
    file, so that every saved model can be loaded.

    References
    ----------
    .. [1] https://skops.readthedocs.io/en/stable/persistence.html

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skcluster import load_model, save_model
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.pipelines import ann_pipeline
    >>> X, y = simulate_clusters(20, random_state=0)
    >>> model = ann_pipeline(epochs=2, random_state=0).fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     save_model(model, Path(folder) / "ann.skcluster")
    ...     again = load_model(Path(folder) / "ann.skcluster")
    >>> bool((again.predict(X) == model.predict(X)).all())
    True
    """
    model, own = without_card(model)
    try:
        check_model(model)
        parts, names = _parts(model)
    except ModelFileError as error:
        raise ModelFileError(f"The model cannot be saved: {error}") from error.__cause__
    manifest = {
        "format": FORMAT,
        "versions": _versions({name.partition(".")[0] for name in names}),
        "card": dict(own if card is None else card),
    }
    parts = {MANIFEST: json.dumps(manifest, indent=1, ensure_ascii=False).encode(), **parts}
    with whole_file(Path(path), overwrite) as half:
        with half.open("wb") as file, zipfile.ZipFile(file, "w") as archive:
            for name, data in parts.items():
                # A constant date, so that the same model gives the same file.
                archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
        with half.open("rb") as written:
            try:
                check_model(read_objects(written, sorted(names)))
            except Exception as error:
                raise ModelFileError(f"The model cannot be saved: {error}") from error


def _parts(model: Any) -> tuple[dict[str, bytes], set[str]]:
    """Return what skops writes, under stable names, and all classes and functions in it."""
    import skops.io

    try:
        written = zipfile.ZipFile(io.BytesIO(skops.io.dumps(model)))
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ModelFileError(str(error) or type(error).__name__) from error
    schema = json.loads(written.read(SCHEMA))
    files = tidy(schema)
    arrays = {new: written.read(old) for old, new in files.items()}
    text = json.dumps(schema, separators=(",", ":")).encode()
    return {SCHEMA: text, **arrays}, names_in(schema)


def _versions(libraries: Iterable[str]) -> dict[str, str]:
    """Return the versions of the libraries that the model is made of."""
    found = {"python": platform.python_version()}
    found |= {name: version(name) for name in _LIBRARIES}
    for name in sorted(libraries):
        try:
            found.setdefault(name, version(name))
        except PackageNotFoundError:  # a part of Python, or known by another name
            continue
    return found
