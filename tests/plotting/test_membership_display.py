import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from skcluster.clusters import concat_clusters
from skcluster.datasets import load_example_field, simulate_fields
from skcluster.membership import find_members
from skcluster.plotting import MembershipDisplay, save_memberships


@pytest.fixture(scope="module")
def example():
    return load_example_field()[0]


@pytest.fixture(scope="module")
def members(example):
    """The example, and a field without a cluster."""
    empty = simulate_fields(1, n_members=0, n_field=501, random_state=0)[0].set_axis(["empty"])
    both = concat_clusters([example.set_axis(["cluster_1"]), empty])
    with pytest.warns(UserWarning, match="1 of 2 fields have no significant cluster"):
        return find_members(both)


def test_panels_show_members_over_the_field(example):
    display = MembershipDisplay.from_members(*find_members(example))
    n_members = display.is_member.sum()
    assert n_members > 250
    for members, field in zip(display.members_, display.field_, strict=True):
        assert len(members.get_offsets()) == n_members
        assert len(field.get_offsets()) == len(display.stars) - n_members
    sky, motions, parallaxes, diagram = display.axes_
    assert sky.xaxis_inverted()
    assert diagram.yaxis_inverted()
    assert not motions.xaxis_inverted()
    assert not parallaxes.yaxis_inverted()
    assert display.colorbar_.vmin == 0.5
    assert display.figure_.get_suptitle() == display.summary()
    assert "286 members among 2284 stars" in display.summary()


def test_limits_hold_members_and_ignore_outliers(example):
    stars, clusters = find_members(example)
    stars.loc[stars.index[:5], ["pmra", "parallax"]] = 500.0
    display = MembershipDisplay.from_members(stars, clusters)
    for ax, members in zip(display.axes_, display.members_, strict=True):
        x, y = members.get_offsets().T
        inside = [
            np.mean((values > min(limits)) & (values < max(limits)))
            for values, limits in ((x, ax.get_xlim()), (y, ax.get_ylim()))
        ]
        assert min(inside) > 0.97
    assert np.ptp(display.axes_[1].get_xlim()) < 50
    assert np.ptp(display.axes_[2].get_ylim()) < 10


def test_sky_has_no_seam_and_no_pole():
    ra = np.array([359.0, 1.0, 90.0, 180.0, 270.0])
    dec = np.array([80.0, 80.0, 85.0, 80.0, 85.0])
    others = dict.fromkeys(("pmra", "pmdec", "parallax", "phot_g_mean_mag", "bp_rp"), 1.0)
    unknown = dict.fromkeys(("pmra", "pmdec", "parallax", "half_number_radius"), np.nan)
    display = MembershipDisplay(
        stars=pd.DataFrame({"ra": ra, "dec": dec, **others, "probability": np.nan}),
        cluster={**unknown, "ra": 0.0, "dec": 90.0},
    ).plot()
    x, y = display.field_[0].get_offsets().T
    np.testing.assert_allclose(np.hypot(x, y), 90 - dec)
    assert x[2] > 0 > x[4]
    assert "no cluster found among 5 stars" in display.summary()


def test_one_of_several_clusters_is_chosen(members):
    with pytest.raises(ValueError, match="There are 2 clusters; choose one"):
        MembershipDisplay.from_members(*members)
    with pytest.raises(ValueError, match="0 rows of cluster 'nix'"):
        MembershipDisplay.from_members(*members, cluster="nix")
    display = MembershipDisplay.from_members(*members, cluster="cluster_1")
    assert display.summary().startswith("cluster 1: 286 members among 2284 stars")


def test_a_field_without_a_cluster_is_grey(members):
    display = MembershipDisplay.from_members(*members, cluster="empty")
    assert not display.is_member.any()
    assert display.colorbar_ is None
    assert all(len(field.get_offsets()) == len(display.stars) for field in display.field_)


def test_own_axes(members):
    figure, axes = plt.subplots(1, 4)
    display = MembershipDisplay.from_members(
        *members, cluster="cluster_1", threshold=0.9, axes=axes, colorbar=False
    )
    assert display.figure_ is figure
    assert display.colorbar_ is None
    assert (display.stars["probability"][display.is_member] >= 0.9).all()
    with pytest.raises(ValueError, match="4 panels need as many axes; got 1"):
        display.plot(axes[:1])


def test_a_file_for_each_cluster(members, tmp_path):
    done: list[int] = []
    files = save_memberships(*members, tmp_path / "new", progress=done.append)
    assert done == [1, 1]
    assert [file.name for file in files] == ["cluster_1_members.png", "empty_members.png"]
    assert plt.imread(files[0]).shape[:2] == (1520, 1720)
    with pytest.raises(FileExistsError, match=r"cluster_1_members\.png already exists"):
        save_memberships(*members, tmp_path / "new")
    assert plt.get_fignums() == []
