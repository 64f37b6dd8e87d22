"""A fitted model -> a file."""

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
    """Write a fitted model to a file.

    Parameters
    ----------
    model : estimator
        A fitted regressor: a pipeline of `skcluster.pipelines`, or any other estimator that skops
        can keep, such as scikit-learn's, or a search over them.
    path : str or PathLike
        The file, by custom with the extension ``.skcluster``.
    card : mapping, optional
        What to know about the model, as JSON can hold it: data, citations, scores, limits. By
        default, that of a model that was loaded, if it has one.
    overwrite : bool, default=False
        Whether a file that is there may be replaced.

    Raises
    ------
    FileExistsError
        If the file is there and ``overwrite`` is False.
    ModelFileError
        If the model is not fitted, or holds something that cannot be kept.
    TypeError
        If JSON cannot hold the card.

    Notes
    -----
    The file is one of skops [1]_ with a card beside the model. It is read back before it takes the
    place of another, so what is written can be loaded.

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
        raise ModelFileError(f"The model cannot be kept: {error}") from error.__cause__
    manifest = {
        "format": FORMAT,
        "versions": _versions({name.partition(".")[0] for name in names}),
        "card": dict(own if card is None else card),
    }
    parts = {MANIFEST: json.dumps(manifest, indent=1, ensure_ascii=False).encode(), **parts}
    with whole_file(Path(path), overwrite) as half:
        with half.open("wb") as file, zipfile.ZipFile(file, "w") as archive:
            for name, data in parts.items():
                # A fixed date, so that one model is always the same file.
                archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
        with half.open("rb") as written:
            try:
                check_model(read_objects(written, sorted(names)))
            except Exception as error:
                raise ModelFileError(f"The model cannot be kept: {error}") from error


def _parts(model: Any) -> tuple[dict[str, bytes], set[str]]:
    """What skops writes, under names that do not change; and all classes and functions in it."""
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
    """Versions of what the model is made of."""
    found = {"python": platform.python_version()}
    found |= {name: version(name) for name in _LIBRARIES}
    for name in sorted(libraries):
        try:
            found.setdefault(name, version(name))
        except PackageNotFoundError:  # a part of Python, or known under another name
            continue
    return found
