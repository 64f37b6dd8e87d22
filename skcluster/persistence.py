"""Keep fitted models in files that execute no code when opened.

A model file is a zip archive of ``manifest.json`` (format, versions, card, and the SHA-256 of each
other part), ``model.json`` (the estimators' parameters and what they learned) and plain numpy
arrays. Only the classes and functions listed here are ever made, so that a file from a stranger
can at worst be refused.
"""

import dataclasses
import hashlib
import importlib
import io
import json
import os
import platform
import zipfile
from collections.abc import Callable, Mapping
from importlib.metadata import version
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np

from skcluster._utils.files import whole_file

__all__ = ["ModelFileError", "load_model", "read_card", "save_model"]

FORMAT = 1
_SHIPPED = "reference.skcluster"
_LIBRARIES = ("skcluster", "scikit-learn", "numpy", "keras")

#: Where each class that a file may name, with its library, lives.
_CLASSES = {
    "skcluster.ANNRegressor": "skcluster.regressors",
    "skcluster.CMDHistogram": "skcluster.features",
    "skcluster.CMDRasterizer": "skcluster.features",
    "skcluster.CMDSummary": "skcluster.features",
    "skcluster.CNNRegressor": "skcluster.regressors",
    "skcluster.ClusterAugmenter": "skcluster.augmentation",
    "skcluster.ConformalRegressor": "skcluster.inference",
    "sklearn.FeatureUnion": "sklearn.pipeline",
    "sklearn.FunctionTransformer": "sklearn.preprocessing",
    "skcluster.GuessFeatures": "skcluster.features",
    "skcluster.MDMRegressor": "skcluster.regressors",
    "skcluster.IsochronePosterior": "skcluster.inference",
    "sklearn.MinMaxScaler": "sklearn.preprocessing",
    "skcluster.NamedTargetRegressor": "skcluster.regressors",
    "imblearn.Pipeline": "imblearn.pipeline",
    "sklearn.Ridge": "sklearn.linear_model",
    "sklearn.Pipeline": "sklearn.pipeline",
    "sklearn.RobustScaler": "sklearn.preprocessing",
    "skcluster.SetRegressor": "skcluster.regressors",
    "sklearn.SimpleImputer": "sklearn.impute",
    "sklearn.StandardScaler": "sklearn.preprocessing",
    "skcluster.StarSet": "skcluster.features",
    "skcluster.TargetScaler": "skcluster.regressors",
    "sklearn.TransformedTargetRegressor": "sklearn.compose",
}
#: Plain records inside them.
_RECORDS = {
    "skcluster.FeedForwardArchitecture": "skcluster.regressors.networks.feed_forward",
    "skcluster.SetArchitecture": "skcluster.regressors.networks.sets",
}
#: Functions that a file may name.
_FUNCTIONS = {
    "numpy.sqrt": "numpy",
    "skcluster.describe_cluster": "skcluster.inference",
    "skcluster._distance_names": "skcluster.pipelines",
    "skcluster._parallax_to_distance": "skcluster.pipelines",
    "skcluster._to_float32": "skcluster.pipelines",
}


class ModelFileError(ValueError):
    """A file that is no model, is damaged, or holds what is not known."""


def save_model(
    model: Any,
    path: str | os.PathLike[str],
    *,
    card: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> None:
    """Write a fitted model of this package to a file.

    Parameters
    ----------
    model : estimator
        A pipeline of `skcluster.pipelines`, a `skcluster.inference.ConformalRegressor` around it,
        or any combination of this package's estimators with scikit-learn's scalers.
    path : str or PathLike
        The file, by custom with the extension ``.skcluster``.
    card : mapping, optional
        What to know about the model, as JSON can hold it: data, citations, scores, limits.
    overwrite : bool, default=False
        Whether a file that is there may be replaced.

    Raises
    ------
    FileExistsError
        If the file is there and ``overwrite`` is False.
    ModelFileError
        If the model holds something that cannot be kept; the message says where.

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
    writer = _Writer()
    parts = {"model.json": _json(writer.encode(model, "model")), **writer.arrays}
    manifest = {
        "format": FORMAT,
        "versions": {"python": platform.python_version(), **{n: version(n) for n in _LIBRARIES}},
        "card": dict(card or {}),
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()},
    }
    with whole_file(Path(path), overwrite) as half, zipfile.ZipFile(half, "w") as archive:
        for name, data in {"manifest.json": _json(manifest), **parts}.items():
            # A fixed date, so that one model is always the same file.
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


def load_model(path: str | os.PathLike[str] | None = None) -> Any:
    """Read a fitted model from a file that `save_model` wrote, or the one in this package.

    Parameters
    ----------
    path : str or PathLike, optional
        The file. Without it, the pretrained reference model with its intervals.

    Returns
    -------
    estimator
        Its predictions are those of the model that was saved, to the bit.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If it is no model file, is damaged, of a newer format, or names what is not known.

    Examples
    --------
    >>> from skcluster import load_model
    >>> from skcluster.datasets import simulate_clusters
    >>> X, y = simulate_clusters(2, random_state=0)
    >>> load_model().predict_interval(X, coverage=0.68).shape
    (2, 3, 2)
    """
    return _with_file(path, _load)


def read_card(path: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Read what a model file says about the model, without making the model.

    Parameters
    ----------
    path : str or PathLike, optional
        As for `load_model`.

    Returns
    -------
    dict
        ``format``, ``versions`` and ``card``.

    Raises
    ------
    FileNotFoundError, ModelFileError
        As `load_model` does.

    Examples
    --------
    >>> from skcluster.persistence import read_card
    >>> read_card()["card"]["name"]
    'reference'
    """
    return _with_file(path, _card)


def _with_file(path: Any, use: Callable[[Path], Any]) -> Any:
    if path is None:
        with as_file(files("skcluster") / "data" / _SHIPPED) as file:
            return use(file)
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    return use(Path(path))


def _card(path: Path) -> dict[str, Any]:
    with _opened(path) as archive:
        manifest = _manifest(archive, path)
    return {name: manifest[name] for name in ("format", "versions", "card")}


def _load(path: Path) -> Any:
    with _opened(path) as archive:
        hashes = _manifest(archive, path)["sha256"]
        names = set(archive.namelist()) - {"manifest.json"}
        if names != hashes.keys():
            odd = sorted(names ^ hashes.keys())
            raise ModelFileError(f"{path} has parts missing or too many: {', '.join(odd)}.")
        parts = {name: _part(archive, name, path) for name in names}
    for name, data in parts.items():
        if hashlib.sha256(data).hexdigest() != hashes[name]:
            raise ModelFileError(f"{path} is damaged: {name} is not what was saved.")
    if "model.json" not in parts:
        raise ModelFileError(f"{path} holds no model.")
    try:
        return _decode(json.loads(parts["model.json"]), parts)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelFileError(f"{path} is not a sound model file: {error!r}.") from error


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise ModelFileError(f"{path} is no model file, or is cut off.") from None


def _manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    if "manifest.json" not in archive.namelist():
        raise ModelFileError(f"{path} is no model file: it has no manifest.json.")
    try:
        manifest = json.loads(_part(archive, "manifest.json", path))
        number, _ = manifest["format"], [manifest[n] for n in ("versions", "card", "sha256")]
    except (ValueError, KeyError, TypeError):
        raise ModelFileError(f"{path} is no model file: its manifest cannot be read.") from None
    if not isinstance(number, int) or number > FORMAT:
        raise ModelFileError(
            f"{path} has format {number}, but this version of skcluster reads up to {FORMAT}. "
            "Update skcluster."
        )
    found: dict[str, Any] = manifest
    return found


def _part(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise ModelFileError(f"{path} is damaged: {name} cannot be read ({error}).") from None
    except Exception as error:  # zlib.error is none of the above
        raise ModelFileError(f"{path} is damaged: {name} cannot be unpacked.") from error


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()


class _Writer:
    """Turns objects into what JSON can hold, and puts arrays aside."""

    def __init__(self) -> None:
        self.arrays: dict[str, bytes] = {}

    def encode(self, value: Any, where: str) -> Any:
        """The value as JSON: plain values as they are, all else as an object of one key."""
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, list):
            return [self.encode(v, f"{where}[{i}]") for i, v in enumerate(value)]
        if isinstance(value, tuple):
            return {"tuple": [self.encode(v, f"{where}[{i}]") for i, v in enumerate(value)]}
        if isinstance(value, dict):
            pairs = [
                [self.encode(k, where), self.encode(v, f"{where}[{k!r}]")] for k, v in value.items()
            ]
            return {"dict": pairs}
        if isinstance(value, Path):
            return str(value)
        if isinstance(value, np.ndarray | np.generic):
            return self._array(np.asarray(value), isinstance(value, np.generic), where)
        return self._object(value, where)

    def _array(self, array: np.ndarray, scalar: bool, where: str) -> Any:
        if array.dtype == object:
            if not all(isinstance(v, str) for v in array.flat):
                raise ModelFileError(f"{where} is an array of objects, which cannot be kept.")
            return {"texts": array.ravel().tolist(), "shape": list(array.shape)}
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        name = f"arrays/{len(self.arrays)}.npy"
        self.arrays[name] = buffer.getvalue()
        return {"scalar" if scalar else "array": name}

    def _object(self, value: Any, where: str) -> Any:
        kind = type(value)
        name = _name(kind)
        if name in _RECORDS and kind is _look_up(name, _RECORDS):
            fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
            return {"record": name, "fields": self._items(fields, where)}
        if name in _CLASSES and kind is _look_up(name, _CLASSES):
            return {"class": name, "state": self._items(vars(value), where)}
        function = _name(value)
        if function in _FUNCTIONS and value is _look_up(function, _FUNCTIONS):
            return {"function": function}
        raise ModelFileError(
            f"{where} is a {kind.__module__}.{kind.__qualname__}, which cannot be kept in a file "
            "that executes no code."
        )

    def _items(self, items: Mapping[str, Any], where: str) -> dict[str, Any]:
        return {name: self.encode(v, f"{where}.{name}") for name, v in items.items()}


def _decode(value: Any, parts: Mapping[str, bytes]) -> Any:
    if isinstance(value, list):
        return [_decode(v, parts) for v in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"tuple": items}:
            return tuple(_decode(v, parts) for v in items)
        case {"dict": pairs}:
            return {_decode(k, parts): _decode(v, parts) for k, v in pairs}
        case {"array": name} | {"scalar": name}:
            array = np.load(io.BytesIO(parts[name]), allow_pickle=False)
            return array if "array" in value else array[()]
        case {"texts": texts, "shape": shape}:
            return np.array(texts, dtype=object).reshape(shape)
        case {"function": name}:
            return _look_up(name, _FUNCTIONS)
        case {"record": name, "fields": fields}:
            return _look_up(name, _RECORDS)(**{k: _decode(v, parts) for k, v in fields.items()})
        case {"class": name, "state": state}:
            kind = _look_up(name, _CLASSES)
            made = kind.__new__(kind)
            vars(made).update({k: _decode(v, parts) for k, v in state.items()})
            return made
    raise ModelFileError(f"unknown kind of value, {sorted(value)}.")


def _name(thing: Any) -> str:
    """Name of a class or function and of its library."""
    module = getattr(thing, "__module__", None) or "numpy"  # ufuncs have none
    return f"{module.partition('.')[0]}.{getattr(thing, '__name__', '')}"


def _look_up(name: str, known: Mapping[str, str]) -> Any:
    if name not in known:
        raise ModelFileError(f"{name!r} is nothing that a model may hold.")
    return getattr(importlib.import_module(known[name]), name.partition(".")[2])
