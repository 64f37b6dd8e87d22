"""Save and load fitted models, with a card that says what they are good for."""

import copy
import hashlib
import io
import json
import os
import platform
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import as_file, files
from pathlib import Path
from typing import IO, Any

from skcluster._utils.files import whole_file
from skcluster._utils.html import as_html
from skcluster._utils.messages import documentation, warn_caller
from skcluster.persistence._contents import (
    SCHEMA,
    ModelFileError,
    OwnReader,
    UnknownPartError,
    tidy,
    trusted_names,
)
from skcluster.schema import estimate_column

_FORMAT = 2
_MANIFEST = "manifest.json"
_SHIPPED = "reference.skcluster"
_MB = 10**6
_LIBRARIES = ("skcluster", "scikit-learn", "numpy", "keras", "skops")

#: What skops raises for objects that it cannot store.
_NOT_STORED = (TypeError, ValueError, AttributeError, RecursionError)
_HINT = (
    "Keras' objects are not stored: give optimizers and losses by name, or as "
    "keras.optimizers.serialize returns them. ANNRegressor, CNNRegressor and MDMRegressor keep "
    "their networks as arrays; pickle stores a pipeline around a network of your own, in a file "
    "whose code runs when it is loaded."
)
#: Sections on the domain of the model come first.
_FIRST = ("name", "targets", "data", "limits", "cross-validated scores")
_STYLE = """
.skcluster-card { font-size: 0.9em; margin-bottom: 0.5em; }
.skcluster-card summary { font-weight: bold; cursor: pointer; }
.skcluster-card dl { display: grid; gap: 0 1em; margin: 0;
  grid-template-columns: minmax(6em, max-content) minmax(0, 1fr); }
.skcluster-card dt { font-weight: normal; opacity: 0.75; }
.skcluster-card dd, .skcluster-card ul { margin: 0; padding: 0; list-style: none; }
.skcluster-card dd { min-width: 0; overflow-x: auto; }
.skcluster-card :is(th, td) { font-size: 0.9em; padding: 0 0.6em 0 0; white-space: nowrap; }
"""


class ModelCard(dict[str, Any]):
    """Card of a model, as stored in its file.

    A dict with ``format``, the version of the file format; ``fingerprint``, the first 16 digits of
    the file's SHA-256 sum, which tells models of the same name apart; ``versions``, those of the
    libraries that wrote the file; and ``card``, the targets of the model, its training clusters,
    limits of validity, scores and citations. Notebooks display it as text.

    See Also
    --------
    read_card : Read the card of a file.

    Examples
    --------
    >>> from skcluster.persistence import read_card
    >>> list(read_card().sections())[:3]
    ['name', 'targets', 'data']
    """

    def sections(self) -> dict[str, Any]:
        """Return the sections of the card in reading order, and the libraries that wrote the file.

        Returns
        -------
        dict
            Contents by the names of the sections.
        """
        card: Mapping[str, Any] = self["card"]
        versions = ", ".join(f"{library} {number}" for library, number in self["versions"].items())
        return {
            **{name: card[name] for name in _FIRST if name in card},
            **card,
            "fingerprint": self["fingerprint"],
            "made with": versions,
        }

    def _repr_html_(self) -> str:
        sections = {name: content for name, content in self.sections().items() if content}
        name = as_html(sections.pop("name", "without a name"))
        table = as_html(sections, lambda section: estimate_column(section).title)
        return (
            f'<style>{_STYLE}</style><details class="skcluster-card">'
            f"<summary>Model {name}</summary>{table}</details>"
        )


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

    Warns
    -----
    UserWarning
        If the file holds types that must be named for loading, such as those of forests.

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
    own: Mapping[str, Any] = {}
    if hasattr(model, "card_"):
        model = copy.copy(model)
        own = {} if model.card_ is None else model.card_["card"]
        del model.card_
    try:
        _check_model(model)
        parts, names = _parts(model)
    except ModelFileError as error:
        raise ModelFileError(f"The model cannot be saved: {error}") from error.__cause__
    manifest = {
        "format": _FORMAT,
        "versions": _versions({name.partition(".")[0] for name in names}),
        "card": dict(own if card is None else card),
    }
    parts = {_MANIFEST: json.dumps(manifest, indent=1, ensure_ascii=False).encode(), **parts}
    with whole_file(Path(path), overwrite) as half:
        with half.open("wb") as file, zipfile.ZipFile(file, "w") as archive:
            for name, data in parts.items():
                # A constant date, so that the same model gives the same file.
                archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
        with half.open("rb") as written:
            try:
                _check_model(_read_objects(written, list(names)))
            except Exception as error:
                reason = str(error)
                if isinstance(error.__cause__ or error, AttributeError | ImportError):
                    reason += (
                        ". Lambdas, and functions and classes that are defined inside a function, "
                        "cannot be found again; define them at the top level of a module"
                    )
                raise ModelFileError(f"The model cannot be saved: {reason}") from error
            needed = _untrusted(written)
    if needed:
        warn_caller(
            f"{path} holds types that load_model does not trust by itself; it is loaded with "
            f"trusted={needed} (--trusted {' '.join(needed)})."
        )


def _untrusted(file: IO[bytes]) -> list[str]:
    """Return the types in a file that must be named for loading."""
    import skops.io

    file.seek(0)
    return sorted(set(skops.io.get_untrusted_types(file=file)) - set(trusted_names([])))


def _parts(model: Any) -> tuple[dict[str, bytes], set[str]]:
    """Return what skops writes, under stable names, and all classes and functions in it."""
    import skops.io

    try:
        written = zipfile.ZipFile(io.BytesIO(skops.io.dumps(model)))
    except _NOT_STORED as error:
        raise ModelFileError(
            f"skops does not store {_not_stored(model, type(model).__name__)} "
            f"({str(error).rstrip('.')}). {_HINT}"
        ) from error
    schema = json.loads(written.read(SCHEMA))
    renamed, names = tidy(schema)
    arrays = {new: written.read(old) for old, new in renamed.items()}
    text = json.dumps(schema, separators=(",", ":")).encode()
    return {SCHEMA: text, **arrays}, names


def _not_stored(part: Any, path: str, around: tuple[Any, ...] = ()) -> str:
    """Return the path and type of the innermost part that skops does not store.

    ``around`` are the parts that it is in. One that contains itself is not entered again.
    """
    import skops.io
    from sklearn.base import BaseEstimator

    is_estimator = isinstance(part, BaseEstimator)
    inside = vars(part) if is_estimator else part
    if any(part is outer for outer in around):
        inside = None
    if isinstance(inside, list | tuple):
        inside = dict(enumerate(inside))
    for name, value in inside.items() if isinstance(inside, dict) else ():
        try:
            skops.io.dumps(value)
        except _NOT_STORED:
            step = f".{name}" if is_estimator else f"[{name!r}]"
            return _not_stored(value, path + step, (*around, part))
    return f"{path}, a {_kind(part)}"


def _kind(thing: Any) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"


def load_model(
    path: str | os.PathLike[str] | None = None, *, trusted: Iterable[str | type] = ()
) -> Any:
    """Load a fitted model from a file written by `save_model`, or the pretrained model.

    Parameters
    ----------
    path : str or PathLike, optional
        The file. By default, the pretrained reference model in this package.
    trusted : list of str or type, optional
        Trusted types besides those of this package and of scikit-learn that skops trusts: full
        names, such as "sklearn.tree._tree.Tree", which forests need, or the types themselves. The
        error about untrusted types lists them. Trust only types that you know: their code runs,
        with data from the file.

    Returns
    -------
    estimator
        The model. Its predictions are bitwise equal to those of the saved one. Models with a
        predictive distribution, such as the pretrained one, have their card as ``card_``; it is
        None after they are fitted again.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If the file is not a model, is damaged, has another format, unpacks to more than the larger
        of 500 MB and 25 times its size, or contains types that are not trusted.

    Warns
    -----
    UserWarning
        If the model was saved with other versions of this package, scikit-learn, numpy or another
        library that it uses; not for the model in this package, which is tested.

    Examples
    --------
    >>> from skcluster import load_model
    >>> from skcluster.datasets import simulate_clusters
    >>> X, y = simulate_clusters(2, random_state=0)
    >>> load_model().predict_interval(X, coverage=0.68).shape
    (2, 3, 2)
    """
    names = trusted_names(trusted)
    with _opened(path) as file:
        card = _read_manifest(file)
        model = _read_objects(file, names)
        _check_model(model)
    if path is not None:
        _compare(path, card["versions"])
    if hasattr(model, "predict_distribution"):
        model.card_ = card
    return model


def read_card(path: str | os.PathLike[str] | None = None) -> ModelCard:
    """Read the card of a model file, without loading the model.

    Parameters
    ----------
    path : str or PathLike, optional
        As for `load_model`.

    Returns
    -------
    ModelCard
        A dict of ``format``, ``fingerprint``, ``versions`` and ``card``, which notebooks show as
        text.

    Raises
    ------
    FileNotFoundError, ModelFileError
        As in `load_model`.

    Examples
    --------
    >>> from skcluster.persistence import read_card
    >>> read_card()["card"]["name"]
    'reference'
    """
    with _opened(path) as file:
        return _read_manifest(file)


@contextmanager
def _opened(path: Any) -> Iterator[IO[bytes]]:
    """Open the file once, so that what was checked is what is read; errors name it."""
    if path is None:
        with as_file(files("skcluster") / "data" / _SHIPPED) as shipped, _opened(shipped) as file:
            yield file
        return
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    with Path(path).open("rb") as file:
        try:
            yield file
        except ModelFileError as error:
            raise ModelFileError(f"{path} cannot be loaded: {error}") from error.__cause__
        except zipfile.BadZipFile as error:
            reason = f"it is not a model file, or it is damaged or truncated: {error}."
            raise ModelFileError(f"{path} cannot be loaded: {reason}") from error
        except ImportError as error:
            raise ModelFileError(f"{path} needs what is not installed: {error}") from error
        # A malicious file can cause errors of all kinds.
        except Exception as error:
            reason = " ".join(str(error).split())[:500]
            raise ModelFileError(
                f"{path} is damaged or not a valid model file: {type(error).__name__}: {reason}"
            ) from error


def _read_manifest(file: IO[bytes]) -> ModelCard:
    """Return the ``format``, ``versions`` and ``card`` in a file that is not too large."""
    with zipfile.ZipFile(file) as archive:
        # No part unpacks to more bytes than are stated here.
        size = sum(part.file_size for part in archive.infolist())
        limit = max(500 * _MB, 25 * os.fstat(file.fileno()).st_size)
        if size > limit:
            raise ModelFileError(
                f"its unpacked size is {size / _MB:.0f} MB; the limit is {limit / _MB:.0f} MB."
            )
        if _MANIFEST not in archive.namelist():
            raise ModelFileError(f"it is not a model file: it has no {_MANIFEST}.")
        manifest = json.loads(archive.read(_MANIFEST))
    number = manifest["format"]
    if number != _FORMAT:
        raise ModelFileError(
            f"it has format {number}, but this version of skcluster reads {_FORMAT}."
        )
    versions, card = dict(manifest["versions"]), dict(manifest["card"])
    file.seek(0)
    fingerprint = hashlib.sha256(file.read()).hexdigest()[:16]
    file.seek(0)
    return ModelCard(format=number, fingerprint=fingerprint, versions=versions, card=card)


def _read_objects(file: IO[bytes], trusted: list[str]) -> Any:
    """Construct the objects in a file, if all their types are trusted."""
    from sklearn.exceptions import InconsistentVersionWarning

    with warnings.catch_warnings():
        # Reported once for all libraries, not for each estimator.
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        with zipfile.ZipFile(file) as archive, suppress(UnknownPartError):
            return OwnReader(archive).read()
        import skops.io
        from skops.io.exceptions import UntrustedTypesFoundException

        try:
            return skops.io.load(file, trusted=trusted)
        except UntrustedTypesFoundException as error:
            names = str(error).splitlines()[0].partition(": ")[2].rstrip(".")
            raise ModelFileError(
                f"it contains types that are not trusted; see {documentation('SECURITY')}. If you "
                f"trust its author and these types, load it with trusted={names}."
            ) from error


def _check_model(model: Any) -> None:
    """Raise an error if something is not a fitted estimator with a ``predict``."""
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if isinstance(model, type) or not (hasattr(model, "fit") and hasattr(model, "predict")):
        raise ModelFileError(f"a {_kind(model)} is not a model: it has no fit and predict.")
    try:
        check_is_fitted(model)
    except NotFittedError:
        raise ModelFileError(f"the {_kind(model)} is not fitted.") from None


def _compare(path: Any, saved: dict[str, str]) -> None:
    """Warn if the versions of the libraries differ from those that wrote the file."""
    different = []
    for name, then in saved.items():
        if name in ("python", "keras", "skops"):  # neither changes predictions
            continue
        try:
            now = version(name)
        except PackageNotFoundError:
            continue
        if now != then:
            different.append(f"{name} {then}, now {now}")
    if different:
        warn_caller(
            f"{path} was saved with other versions, so predictions may differ: "
            f"{'; '.join(different)}."
        )


def _versions(libraries: Iterable[str]) -> dict[str, str]:
    """Return the versions of the libraries that the model is made of."""
    versions = {"python": platform.python_version()}
    versions |= {name: version(name) for name in _LIBRARIES}
    for name in sorted(libraries):
        try:
            versions.setdefault(name, version(name))
        except PackageNotFoundError:  # a part of Python, or known by another name
            continue
    return versions
