"""Speed of features, pictures, augmentation and simulation."""

import argparse
import io
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import pyplot as plt
from sklearn.pipeline import FeatureUnion
from speed_timing import Table, compared, peak_bytes, side_by_side

from skcluster import ClusterAugmenter, CMDHistogram, CMDRasterizer, GuessFeatures
from skcluster.clusters import Stars, stars_of
from skcluster.datasets import simulate_clusters

RANGE = ((0.0, 4.1), (10.0, 18.0))
BINS = (41, 10)
#: Number of clusters in the large sample.
N_LARGE = 100_000
#: savefig is slow: so many clusters are enough to time it.
N_SAVED = 50
#: Pictures that are held at a time, of those that would not fit into memory together.
BATCH = 1000


def features(X: Any, y: Any, options: argparse.Namespace) -> Iterator[Table]:
    """Histogram and guesses against loops, of the sample and of many simulated clusters."""
    yield from _features(X, "the sample", options.repeats)
    large, _ = simulate_clusters(N_LARGE, random_state=0, n_stars=200)
    yield from _features(large, "simulated", min(options.repeats, 3))


def _features(X: Any, what: str, repeats: int) -> Iterator[Table]:
    stars = stars_of(X)
    size = f"{what}: {len(X)} clusters, {len(stars)} stars"
    histogram, guess = CMDHistogram(normalize=None).fit(X), GuessFeatures().fit(X)
    both = FeatureUnion([("cmd", histogram), ("guess", guess)]).fit(X)
    jobs: dict[str, Callable[[], Any]] = {
        "CMDHistogram": lambda: histogram.transform(X),
        "loop of numpy.histogram2d": lambda: looped(stars, by_numpy),
        **{
            f"loop of {name}": partial(looped, stars, count)
            for name, count in library_histograms().items()
        },
        "reading the two columns": lambda: read(stars, "bp_rp", "phot_g_mean_mag"),
    }
    yield compared(f"Histogram, {size}", jobs, repeats)
    jobs = {
        "CMDHistogram + GuessFeatures": lambda: both.transform(X),
        "loop of numpy.histogram2d, polyfit, mean, median": lambda: (
            looped(stars, by_numpy),
            looped(stars, guesses_by_numpy, "parallax"),
        ),
        "reading the three columns": lambda: read(stars, "bp_rp", "phot_g_mean_mag", "parallax"),
    }
    yield compared(f"Histogram and guesses, {size}", jobs, repeats)
    n_in = sum(stars[name].nbytes for name in ("bp_rp", "phot_g_mean_mag", "parallax"))
    output = both.transform(X).nbytes
    peak = peak_bytes(lambda: both.transform(X))
    yield Table(
        f"Memory of histogram and guesses, {size}",
        ["three columns (MB)", "output (MB)", "most at a time (MB)", "most less output, of input"],
        [[n_in / 1e6, output / 1e6, peak / 1e6, (peak - output) / n_in]],
    )


def by_numpy(colour: npt.NDArray[Any], magnitude: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The counts of one cluster."""
    counts: npt.NDArray[Any] = np.histogram2d(colour, magnitude, bins=BINS, range=RANGE)[0]
    return counts


def library_histograms() -> dict[str, Callable[..., npt.NDArray[Any]]]:
    """The same by the libraries that are installed."""
    found: dict[str, Callable[..., npt.NDArray[Any]]] = {}
    if find_spec("fast_histogram"):
        from fast_histogram import histogram2d

        found["fast-histogram"] = lambda x, y: histogram2d(x, y, bins=BINS, range=RANGE)
    if find_spec("boost_histogram"):
        from boost_histogram.numpy import histogram2d as boosted

        found["boost-histogram"] = lambda x, y: boosted(x, y, bins=BINS, range=RANGE)[0]
    return found


def guesses_by_numpy(
    colour: npt.NDArray[Any], magnitude: npt.NDArray[Any], parallax: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """Slope, mean colour and median parallax of one cluster."""
    bright = colour < 4
    slope = np.polyfit(magnitude[bright], colour[bright], 1)[0] if bright.sum() > 2 else np.nan
    return np.array([slope, colour.mean(), np.nanmedian(parallax)])


def looped(stars: Stars, job: Callable[..., npt.NDArray[Any]], *columns: str) -> npt.NDArray[Any]:
    """One call a cluster, on its stars' colours, magnitudes and other columns."""
    arrays = [stars[name] for name in ("bp_rp", "phot_g_mean_mag", *columns)]
    starts = np.cumsum(stars.counts)[:-1]
    parts = [np.split(array, starts) for array in arrays]
    return np.array([job(*of_one) for of_one in zip(*parts, strict=True)])


def read(stars: Stars, *columns: str) -> float:
    """Nothing but reading every value once."""
    return sum(float(stars[name].sum()) for name in columns)


def pictures(X: Any, y: Any, options: argparse.Namespace) -> Iterator[Table]:
    """Pictures against savefig, and of many clusters in batches."""
    some = X[: min(N_SAVED, len(X))]
    fast, matplotlib = CMDRasterizer().fit(X), CMDRasterizer(renderer="matplotlib").fit(X)
    seconds = side_by_side(
        {
            "CMDRasterizer()": lambda: fast.transform(X),
            "CMDRasterizer(renderer='matplotlib')": lambda: matplotlib.transform(some),
            "scatter, savefig, imread": lambda: saved(some),
        },
        options.repeats,
    )
    counts = [len(X), len(some), len(some)]
    each = [1000 * s / n for s, n in zip(seconds.values(), counts, strict=True)]
    yield Table(
        f"Pictures of 180 × 180, {len(X)} clusters ({len(some)} with matplotlib)",
        ["", "milliseconds a cluster", "times the first"],
        [[name, ms, ms / each[0]] for name, ms in zip(seconds, each, strict=True)],
    )
    large, _ = simulate_clusters(N_LARGE, random_state=0, n_stars=200)
    small = CMDRasterizer(dtype="uint8").fit(large)

    def in_batches() -> None:
        for start in range(0, len(large), BATCH):
            small.transform(large[start : start + BATCH])

    seconds = side_by_side({"in batches": in_batches}, 1)
    peak = peak_bytes(lambda: small.transform(large[:BATCH]))
    yield Table(
        f"uint8 pictures of {len(large)} clusters, {BATCH} at a time",
        ["seconds", "clusters a second", "all of them (GB)", "most at a time (GB)"],
        [
            [
                seconds["in batches"],
                len(large) / seconds["in batches"],
                len(large) * small.transform(large[:1]).nbytes / 1e9,
                peak / 1e9,
            ]
        ],
    )


def saved(X: Any) -> list[npt.NDArray[Any]]:
    """What one would write by hand: a scatter plot of each cluster, saved and read again."""
    found = []
    for stars in X["stars"]:
        figure, axes = plt.subplots(figsize=(1.8, 1.8), dpi=100)
        axes.scatter(stars["bp_rp"], stars["phot_g_mean_mag"], s=4, c="black")
        axes.set(xlim=(0, 4), ylim=(18, 10))
        axes.axis("off")
        file = io.BytesIO()
        figure.savefig(file, format="png")
        plt.close(figure)
        file.seek(0)
        found.append(plt.imread(file)[..., 0])
    return found


def generators(X: Any, y: Any, options: argparse.Namespace) -> Iterator[Table]:
    """Augmenter and simulator: clusters a second on one core, at growing numbers."""
    table = Table(
        "Clusters a second on one core (200 stars each)",
        ["clusters", "simulate_clusters", "ClusterAugmenter"],
    )
    n = 1000
    while n <= N_LARGE:
        made = simulate_clusters(n, random_state=0, n_stars=200)
        seconds = side_by_side(
            {
                "simulate": partial(simulate_clusters, n, random_state=0, n_stars=200),
                "augment": partial(ClusterAugmenter(random_state=0).fit_resample, *made),
            },
            options.repeats if n < 10_000 else 1,
        )
        table.lines.append([n, *(round(n / s) for s in seconds.values())])
        n *= 10
    yield table
