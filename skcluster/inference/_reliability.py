"""How reliable an estimate is, learned from lists of clusters and from lists that are none."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.clusters import Stars
from skcluster.clusters._parallax import median_parallaxes, medians_of_clusters, parallax_errors
from skcluster.gaia import Release
from skcluster.inference._cluster_posterior import ClusterPosterior

#: Numbers per estimate that tell whether it can be trusted, by what large deviations of them mean
#: to a user: those that `posterior_clues` returns, followed by those of `parallax_clues`.
CLUES: dict[str, tuple[str, ...]] = {
    "stars do not follow one isochrone": (
        *("log_field_odds", "differential_reddening", "field_density"),
        *("members_10", "members_50", "members_90"),
    ),
    "stars disagree with the network": ("shift", "shift_age", "shift_a_v", "shift_modulus"),
    "improbable parameters": (
        *("age", "a_v", "modulus", "metallicity"),
        *("width_age", "width_a_v", "width_modulus", "width_metallicity"),
        *("prior_age", "prior_a_v", "prior_modulus", "log_n"),
    ),
    "parallaxes of more than one cluster": (
        *("parallax_width", "parallax_core", "parallax_error"),
        *("members_nearer", "members_apart", "members_deviate"),
    ),
}
#: Number of those that `posterior_clues` returns.
N_POSTERIOR_CLUES = 22
#: Value of the clues of a list without parallaxes, which none has otherwise.
_UNKNOWN = -20.0
#: With fewer parallaxes, their clues are unknown.
_FEWEST_PARALLAXES = 3
#: Largest values of ratios that are unbounded.
_MOST_ERRORS, _MOST_SIGNIFICANT = 10.0, 30.0
#: Least density of members (1/mag²), that of a star where no member is.
_LEAST_DENSITY = 1e-12
#: A reason is given if it contributes at least this share of what the largest one does.
_ALSO = 0.5
#: Number of folds of the lists, to scale the log odds.
_N_FOLDS = 3
#: The trees, `GradientBoostingClassifier`; chosen by the log loss of clusters held out.
_BOOSTING = {
    **{"n_estimators": 300, "learning_rate": 0.03, "max_depth": 4, "min_samples_leaf": 20},
    **{"subsample": 0.5, "max_features": 0.25, "init": "zero"},
}


def posterior_clues(posterior: ClusterPosterior) -> FloatArray:
    """Return the clues of a posterior, in the order of `CLUES`, without those of parallaxes."""
    likelihood, prior = posterior.potential.likelihood, posterior.potential.prior
    density = np.maximum(posterior.member_density, _LEAST_DENSITY)
    field = np.log(likelihood.field_density)
    shift = (posterior.mean[:3] - prior.mean) / prior.spread
    odds = posterior.weights @ posterior.parameters.log_field_odds
    clues: FloatArray = np.r_[
        [odds, posterior.differential_reddening, np.median(field)],
        np.quantile(np.log(density).mean(axis=0) - field, [0.1, 0.5, 0.9]),
        [np.linalg.norm(shift), *shift],
        posterior.mean,
        np.log(np.maximum(posterior.std, _LEAST_DENSITY)),
        np.log(prior.spread),
        [np.log10(len(field))],
    ]
    return clues


def parallax_clues(stars: Stars, membership: FloatArray, release: Release) -> FloatArray:
    """Return the clues of the parallaxes of clusters, in the order of `CLUES`.

    ``membership`` is that of each star; stars without it are not used. The clues are the width and
    the core of the distribution of parallaxes in units of their errors, the typical error, and how
    members differ from the other stars: the difference of the mean parallaxes in typical errors and
    its significance, and how much farther from the median the members are.
    """
    n = len(stars.index)
    if "parallax" not in stars:
        return np.full((n, len(list(CLUES.values())[-1])), _UNKNOWN)
    used = np.isfinite(membership) & np.isfinite(stars["parallax"])
    stars, member = stars.take(used), np.clip(membership[used], 1e-3, 1 - 1e-3)
    cluster, parallax = stars.cluster, stars["parallax"].astype(np.float64)
    error = parallax_errors(stars, release)

    def mean(values: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
        total = np.maximum(np.bincount(cluster, weight, minlength=n), 1e-300)
        return np.bincount(cluster, weight * values, minlength=n) / total, total

    deviation = (parallax - median_parallaxes(stars)[cluster]) / error
    distance = np.abs(deviation)
    clipped = np.clip(deviation, -_MOST_ERRORS, _MOST_ERRORS)
    (centre, _), (square, _) = (mean(clipped**k, np.ones(len(clipped))) for k in (1, 2))
    core, typical_error = (medians_of_clusters(values, stars) for values in (distance, error))
    (of_members, weight), (of_others, other) = (
        mean(parallax, share / error**2) for share in (member, 1 - member)
    )
    apart = of_members - of_others
    (nearer, _), (farther, _) = (
        mean(np.minimum(distance, _MOST_ERRORS / 2), share) for share in (member, 1 - member)
    )
    clues = np.column_stack(
        [
            np.log(np.sqrt(np.maximum(square - centre**2, 0)) + 0.05),
            np.log(1.4826 * core + 0.05),
            np.log(typical_error),
            np.clip(apart / typical_error, -_MOST_ERRORS, _MOST_ERRORS),
            np.minimum(np.abs(apart) / np.sqrt(1 / weight + 1 / other), _MOST_SIGNIFICANT),
            nearer - farther,
        ]
    )
    clues[stars.counts < _FEWEST_PARALLAXES] = _UNKNOWN
    return clues


@dataclass(frozen=True, eq=False)
class Reliability:
    """Probability that a list is one cluster, by boosted trees.

    Attributes
    ----------
    trees : ndarray of shape (n_nodes, 5)
        One row per node: index of the clue; largest value of it that goes to the left; rows of the
        nodes to the left and to the right, which are those of the node itself at the end of a tree;
        mean contribution to the log odds of those that come here.
    """

    trees: FloatArray

    @classmethod
    def fit(
        cls, clues: FloatArray, is_cluster: BoolArray, source: IntArray, seed: int
    ) -> "Reliability | None":
        """Learn from the clues of lists, shape (n_lists, n_clues), without unknown ones.

        Clusters count as much as all other lists together, so that the probability is that of a
        list which is a cluster as likely as not. The log odds are scaled to be those of lists that
        are held out; lists of the same ``source``, a training cluster, are held out together. None
        if there are too few lists to learn from.
        """
        from sklearn.ensemble import GradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GroupKFold
        from sklearn.utils.class_weight import compute_sample_weight

        if len(np.unique(source)) < _N_FOLDS:
            return None
        clues = clues.astype(np.float32)
        weight = compute_sample_weight("balanced", is_cluster)
        model = GradientBoostingClassifier(**_BOOSTING, random_state=seed)
        held_out = np.empty((len(clues), 1))
        for train, test in GroupKFold(_N_FOLDS).split(clues, groups=source):
            model.fit(clues[train], is_cluster[train], sample_weight=weight[train])
            held_out[test, 0] = model.decision_function(clues[test])
            if np.ptp(held_out[test]) == 0:  # no tree has a branch
                return None
        # Its penalty matters only for few lists, which can be told without an error.
        scaling = LogisticRegression().fit(held_out, is_cluster, sample_weight=weight)
        model.fit(clues, is_cluster, sample_weight=weight)
        factor = float(scaling.coef_[0, 0]) * model.learning_rate
        nodes: list[FloatArray] = []
        for (fitted,) in model.estimators_:
            nodes.append(_nodes(fitted.tree_, factor, sum(map(len, nodes))))
        nodes[0][:, 4] += scaling.intercept_[0]
        return cls(np.concatenate(nodes))

    def probability(self, clues: FloatArray) -> FloatArray:
        """Return the probability of each list, shape (n_lists,); NaN if a clue is."""
        log_odds = self.trees[self._roots, 4].sum() + self._shares(clues).sum(axis=1)
        return np.where(np.isnan(clues).any(axis=1), np.nan, expit(log_odds))

    def reasons(self, clues: FloatArray) -> dict[str, BoolArray]:
        """Return which groups of `CLUES` make each list unlikely to be a cluster."""
        ends = np.cumsum([len(names) for names in CLUES.values()])[:-1]
        groups = np.split(self._shares(clues), ends, axis=1)
        against = -np.column_stack([shares.sum(axis=1) for shares in groups])
        largest = against.max(axis=1, keepdims=True)
        large = against >= np.where(largest > 0, _ALSO, 1) * largest
        return dict(zip(CLUES, large.T, strict=True))

    @cached_property
    def _roots(self) -> IntArray:
        """Rows of the nodes with which the trees begin: those that are no branch of another."""
        rows = np.arange(len(self.trees))
        branches = self.trees[:, [2, 3]].astype(np.int64)
        return np.setdiff1d(rows, branches[branches[:, 0] != rows])

    def _shares(self, clues: FloatArray) -> FloatArray:
        """Return what each clue adds to the log odds of the roots, shape (n_lists, n_clues).

        A node adds the difference of its branch from it (Saabas 2014); the sum is exact.
        """
        clue, left, right = self.trees[:, [0, 2, 3]].T.astype(np.int64)
        threshold, value = self.trees[:, [1, 4]].T
        inner, roots = left != np.arange(len(left)), self._roots
        clues = clues.astype(np.float32)
        shares = np.zeros(clues.shape)
        rows = np.arange(len(clues))[:, None]
        node: IntArray = np.broadcast_to(roots, (len(clues), len(roots)))
        while inner[node].any():
            goes_left = clues[rows, clue[node]] <= threshold[node]
            branch = np.where(goes_left, left[node], right[node])
            np.add.at(shares, (rows, clue[node]), value[branch] - value[node])
            node = branch
        return shares


def _nodes(tree: object, factor: float, start: int) -> FloatArray:
    """Return the rows of a tree of scikit-learn, whose first one is ``start``."""
    names = ("feature", "threshold", "children_left", "children_right", "weighted_n_node_samples")
    clue, threshold, left, right, weight = (np.array(getattr(tree, name)) for name in names)
    value = factor * np.array(tree.value)[:, 0, 0]  # type: ignore[attr-defined]
    inner = left >= 0
    # The values of inner nodes are not those of the leaves that boosting has changed; branches
    # follow their node.
    for i in np.flatnonzero(inner)[::-1]:
        branches = [left[i], right[i]]
        value[i] = np.average(value[branches], weights=weight[branches])
    own = np.arange(len(left))
    left, right = (start + np.where(inner, branch, own) for branch in (left, right))
    return np.column_stack([np.where(inner, clue, 0), threshold, left, right, value])
