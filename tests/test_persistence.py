import ast
import importlib
import io
import json
import re
import struct
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from common.cases import discover
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skcluster import ClusterAugmenter, CMDHistogram, ConformalRegressor, load_model, save_model
from skcluster.datasets import simulate_clusters
from skcluster.features import StarSet
from skcluster.persistence import ModelFileError, read_card
from skcluster.persistence._contents import full_name, trusted_names
from skcluster.pipelines import (
    ann_pipeline,
    cluster_domain,
    cnn_pipeline,
    mdm_pipeline,
    reference_pipeline,
    set_pipeline,
)

TARGETS = ["log_age", "a_v", "distance_kpc"]
MODELS = {
    "ann": ann_pipeline(epochs=2, random_state=0),
    "ann-augmented": ann_pipeline(
        epochs=2, random_state=0, augment=ClusterAugmenter(random_state=0)
    ),
    "cnn": cnn_pipeline(epochs=1, filters=(2,), random_state=0),
    "mdm": mdm_pipeline(epochs=1, filters=(2,), random_state=0),
    "set": set_pipeline(epochs=0, random_state=0),
    "reference": reference_pipeline(epochs=0, cv=2, tempering=0.3, n_draws=64, random_state=0),
    "conformal": ConformalRegressor(
        set_pipeline(epochs=0, n_networks=1, random_state=0),
        cv=2,
        domain=cluster_domain(),
        random_state=0,
    ),
}


class Remembering(TransformerMixin, BaseEstimator):
    """A step of a user, which keeps any object."""

    def __init__(self, memo: Any = None) -> None:
        self.memo = memo

    def fit(self, X: Any, y: Any = None) -> "Remembering":
        self.memo_ = self.memo
        return self

    def transform(self, X: Any) -> Any:
        return X


@pytest.fixture(scope="module")
def clusters() -> Any:
    X, y = simulate_clusters(24, random_state=0)
    return X, y[TARGETS]


@pytest.fixture(scope="module")
def saved(clusters: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("models") / "conformal.skcluster"
    save_model(clone(MODELS["conformal"]).fit(*clusters), file, card={"name": "trial"})
    return file


def with_part(file: Path, to: Path, part: str, change: Any) -> Path:
    """A copy with a part replaced: by bytes, JSON, a function of its text, or None for nothing."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == part:
                data = change(data.decode()).encode() if callable(change) else change
            if data is not None:
                new.writestr(name, data if isinstance(data, bytes) else json.dumps(data))
    return to


def manifest_of(file: Path) -> Any:
    with zipfile.ZipFile(file) as archive:
        return json.loads(archive.read("manifest.json"))


@pytest.mark.parametrize("name", MODELS)
def test_predictions_are_the_same_bits(name, clusters, tmp_path):
    X, y = clusters
    model = clone(MODELS[name]).fit(X, y)
    save_model(model, tmp_path / "model.skcluster")
    again = load_model(tmp_path / "model.skcluster")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert repr(again) == repr(model)
    save_model(again, tmp_path / "again.skcluster")
    assert (tmp_path / "again.skcluster").read_bytes() == (
        tmp_path / "model.skcluster"
    ).read_bytes()


def test_intervals_samples_and_domain_are_the_same_and_a_further_fit(saved, clusters):
    X, y = clusters
    model, again = clone(MODELS["conformal"]).fit(X, y), load_model(saved)
    np.testing.assert_array_equal(again.predict_interval(X), model.predict_interval(X))
    np.testing.assert_array_equal(
        again.sample(X, 5, random_state=1), model.sample(X, 5, random_state=1)
    )
    np.testing.assert_array_equal(again.outside_domain(X), model.outside_domain(X))
    np.testing.assert_array_equal(clone(again).fit(X, y).predict(X), model.predict(X))


def test_a_file_is_not_replaced_unasked(saved):
    model = load_model(saved)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        save_model(model, saved)
    save_model(model, saved, card={"name": "trial"}, overwrite=True)


def test_a_failed_write_leaves_nothing(tmp_path, saved):
    with pytest.raises(TypeError, match="JSON"):
        save_model(load_model(saved), tmp_path / "model.skcluster", card={"X": np.arange(3)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (set_pipeline(), "is not fitted"),
        (StarSet(), "has no fit and predict"),
        (None, "a builtins.NoneType is not a model"),
        (Ridge, "is not a model"),
    ],
    ids=["unfitted", "transformer", "nothing", "class"],
)
def test_what_is_no_fitted_model_is_not_written(model, reason, tmp_path):
    with pytest.raises(ModelFileError, match=reason):
        save_model(model, tmp_path / "model.skcluster")
    assert list(tmp_path.iterdir()) == []


class OfKeras:
    """An object that refers to itself, as networks of Keras do."""

    def __init__(self) -> None:
        self.tracker = self


@pytest.mark.parametrize(
    ("memo", "reason"),
    [
        (
            {"a": [[]] * 2, "b": (n for n in [])},
            r"skops .* Pipeline\.steps\[0\]\[1\]\.memo\['b'\], a builtins\.generator \(",
        ),
        (
            [OfKeras()],
            r"memo\[0\], a test_persistence\.OfKeras \(maximum recursion depth.*\)\. "
            "Keras' objects .* pickle stores a pipeline",
        ),
        (lambda: None, "define them at the top level of a module"),
    ],
    ids=["inside", "network", "lambda"],
)
def test_the_part_that_cannot_be_saved_is_named(memo, reason, tmp_path):
    model = make_pipeline(Remembering(memo), Ridge()).fit([[0.0], [1.0]], [0.0, 1.0])
    with pytest.raises(ModelFileError, match=f"The model cannot be saved: .*{reason}"):
        save_model(model, tmp_path / "model.skcluster")
    assert list(tmp_path.iterdir()) == []


def test_a_model_inside_itself_is_named_once(tmp_path):
    model = make_pipeline(Remembering(), Ridge()).fit([[0.0], [1.0]], [0.0, 1.0])
    model[0].memo_ = [model]
    reason = r" Pipeline\.steps\[0\]\[1\]\.memo_\[0\], a sklearn\.pipeline\.Pipeline \("
    with pytest.raises(ModelFileError, match=reason):
        save_model(model, tmp_path / "model.skcluster")


def test_the_card_is_read_without_the_model(saved):
    found = read_card(saved)
    assert found["card"] == {"name": "trial"}
    assert found["format"] == 2
    libraries = {"skcluster", "scikit-learn", "numpy", "keras", "skops"}
    assert found["versions"].keys() >= {*libraries, "python"}
    assert all(found["versions"][name] == version(name) for name in libraries)


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file"):
        load_model(tmp_path / "none.skcluster")
    text = tmp_path / "text.skcluster"
    text.write_text("not a zip")
    with pytest.raises(
        ModelFileError, match=r"text\.skcluster cannot be loaded: it is not a model"
    ):
        load_model(text)
    with zipfile.ZipFile(text, "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(ModelFileError, match=r"no manifest\.json"):
        load_model(text)


def test_a_damaged_file_is_refused(saved, tmp_path):
    cut = tmp_path / "cut"
    cut.write_bytes(saved.read_bytes()[:-200])
    with pytest.raises(ModelFileError, match="truncated"):
        load_model(cut)
    data = bytearray(saved.read_bytes())
    data[len(data) // 2] ^= 0xFF
    cut.write_bytes(data)
    with pytest.raises(ModelFileError, match="damaged"):
        load_model(cut)
    lost = with_part(saved, cut, "arrays/3.npy", None)
    with pytest.raises(ModelFileError, match=r"cut is damaged or .*arrays/3\.npy"):
        load_model(lost)


def test_another_format_is_refused(saved, tmp_path):
    other = {**manifest_of(saved), "format": 3}
    file = with_part(saved, tmp_path / "other", "manifest.json", other)
    for read in (load_model, read_card):
        with pytest.raises(ModelFileError, match=r"other cannot .* has format 3, .* reads 2"):
            read(file)


@pytest.mark.parametrize("part", ["manifest.json", "schema.json"])
@pytest.mark.parametrize("text", [b"null", b"{}", b"[" * 100_000, b"\xff", b"{"], ids=range(5))
def test_a_part_of_another_form_is_refused(saved, tmp_path, part, text):
    file = with_part(saved, tmp_path / "odd", part, text)
    with pytest.raises(ModelFileError, match="odd is damaged or not a valid model file"):
        load_model(file)


@pytest.mark.parametrize("value", [None, Ridge(), MinMaxScaler()], ids=repr)
def test_what_is_loaded_is_a_fitted_model(saved, tmp_path, value):
    import skops.io

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(value))) as archive:
        schema = archive.read("schema.json")
    with pytest.raises(
        ModelFileError, match=r"odd cannot be loaded: .*(no model|not a model|not fitted)"
    ):
        load_model(with_part(saved, tmp_path / "odd", "schema.json", schema))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("skcluster.inference.ConformalRegressor", "subprocess.Popen", r"\['subprocess\.Popen'\]"),
        ("skcluster.features.StarSet", "skcluster.io.read_clusters", "not trusted"),
        ("skcluster.features.StarSet", "skcluster.evil.StarSet", "not trusted"),
        ("skcluster.inference.describe_cluster", "os.system", "not trusted"),
    ],
)
def test_a_file_makes_nothing_that_is_not_trusted(saved, tmp_path, old, new, reason):
    def renamed(text: str) -> str:
        form = '"__class__":"{2}","__module__":"{0}"'
        before, after = (form.format(*name.rpartition(".")) for name in (old, new))
        assert before in text
        return text.replace(before, after)

    evil = with_part(saved, tmp_path / "evil", "schema.json", renamed)
    with pytest.raises(ModelFileError, match=rf"evil cannot be loaded: it .*{reason}"):
        load_model(evil)


@pytest.mark.parametrize(
    "form",
    [
        {"__class__": "ndarray", "type": "json"},
        {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode"},
    ],
    ids=["array", "list"],
)
def test_what_is_not_trusted_is_found_inside(saved, tmp_path, form):
    popen = {"__class__": "Popen", "__module__": "subprocess", "__loader__": "ObjectNode"}
    shape = {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode"}
    one = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": "1"}
    form = {"content": [popen], "shape": {**shape, "content": [one]}, **form}

    def hidden(text: str) -> str:
        number = re.search(r'\{[^{}]*"__loader__":"NdArrayNode"[^{}]*"type":"numpy"[^{}]*\}', text)
        assert number is not None
        return text.replace(number[0], json.dumps({**json.loads(number[0]), **form}), 1)

    evil = with_part(saved, tmp_path / "evil", "schema.json", hidden)
    with pytest.raises(ModelFileError, match=r"not trusted.*\['subprocess\.Popen'\]"):
        load_model(evil)


def test_a_file_that_unpacks_to_too_much_is_refused(saved, tmp_path):
    data = bytearray(saved.read_bytes())
    stated = data.index(b"PK\x01\x02") + 24  # in the directory of the archive, which zipfile heeds
    data[stated : stated + 4] = struct.pack("<I", 600_000_000)
    bomb = tmp_path / "bomb"
    bomb.write_bytes(data)
    for read in (load_model, read_card):
        with pytest.raises(ModelFileError, match=r"bomb .* is 60\d MB; the limit is 500 MB"):
            read(bomb)


def test_a_pickle_inside_is_not_opened(saved, tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
    evil = with_part(saved, tmp_path / "evil", "arrays/0.npy", buffer.getvalue())
    with pytest.raises(ModelFileError, match="allow_pickle"):
        load_model(evil)


def test_what_the_user_trusts_is_loaded(clusters, tmp_path):
    X, y = clusters
    forest = make_pipeline(CMDHistogram(), RandomForestRegressor(3, random_state=0))
    search = GridSearchCV(forest, {"randomforestregressor__max_depth": [1, 2]}, cv=2).fit(X, y)
    boosted = make_pipeline(
        CMDHistogram(),
        Remembering(),
        MultiOutputRegressor(HistGradientBoostingRegressor(max_iter=5, random_state=0)),
    ).fit(X, y)
    file = tmp_path / "model"
    for model, own in [(search, []), (boosted, [Remembering])]:
        with pytest.warns(UserWarning, match=r"is loaded with trusted=\[.*Tree") as said:
            save_model(model, file, overwrite=True)
        with pytest.raises(ModelFileError, match=r"trusted=\[.*Tree") as caught:
            load_model(file)
        names = ast.literal_eval(str(caught.value).partition("trusted=")[2].rstrip("."))
        assert f"trusted={sorted(names)}" in str(said[0].message)
        trusted = [name for name in names if "Remembering" not in name] + own
        again = load_model(file, trusted=trusted)
        np.testing.assert_array_equal(again.predict(X), model.predict(X))
        with pytest.raises(TypeError, match="trusted must be a list of names or types, not '"):
            load_model(file, trusted=names[0])


def test_public_classes_are_trusted_but_no_function_that_does_something():
    own = set(trusted_names([]))
    assert {full_name(kind) for kind in discover().values()} <= own
    functions = set()
    for name in own:
        module, _, short = name.rpartition(".")
        found = getattr(importlib.import_module(module), short)
        assert full_name(found) == name
        if not isinstance(found, type):
            functions.add(short)
    assert functions == {"simulate_field_stars", "describe_cluster"}


def test_a_file_names_no_private_module_of_ours(saved):
    with zipfile.ZipFile(saved) as archive:
        text = archive.read("schema.json").decode()
    modules = set(re.findall(r'"(skcluster\.[^"]*)"', text))
    rooms = ("augmentation", "datasets", "features", "inference", "regressors")
    public = {f"skcluster.{room}" for room in rooms}
    assert modules == public | {"skcluster.regressors.networks.sets"}


def test_other_versions_are_told(saved, tmp_path):
    manifest = manifest_of(saved)
    manifest["versions"] |= {"numpy": "1.0", "python": "2.7", "gone": "1"}
    file = with_part(saved, tmp_path / "old", "manifest.json", manifest)
    with pytest.warns(UserWarning, match=r"old was saved with other versions.*: numpy 1\.0, now 2"):
        load_model(file)
    written = r"(_sklearn_version.{,99}?)1\.\d+\.\d"
    text = with_part(
        file, tmp_path / "older", "schema.json", lambda t: re.sub(written, r"\g<1>1.0.0", t)
    )
    with pytest.warns(UserWarning, match="older was saved") as caught:
        load_model(text)
    assert len(caught) == 1


def test_the_shipped_model_is_small_and_sound(monkeypatch):
    import skcluster

    file = Path(skcluster.__file__).parent / "data" / "reference.skcluster"
    assert file.stat().st_size < 8e6
    X, y = simulate_clusters(40, random_state=3)
    monkeypatch.setitem(sys.modules, "skops.io", None)  # its import takes longer than an estimate
    distribution = load_model(file).predict_distribution(X)
    predicted, interval = distribution.predict(), distribution.interval(0.95)
    assert np.abs(predicted[:, 0] - y["log_age"]).median() < 0.3
    assert (interval[..., 0] <= predicted).all()
    assert (predicted <= interval[..., 1]).all()
    assert distribution.outside_domain.mean() < 0.3
    assert "cross-validated scores" in read_card()["card"]
