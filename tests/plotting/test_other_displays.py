import itertools
import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from sklearn.linear_model import LinearRegression

from skcluster import estimate, schema
from skcluster.pipelines import ann_pipeline, mdm_pipeline, set_pipeline
from skcluster.plotting import (
    ArchitectureDisplay,
    CornerDisplay,
    CoverageDisplay,
    EstimateDisplay,
    TrainingHistoryDisplay,
)

TARGETS = ["log_age", "a_v", "distance_kpc"]


def test_learning_curves_are_the_history(sample):
    X, y = sample
    model = ann_pipeline(epochs=4, random_state=0).fit(X, y)
    network = model[-1].regressor_
    display = TrainingHistoryDisplay.from_estimator(model)
    training, validation = display.lines_
    assert training.get_xdata().tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(training.get_ydata(), network.history_["loss"])
    np.testing.assert_array_equal(validation.get_ydata(), network.history_["val_loss"])
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels[-1] == f"best epoch: {network.best_epoch_}"
    both = TrainingHistoryDisplay.from_estimator({"ours": model, "theirs": network})
    assert len(both.lines_) == 4
    assert both.lines_[2].get_label() == "theirs training"


def test_no_learning_curves_without_an_epoch(sample):
    model = set_pipeline(n_networks=1, epochs=0, random_state=0).fit(*sample)
    with pytest.raises(ValueError, match="was not trained for an epoch"):
        TrainingHistoryDisplay.from_estimator(model)


def test_learning_curves_of_every_network_of_the_reference(model):
    # Its weights come from a file, and so does its history.
    display = TrainingHistoryDisplay.from_estimator(model)
    assert [line.get_label() for line in display.lines_] == [
        f"network {i} training" for i in (1, 2, 3)
    ]


def test_estimates_against_truth(sample, model):
    X, y = sample
    display = EstimateDisplay.from_estimator(model, X, y)
    predicted = model.predict(X)
    for i, axes in enumerate(display.axes_):
        points = axes.collections[-1].get_offsets()
        np.testing.assert_allclose(points, np.column_stack([y.iloc[:, i], predicted[:, i]]))
    bars = display.axes_[0].collections[0].get_segments()
    ends = model.predict_interval(X, coverage=0.68)[:, 0]
    np.testing.assert_allclose([bar[:, 1] for bar in bars], ends)
    assert display.axes_[2].get_xscale() == display.axes_[2].get_yscale() == "log"


@pytest.mark.parametrize("distances", [(0.001, 20.0), (0.3, 9.0)])
def test_the_numbers_at_a_logarithmic_axis_do_not_overlap(distances):
    y = np.array([[9.0, 1.0, distance] for distance in distances])
    display = EstimateDisplay.from_predictions(y, y)
    display.figure_.canvas.draw()
    axis = display.axes_[2].xaxis
    labels = [tick.label1 for tick in axis.get_major_ticks() if tick.get_visible()]
    low, high = axis.get_view_interval()
    shown = [label for label in labels if low <= label.get_position()[0] <= high]
    assert len(shown) >= 4
    boxes = [label.get_window_extent() for label in shown]
    assert not any(a.overlaps(b) for a, b in itertools.pairwise(boxes))
    assert pickle.loads(pickle.dumps(display.figure_)).axes


def test_residuals_on_the_caller_s_axes(sample):
    _, y = sample
    _, axes = plt.subplots(1, 3)
    shifted = y[TARGETS] + 0.5
    display = EstimateDisplay.from_predictions(
        y[TARGETS], shifted, ax=axes, kind="residual_vs_actual"
    )
    assert list(display.axes_) == list(axes)
    np.testing.assert_allclose(axes[1].collections[-1].get_offsets()[:, 1], 0.5)
    # An interval of skewed samples may exclude the estimate.
    skewed = EstimateDisplay.from_predictions(
        [[1.0, 2.0, 3.0]],
        [[1.0, 2.0, 3.0]],
        intervals=[[[1.2, 1.5]] * 3],
        kind="residual_vs_actual",
    )
    np.testing.assert_allclose(
        skewed.axes_[0].collections[0].get_segments()[0], [[1, 0.2], [1, 0.5]]
    )
    one = EstimateDisplay.from_predictions(y["a_v"], y["a_v"], targets=["a_v"])
    assert one.axes_[0].get_xlabel() == "true $A_V$ [mag]"


@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [
        (([[1, 2, 3]], [[1, 2]]), {}, r"y_true has shape \(1, 3\) and y_pred \(1, 2\)"),
        (([[1, 2, 3]], [[1, 2, 3]]), {"targets": ["a"]}, "1 names for 3 targets"),
        (([[1, 2, 3]], [[1, 2, 3]]), {"intervals": [[1, 2, 3]]}, r"shape \(1, 3, 2\)"),
        (([[1, 2, 3]], [[1, 2, 3]]), {"kind": "odd"}, "not 'odd'"),
        (([], []), {}, "must have shape"),
    ],
)
def test_estimates_that_do_not_fit_are_refused(arguments, options, text):
    with pytest.raises(ValueError, match=text):
        EstimateDisplay.from_predictions(*arguments, **options)
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="3 panels need as many axes; got 1"):
        EstimateDisplay.from_predictions([[1, 2, 3]], [[1, 2, 3]], ax=ax)


def test_coverage_is_counted():
    y = pd.DataFrame({"log_age": [1.0, 2, 3, 4], "a_v": [0.0, 0, 0, 0]})
    half = np.array([[[0, 1.0], [1, 2]], [[0, 1], [0, 1]], [[3, 4], [1, 2]], [[5, 6], [1, 2]]])
    all_of_it = np.tile([-10.0, 10.0], (4, 2, 1))
    _, ax = plt.subplots()
    display = CoverageDisplay.from_intervals(y, {0.9: all_of_it, 0.5: half}, ax=ax)
    assert display.ax_ is ax
    assert display.coverage.tolist() == [0.5, 0.9]
    np.testing.assert_allclose(display.covered, [[0.5, 0.25], [1, 1]])
    assert display.lines_[1].get_ydata().tolist() == [0.25, 1]
    with pytest.raises(ValueError, match=r"intervals of 0.5 must have shape \(4, 2, 2\)"):
        CoverageDisplay.from_intervals(y, {0.5: half[:2]})
    with pytest.raises(ValueError, match="no intervals"):
        CoverageDisplay.from_intervals(y, {})


def test_coverage_of_an_estimator(sample, model):
    X, y = sample
    display = CoverageDisplay.from_estimator(model, X, y, coverage=[0.3, 0.95])
    assert (display.covered[1] > display.covered[0]).all()
    assert [line.get_label() for line in display.lines_] == ["log age", "$A_V$", "distance"]
    one = CoverageDisplay.from_estimator(model, X, y[["a_v"]], coverage=[0.3, 0.95])
    np.testing.assert_array_equal(one.covered[:, 0], display.covered[:, 1])


def test_corner_shows_each_parameter_and_each_pair():
    rng = np.random.default_rng(0)
    samples = rng.multivariate_normal([8, 1, 2], [[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1]], 3000)
    samples[0] = np.nan
    display = CornerDisplay.from_samples(samples, reference=[8, 1, 2], name="one")
    assert len(display.samples) == 2999
    # Medians, and ends of intervals that hold 68 per cent of a Gaussian.
    np.testing.assert_allclose(display.estimate, [8, 1, 2], atol=0.1)
    np.testing.assert_allclose(display.interval - [[8], [1], [2]], [[-1, 1]] * 3, atol=0.1)
    assert display.axes_[1, 0].get_ylabel() == "$A_V$ [mag]"
    assert not display.axes_[0, 1].get_frame_on()
    contours = display.axes_[2, 0].collections[-1]
    outer, inner = (path.vertices for path in contours.get_paths())
    # Contours of 95 and 68 per cent of a round Gaussian have radii of 2.45 and 1.51.
    for path, radius in ((outer, 2.45), (inner, 1.51)):
        assert np.median(np.linalg.norm(path - [8, 2], axis=1)) == pytest.approx(radius, rel=0.12)
    with pytest.raises(ValueError, match="There are 1 values for 3 targets"):
        CornerDisplay.from_samples(samples, reference=[1])
    with pytest.raises(ValueError, match="1 names for 3 targets"):
        CornerDisplay.from_samples(samples, targets=["a_v"])
    with pytest.raises(ValueError, match="fewer than 3 samples"):
        CornerDisplay.from_samples(np.full((5, 3), np.nan))


def test_corner_of_a_parameter_that_is_the_same_in_all_samples():
    samples = np.random.default_rng(0).normal([8, 0, 2], [0.1, 0, 0.1], (200, 3))
    display = CornerDisplay.from_samples(samples)
    assert display.axes_[1, 1].get_title() == "0.00 ± 0.00"
    assert display.axes_[1, 0].get_ylim() == (-0.5, 0.5)


def test_corner_of_an_estimator(sample, model):
    X, y = sample
    display = CornerDisplay.from_estimator(model, X, cluster=X.index[2], reference=y, n_samples=500)
    assert display.samples.shape == (500, 4)
    assert display.axes_[3, 0].get_ylabel() == "[M/H] [dex]"
    np.testing.assert_array_equal(display.reference[:3], y.loc[X.index[2], TARGETS])
    assert np.isnan(display.reference[3])
    # The titles are the estimates and intervals of the table.
    row = estimate(X.iloc[[2]], model).iloc[0]
    for i, target in enumerate([*TARGETS, "metallicity"]):
        values = [row[target + end] for end in ("", "_lower", "_upper")]
        text = schema.TARGETS[target].as_text(*values).replace("−", "-")
        title = display.axes_[i, i].get_title().replace("−", "-")
        assert all(part in title for part in text.split())
    lines = [len(axes.get_lines()) for axes in (display.axes_[2, 2], display.axes_[3, 3])]
    assert lines == [4, 3]  # a metallicity that is unknown is not marked
    whole = {**y.loc[X.index[2], TARGETS], "metallicity": 0.1}
    marked = CornerDisplay.from_estimator(
        model, X, cluster=X.index[2], reference=whole, n_samples=500
    )
    assert marked.reference[3] == 0.1
    marked = CornerDisplay.from_estimator(
        model, X[:1], reference=[8, 1, 2], n_samples=500, name="M 67"
    )
    np.testing.assert_array_equal(marked.reference, [8, 1, 2, np.nan])
    assert marked.name == "M 67"


def check_drawing(display):
    """Boxes hold their texts and do not overlap; an arrow for each input lies behind them."""
    display.figure_.canvas.draw()
    patches = display.ax_.patches
    drawn = [patch for patch in patches if isinstance(patch, FancyBboxPatch)]
    boxes = [box.get_window_extent() for box in drawn]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    for box, text in zip(boxes, display.texts_, strict=True):
        assert box.count_contains(text.get_window_extent().corners()) == 4
        assert display.ax_.bbox.count_contains(box.corners()) == 4
    arrows = [patch for patch in patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == sum(len(layer.inputs) for layer in display.layers)
    assert max(p.get_zorder() for p in arrows) < min(p.get_zorder() for p in drawn)


def test_an_architecture_is_that_of_the_keras_model(sample):
    X, y = sample
    model = mdm_pipeline(epochs=1, features__cmd__image_size=24, filters=(4, 8), random_state=0)
    model.fit(X, y)
    network = model[-1].regressor_.model_
    display = ArchitectureDisplay.from_estimator(model)
    assert sum(layer.n_weights for layer in display.layers) == network.count_params()
    assert display.layers[-1].shape == (3,)
    joined = next(layer for layer in network.layers if isinstance(layer, keras.layers.Concatenate))
    branches = [
        ArchitectureDisplay.from_model(keras.Model(*ends)).layers
        for ends in zip(network.inputs, joined.input, strict=True)
    ]
    assert [[layer.kind for layer in branch] for branch in branches] == [
        ["InputLayer", "Conv2D", "Conv2D", "Flatten"],
        ["InputLayer", "Dense", "Dense"],
    ]
    texts = [text.get_text() for text in display.texts_]
    assert any("4 filters of 3 × 3, step 2, relu" in text for text in texts)
    assert any("relu, dropout 0.2" in text for text in texts)
    check_drawing(display)
    # The branch of the picture is a straight column.
    columns = [
        text.get_position()[0]
        for layer, text in zip(display.layers, display.texts_, strict=True)
        if layer.kind in ("Conv2D", "Flatten")
    ]
    np.testing.assert_allclose(columns, display.texts_[0].get_position()[0])
    with pytest.raises(ValueError, match="LinearRegression has no fitted network"):
        ArchitectureDisplay.from_estimator(LinearRegression())


@pytest.mark.parametrize(("n_networks", "n_boxes"), [(1, 25), (2, 6)])
def test_the_architecture_of_a_network_of_sets(sample, n_networks, n_boxes):
    X, y = sample
    small = {"units": (4, 4, 4), "n_heads": 1, "pretrained": None, "epochs": 1}
    model = set_pipeline(n_networks=n_networks, random_state=0, **small).fit(X, y)
    display = ArchitectureDisplay.from_estimator(model)
    assert len(display.layers) == n_boxes
    texts = {text.get_text().partition("\n")[0] for text in display.texts_}
    assert ("network 1" in texts) == (n_networks == 2)
    check_drawing(display)
