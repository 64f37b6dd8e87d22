"""Load fitted models."""

import json
import os
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import as_file, files
from pathlib import Path
from typing import IO, Any

from skcluster._utils.doc_links import documentation
from skcluster._utils.messages import warn_caller
from skcluster.persistence._card import ModelCard, give_card
from skcluster.persistence._errors import ModelFileError
from skcluster.persistence._limits import SCHEMA, Limits, check_archive, open_archive
from skcluster.persistence._manifest import read_manifest
from skcluster.persistence._schema import check_schema
from skcluster.persistence._trust import trusted_names

_SHIPPED = "reference.skcluster"


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
        predictive distribution, such as the pretrained one, have their card as ``card_`` and show
        it in notebooks until they are fitted again.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If the file is not a model, is damaged, has another format, exceeds the size limits, or
        contains types that are not trusted.

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
        with open_archive(file) as archive:
            check_archive(archive, Limits.of(_size(file)))
            card = ModelCard(read_manifest(archive))
        model = read_objects(file, names)
        check_model(model)
    if path is not None:
        _compare(path, card["versions"])
    give_card(model, card)
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
        A dict of ``format``, ``versions`` and ``card``, which notebooks show as text.

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
    with _opened(path) as file, open_archive(file) as archive:
        check_archive(archive, Limits.of(_size(file)))
        return ModelCard(read_manifest(archive))


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
        except ImportError as error:
            raise ModelFileError(f"{path} needs what is not installed: {error}") from error
        # A malicious file can cause errors of all kinds.
        except Exception as error:
            reason = " ".join(str(error).split())[:500]
            raise ModelFileError(
                f"{path} is damaged or not a valid model file: {type(error).__name__}: {reason}"
            ) from error


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size


def read_objects(file: IO[bytes], trusted: list[str]) -> Any:
    """Construct the objects in a file, if all their types are trusted."""
    import skops.io
    from sklearn.exceptions import InconsistentVersionWarning
    from skops.io.exceptions import UntrustedTypesFoundException

    with zipfile.ZipFile(file) as archive:
        limits = Limits.of(_size(file))
        schema = _schema(archive, limits)
        sizes = {part.filename: part.file_size for part in archive.infolist()}
        check_schema(schema, limits, sizes)
        del schema
    with warnings.catch_warnings():
        # Reported once for all libraries, not for each estimator.
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        try:
            return skops.io.load(file, trusted=trusted)
        except UntrustedTypesFoundException as error:
            names = str(error).splitlines()[0].partition(": ")[2].rstrip(".")
            raise ModelFileError(
                f"it contains types that are not trusted; see {documentation('SECURITY')}. If you "
                f"trust its author and these types, load it with trusted={names}."
            ) from error


def _schema(archive: zipfile.ZipFile, limits: Limits) -> Any:
    if SCHEMA not in archive.namelist():
        raise ModelFileError("it contains no model.")
    text = archive.read(SCHEMA)
    # Counting the objects is faster than constructing them.
    if text.count(b"[") + text.count(b"{") > 20 * limits.nodes:
        raise ModelFileError(f"it contains more than {limits.nodes} objects.")
    return json.loads(text)


def check_model(model: Any) -> None:
    """Check that something is a fitted estimator with a ``predict``.

    Raises
    ------
    ModelFileError
        If it is not.
    """
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    kind = f"{type(model).__module__}.{type(model).__qualname__}"
    if isinstance(model, type) or not (hasattr(model, "fit") and hasattr(model, "predict")):
        raise ModelFileError(f"a {kind} is not a model: it has no fit and predict.")
    try:
        check_is_fitted(model)
    except NotFittedError:
        raise ModelFileError(f"the {kind} is not fitted.") from None


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
