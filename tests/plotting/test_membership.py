"""The four panels of members over their field."""

import numpy as np
import pytest

from skcluster.datasets import load_example_field
from skcluster.membership import find_members
from skcluster.plotting import MembershipDisplay


@pytest.fixture(scope="module")
def stars():
    return find_members(load_example_field()[0])[0]


def test_members_lie_over_the_field(stars):
    display = MembershipDisplay.from_members(stars)
    n_members = (stars["probability"] >= 0.5).sum()
    for axes in display.axes_:
        field, members = (len(points.get_offsets()) for points in axes.collections[:2])
        assert (field, members) == (len(stars) - n_members, n_members)
    sky, motions, parallaxes, diagram = display.axes_
    assert sky.get_title() == "field 000000"
    assert sky.xaxis_inverted()
    assert diagram.yaxis_inverted()
    assert motions.get_xlabel().endswith("[mas / yr]")
    assert parallaxes.get_xlabel() == diagram.get_ylabel()


def test_a_seam_at_right_ascension_0(stars):
    moved = stars.assign(ra=(stars["ra"] - stars["ra"].median()) % 360)
    low, high = sorted(MembershipDisplay.from_members(moved).axes_[0].get_xlim())
    assert high - low < 2


def test_wrong_clusters_are_named(stars):
    with pytest.raises(ValueError, match=r"one of \['field_000000'\], not 'M 67'"):
        MembershipDisplay.from_members(stars, cluster="M 67")
    with pytest.raises(ValueError, match=r"no star of probability 0\.5"):
        MembershipDisplay.from_members(stars.assign(probability=np.nan))
