"""Copies that take part in the calibration of the posterior, and in its domain."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from skcluster import ClusterCorruptor
from skcluster.clusters import stars_of
from skcluster.inference import IsochronePosterior
from skcluster.pipelines import reference_pipeline


class Twins(BaseEstimator):
    """Copies each cluster once, as it is."""

    def fit_resample(self, X, y):
        rows = np.arange(len(X))
        self.sample_indices_ = np.concatenate([rows, rows])
        index = [*X.index, *(f"{name} (copy 1)" for name in X.index)]
        twice = X.iloc[self.sample_indices_].set_axis(index)
        return twice, y.iloc[self.sample_indices_].set_axis(index)


class Memory(RegressorMixin, BaseEstimator):
    """Predicts labels that it has seen, and zeros for clusters that it has not."""

    def fit(self, X, y):
        self.seen_ = dict(zip(X.index, y.to_numpy(), strict=True))
        return self

    def predict(self, X):
        names = [name.removesuffix(" (copy 1)") for name in X.index]
        return np.array([self.seen_.get(name, np.array([7.0, 0.0, 1.0])) for name in names])


def test_copies_of_a_cluster_are_held_out_with_it(clusters):
    X, y = clusters
    settings = {"tempering": 0.3, "n_draws": 64, "cv": 4, "random_state": 0}
    model = IsochronePosterior(Memory(), resampler=Twins(), **settings).fit(X, y)
    # No copy was predicted by a model that had seen its cluster, or errors would be zero.
    assert (model.inflation_ > 0.3).all()
    assert len(model.scores_) == 2 * len(X)
    assert len(model.held_out_) == len(X)
    alone = IsochronePosterior(Memory(), **settings).fit(X, y)
    np.testing.assert_allclose(model.inflation_, alone.inflation_)
    np.testing.assert_allclose(model.held_out_, alone.held_out_, rtol=1e-6)


def test_the_domain_holds_lists_of_the_kinds_of_copies(clusters, fitted):
    X, y = clusters
    stars = stars_of(X)
    bright = stars.take(stars["phot_g_mean_mag"] < 15.5)
    kept = np.flatnonzero(bright.counts >= 6)
    cut = bright.to_clusters().iloc[kept]
    corruptor = ClusterCorruptor(n_copies=4, limited=0.7, limits=(15, 16), random_state=0)
    settings = {"epochs": 0, "cv": 2, "tempering": 0.3, "n_draws": 64, "random_state": 0}
    corrupted = reference_pipeline(resampler=corruptor, **settings).fit(X, y)
    assert corrupted.outside_domain(cut).mean() < 0.3 < fitted.outside_domain(cut).mean()
