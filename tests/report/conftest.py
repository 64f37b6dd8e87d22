import numpy as np
import pandas as pd
import pytest

from skcluster.clusters import stars_of
from skcluster.datasets import simulate_clusters
from skcluster.report import write_report


def estimates_of(y):
    """A table as `skcluster.estimation.estimate` gives it, without the time that takes."""
    table = pd.DataFrame({"n_stars": 100}, index=y.index)
    for target, width in {"log_age": 0.2, "a_v": 0.1, "distance_kpc": 0.05}.items():
        table[target] = y[target]
        table[f"{target}_lower"] = y[target] - width
        table[f"{target}_upper"] = y[target] + width
    return table.assign(flag="", notes="")


def samples_of(table):
    rng = np.random.default_rng(0)
    values = table[["log_age", "a_v", "distance_kpc"]].to_numpy()
    spread = rng.normal(0, [0.1, 0.05, 0.01], (len(table), 100, 3))
    return dict(zip(table.index, values[:, None] + spread, strict=True))


@pytest.fixture(scope="session")
def run():
    """Ten clusters: one flagged, one noted, one unmeasured, one whose name tries to be markup."""
    X, y = simulate_clusters(10, random_state=0, n_stars=60)
    names = ["NGC_2682", *(f"Cluster_{i}" for i in range(2, 10)), "</script><b>&'\""]
    X, y = X.set_axis(names), y.set_axis(names)
    table = estimates_of(y)
    table.loc["Cluster_3", "flag"] = "outside domain"
    table.loc["Cluster_2", "notes"] = "few stars; contaminants identified"
    table.loc["Cluster_4", table.columns[1:-2]] = np.nan
    table.loc["Cluster_4", "flag"] = "cannot be measured"
    samples = samples_of(table)
    del samples["Cluster_4"]
    return X, table, samples


@pytest.fixture(scope="session")
def small_page(run, tmp_path_factory):
    file = tmp_path_factory.mktemp("report") / "small.html"
    X, table, samples = run
    write_report(
        X,
        table,
        file,
        samples=samples,
        title="Ten <clusters>",
        metadata={"model": "a&b"},
        card={"limits": {"learned ranges": {"a_v": [0.0, 4.8]}}, "citations": ["A & B 2020"]},
    )
    return file


@pytest.fixture(scope="session")
def posterior_page(run, tmp_path_factory):
    """As of a model that gives metallicities and memberships; the fifth star is not used."""
    file = tmp_path_factory.mktemp("report") / "posterior.html"
    X, table, _ = run
    table = table.assign(n_used=59, effective_samples=151.4, reliability=0.5)
    for end, value in {"": 0.2, "_lower": -0.001, "_upper": 0.3}.items():
        table[f"metallicity{end}"] = value
    samples = {
        name: np.column_stack([values, np.full(len(values), 0.2)])
        for name, values in samples_of(table).items()
    }
    # As of a list in the Gaia archive: identifiers, and parallaxes that are not all known.
    stars = stars_of(X)
    parallax = np.where(np.arange(len(stars)) == 1, np.nan, 1.25)
    identifiers = np.arange(len(stars)) + 6049037136609594880
    X = stars.with_column("parallax", parallax).with_column("source_id", identifiers).to_clusters()
    membership = np.tile([1.0, 0.5, 0.0, 0.25, np.nan, 1.0], len(stars_of(X)) // 6)
    write_report(X, table, file, samples=samples, membership=membership)
    return file


@pytest.fixture(scope="session")
def large_page(tmp_path_factory):
    file = tmp_path_factory.mktemp("report") / "large.html"
    X, y = simulate_clusters(1000, random_state=0, n_stars=200)
    table = estimates_of(y)
    write_report(X, table, file, samples=samples_of(table))
    return file
