"""What each kind of list holds, on simulated clusters."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skcluster.augmentation import ClusterScrambler
from skcluster.clusters import stars_of
from skcluster.datasets import simulate_clusters, simulate_field_stars

G, COLOUR, PARALLAX, ERROR = "phot_g_mean_mag", "bp_rp", "parallax", "parallax_error"
BP, RP = "phot_bp_mean_mag", "phot_rp_mean_mag"
N = 12


def lists_of(kind, field=None):
    """The stars of clusters, and pairs of these and of a list made of them, three each."""
    n_stars = np.array([5, *range(40, 150, 10)])
    clusters = simulate_clusters(
        N, n_stars=n_stars, distance_kpc=np.linspace(0.5, 4, N), random_state=1
    )
    scrambler = ClusterScrambler(n_copies=3, kinds=[kind], field=field, random_state=0)
    stars = stars_of(scrambler.fit_resample(*clusters)[0])
    assert scrambler.kinds_.tolist() == N * [""] + 3 * N * [kind]
    table = pd.DataFrame({name: stars[name] for name in stars.columns})
    tables = [part for _, part in table.groupby(stars.cluster)]
    return tables[:N], list(zip(3 * tables[:N], tables[N:], strict=True))


def test_random_stars_are_of_all_clusters():
    clusters, lists = lists_of("random stars")
    lenders = pd.concat(dict(enumerate(clusters)), names=["lender", "star"]).reset_index()
    for own, made in lists:
        assert len(made) == max(len(own), 20)
        lender = made.merge(lenders, "left")["lender"]
        assert lender.notna().all()
        assert lender.nunique() > 5


def test_two_clusters_are_whole():
    clusters, lists = lists_of("two clusters")
    others = []
    for own, made in lists:
        assert_array_equal(made[: len(own)], own)
        others += [i for i in range(N) if np.array_equal(made[len(own) :], clusters[i])]
        assert clusters[others[-1]] is not own
    assert len(others) == len(lists)
    assert len(set(others)) > N / 2


@pytest.mark.parametrize(
    ("kind", "colours"), [("G-RP", {"G-RP"}), ("other colour", {"BP-G", "B-V"})]
)
def test_another_colour_takes_the_place_of_bp_rp(kind, colours):
    seen = set()
    for own, made in lists_of(kind)[1]:
        assert_array_equal(made.drop(columns=COLOUR), own.drop(columns=COLOUR))
        others = {"G-RP": own[G] - own[RP], "BP-G": own[BP] - own[G]}
        others["B-V"] = (own[COLOUR] - 0.1) / 1.43
        seen |= {name for name, c in others.items() if np.allclose(made[COLOUR], c, atol=1e-5)}
    assert seen == colours


def test_units_are_wrong_in_three_ways():
    seen = []
    for own, made in lists_of("wrong units")[1]:
        own, made = own.reset_index(), made.reset_index()
        if np.allclose(made[PARALLAX], own[PARALLAX] / 1000):
            seen.append("arcsec")
            assert_allclose(made[ERROR], own[ERROR] / 1000, rtol=1e-5)
        elif made[G].equals(own[G]):
            seen.append("kpc")
            near = own[PARALLAX] > 0.02
            assert_allclose(made[PARALLAX][near], 1 / own[PARALLAX][near], rtol=1e-5)
            assert_allclose(made[ERROR][near], (own[ERROR] / own[PARALLAX] ** 2)[near], rtol=1e-5)
            assert made[PARALLAX][own[PARALLAX] <= 0].isna().all()
        else:
            seen.append("absolute")
            modulus = 10 - 5 * np.log10(own[PARALLAX].median())
            for band in (G, BP, RP):
                assert_allclose(made[band], own[band] - modulus, atol=1e-3)
    assert min(seen.count(way) for way in ("arcsec", "kpc", "absolute")) > N / 2


def test_globular_clusters_are_far_and_most_have_a_blue_horizontal_branch():
    lists = [made for _, made in lists_of("globular cluster")[1]]
    for made in lists:
        parallax = np.average(made[PARALLAX], weights=made[ERROR] ** -2.0)
        assert 1 / 20 - 0.03 < parallax < 1 / 5 + 0.03
        assert made.loc[made[G].idxmin(), COLOUR] > 0.7  # a red giant
    assert 17.5 < max(made[G].max() for made in lists) < 18
    assert np.mean([(made[COLOUR] < 0.4).any() for made in lists]) > 0.5


def test_fields_are_stars_of_one_sightline():
    field = simulate_field_stars(6, n_stars=300, random_state=0)
    sightlines = [set(stars[G]) for stars in field["stars"]]
    chosen = []
    for own, made in lists_of("field", field)[1]:
        assert len(made) == max(len(own), 20)
        chosen += [i for i in range(6) if set(made[G]) <= sightlines[i]]
    assert len(chosen) == 3 * N
    assert set(chosen) == set(range(6))


# Without a field, some of the random stars are the cluster's own.
@pytest.mark.parametrize(("field", "most"), [(None, 1.0), (simulate_field_stars, 0.7)])
def test_where_there_is_no_cluster_parallaxes_agree_nevertheless(field, most):
    shares = []
    for own, made in lists_of("no cluster", field)[1]:
        off = (made[PARALLAX] - own[PARALLAX].median()) / np.hypot(made[ERROR], 0.02)
        assert off.abs().max() < 6
        shares.append(made[G].isin(own[G]).mean())
    # In half of the lists none is a member, in the others up to a fifth.
    assert 0.3 < np.mean(np.array(shares) > 0.02) < most
    assert np.quantile(shares, 0.9) < 0.35
