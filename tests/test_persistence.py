import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline

from skcluster import ClusterAugmenter, CMDSummary, ConformalRegressor, load_model, save_model
from skcluster.datasets import simulate_clusters
from skcluster.persistence import ModelFileError, read_card
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
    "ann-paper": ann_pipeline(preset="paper", epochs=2, random_state=0),
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


@pytest.fixture(scope="module")
def clusters() -> Any:
    X, y = simulate_clusters(24, random_state=0)
    return X, y[TARGETS]


@pytest.fixture(scope="module")
def saved(clusters: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("models") / "conformal.skcluster"
    save_model(clone(MODELS["conformal"]).fit(*clusters), file, card={"name": "trial"})
    return file


def rewritten(file: Path, to: Path, change: Any) -> Path:
    """A copy of a model file whose parts went through a function of name and bytes."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            data = change(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    return to


def with_model(file: Path, to: Path, change: Any) -> Path:
    """A copy whose model.json was changed, its hash too, as an attacker would."""
    import hashlib

    with zipfile.ZipFile(file) as old:
        model = change(old.read("model.json").decode()).encode()
        manifest = json.loads(old.read("manifest.json"))
    manifest["sha256"]["model.json"] = hashlib.sha256(model).hexdigest()
    new = {"model.json": model, "manifest.json": json.dumps(manifest).encode()}
    return rewritten(file, to, lambda name, data: new.get(name, data))


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
    clone(again).fit(X, y)  # it is an ordinary estimator


def test_intervals_samples_and_domain_are_the_same(saved, clusters):
    X, y = clusters
    model, again = clone(MODELS["conformal"]).fit(X, y), load_model(saved)
    np.testing.assert_array_equal(again.predict_interval(X), model.predict_interval(X))
    np.testing.assert_array_equal(
        again.sample(X, 5, random_state=1), model.sample(X, 5, random_state=1)
    )
    np.testing.assert_array_equal(again.outside_domain(X), model.outside_domain(X))


def test_a_new_process_predicts_the_same_without_keras(saved, clusters, tmp_path):
    code = (
        "import sys, numpy as np\n"
        "from skcluster import load_model\n"
        "from skcluster.datasets import simulate_clusters\n"
        "X, _ = simulate_clusters(24, random_state=0)\n"
        "np.save(sys.argv[2], load_model(sys.argv[1]).predict(X))\n"
        "assert 'keras' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, saved, tmp_path / "p.npy"], check=True)
    np.testing.assert_array_equal(
        np.load(tmp_path / "p.npy"), load_model(saved).predict(clusters[0])
    )


def test_a_file_is_not_replaced_unasked(saved):
    model = load_model(saved)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        save_model(model, saved)
    save_model(model, saved, card={"name": "trial"}, overwrite=True)


def test_a_failed_write_leaves_nothing(tmp_path, clusters):
    forest = make_pipeline(CMDSummary(), RandomForestRegressor(2))
    with pytest.raises(ModelFileError, match=r"RandomForestRegressor, which cannot be kept"):
        save_model(forest, tmp_path / "model.skcluster")
    assert list(tmp_path.iterdir()) == []


def test_the_card_is_read_without_the_model(saved):
    found = read_card(saved)
    assert found["card"] == {"name": "trial"}
    assert found["format"] == 1
    assert found["versions"].keys() >= {"skcluster", "numpy", "python"}


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file"):
        load_model(tmp_path / "none.skcluster")
    text = tmp_path / "text.skcluster"
    text.write_text("not a zip")
    with pytest.raises(ModelFileError, match="no model file, or is cut off"):
        load_model(text)
    with zipfile.ZipFile(text, "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(ModelFileError, match=r"no manifest\.json"):
        load_model(text)


def test_a_damaged_file_is_refused(saved, tmp_path):
    cut = tmp_path / "cut"
    cut.write_bytes(saved.read_bytes()[:-200])
    with pytest.raises(ModelFileError, match="cut off"):
        load_model(cut)
    data = bytearray(saved.read_bytes())
    data[len(data) // 2] ^= 0xFF
    cut.write_bytes(data)
    with pytest.raises(ModelFileError, match="damaged"):
        load_model(cut)
    changed = rewritten(
        saved, cut, lambda n, d: d.replace(b"0.1", b"0.2") if n == "model.json" else d
    )
    with pytest.raises(ModelFileError, match=r"damaged: model\.json is not what was saved"):
        load_model(changed)
    lost = rewritten(saved, cut, lambda n, d: None if n == "arrays/3.npy" else d)
    with pytest.raises(ModelFileError, match=r"missing or too many: arrays/3\.npy"):
        load_model(lost)


def test_a_newer_format_is_refused(saved, tmp_path):
    newer = rewritten(
        saved,
        tmp_path / "newer",
        lambda n, d: d.replace(b'"format": 1', b'"format": 2') if n == "manifest.json" else d,
    )
    with pytest.raises(ModelFileError, match=r"format 2, .* reads up to 1\. Update"):
        load_model(newer)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"class": "skcluster.ConformalRegressor"', '"class": "subprocess.Popen"'),
        ('"function": "skcluster.describe_cluster"', '"function": "os.system"'),
        ('"record": "skcluster.SetArchitecture"', '"record": "pathlib.Path"'),
        ('"record": "skcluster.SetArchitecture"', '"reduce": "skcluster.SetArchitecture"'),
    ],
)
def test_a_file_makes_nothing_that_is_not_listed(saved, tmp_path, old, new):
    evil = with_model(saved, tmp_path / "evil", lambda text: text.replace(old, new))
    with pytest.raises(ModelFileError, match=r"nothing that a model may hold|unknown kind"):
        load_model(evil)


def test_a_pickle_inside_is_not_opened(saved, tmp_path):
    import hashlib

    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
    evil = buffer.getvalue()
    with zipfile.ZipFile(saved) as old:
        manifest = json.loads(old.read("manifest.json"))
    manifest["sha256"]["arrays/0.npy"] = hashlib.sha256(evil).hexdigest()
    new = {"arrays/0.npy": evil, "manifest.json": json.dumps(manifest).encode()}
    file = rewritten(saved, tmp_path / "evil", lambda name, data: new.get(name, data))
    with pytest.raises(ModelFileError, match="not a sound model file"):
        load_model(file)


def test_the_shipped_model_is_small_and_sound():
    import skcluster

    file = Path(skcluster.__file__).parent / "data" / "reference.skcluster"
    assert file.stat().st_size < 8e6
    X, y = simulate_clusters(40, random_state=3)
    model = load_model()
    predicted = model.predict(X)
    assert np.abs(predicted[:, 0] - y["log_age"]).median() < 0.3
    interval = model.predict_interval(X, coverage=0.95)
    assert (interval[..., 0] <= predicted).all()
    assert (predicted <= interval[..., 1]).all()
    assert model.outside_domain(X).mean() < 0.3
    assert "cross-validated scores" in read_card()["card"]
