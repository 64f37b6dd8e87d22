"""What models of this room tell scikit-learn of themselves."""

from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.utils import get_tags

from skcluster.inference import ConformalRegressor, IsochronePosterior


def test_a_posterior_takes_clusters_and_several_targets():
    for model, needs_y in ((IsochronePosterior(), False), (IsochronePosterior(Ridge()), True)):
        tags = get_tags(model)
        assert not tags.input_tags.two_d_array
        assert tags.target_tags.required == needs_y
        assert tags.target_tags.multi_output
        assert not tags.target_tags.single_output
        assert tags.no_validation
        assert tags.regressor_tags.poor_score


def test_intervals_take_what_their_regressor_takes():
    for inner in (LinearRegression(positive=True), Ridge(), LogisticRegression()):
        tags, own = get_tags(ConformalRegressor(inner)), get_tags(inner)
        assert tags.input_tags == own.input_tags
        assert tags.target_tags == own.target_tags
        assert tags.regressor_tags == own.regressor_tags
