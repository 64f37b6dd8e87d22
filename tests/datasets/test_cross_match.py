"""Clusters that two catalogues have in common."""

import itertools

import numpy as np
import pandas as pd
import pytest

from skcluster.datasets import cross_match
from skcluster.datasets.catalogues._names import other_names


def catalogue(names, ra=0.0, dec=0.0, **columns):
    index = pd.Index(names, name="cluster")
    return pd.DataFrame({"ra": ra, "dec": dec, **columns}, index=index, dtype=None)


@pytest.mark.parametrize(
    "names",
    [
        ["NGC_2682", "NGC 2682", "ngc2682", "NGC-2682", "M67", "M 67", "Messier 67"],
        ["NGC_188", "NGC 0188", "NGC188"],
        ["FSR_0133", "FSR 133"],
        ["Melotte_22", "Mel 22", "M45", "Pleiades"],
        ["Collinder_258", "Cr 258", "Col258"],
        ["BH_99", "vdBergh-Hagen 99", "VDBH 99"],
        ["vdBergh_80", "VdB 80"],
        ["COIN-Gaia_7", "COIN Gaia 7", "coin_gaia 7"],
        ["Alessi_Teutsch_11", "Alessi-Teutsch 11"],
    ],
    ids=lambda names: names[0],
)
def test_spellings_of_one_name(names):
    for first, second in itertools.combinations(names, 2):
        matched = cross_match(pd.DataFrame(index=[first]), pd.DataFrame(index=[second]))
        assert matched["matched_by"].tolist() == ["name"]


def test_clusters_of_messier():
    known = [n for n in range(1, 111) if other_names(f"M {n}")]
    assert known == [
        *range(2, 8), *range(9, 17), *(18, 19, 21, 22, 23, 25, 26, 28, 29, 30), *range(34, 40),
        *(41, 44, 45, 46, 47, 48, 50, 52, 53, 54, 55, 56, 62, 67, 68, 69, 70, 71, 72, 75, 79, 80),
        *(92, 93, 103, 107),
    ]  # fmt: skip


def test_names_that_differ_stay_apart():
    names = (
        "NGC_268,NGC_2682,UBC_10a,UBC_10b,UBC_100,UBC_1,ESO_92_05,ESO_9_205,Ruprecht_123,"
        "Ruprecht_123_v0,Basel_11A,Basel_11B,IC_2602,NGC_2602,Alessi_1,Alessi_Teutsch_1"
    )
    catalogue = pd.DataFrame(index=names.split(","))
    for name in catalogue.index:
        assert cross_match(catalogue.loc[[name]], catalogue.drop(name)).empty


def test_names_come_first_and_say_if_they_are_far_apart():
    a = catalogue(["NGC_2682", "NGC_188"], ra=[132.8, 12.0], dec=[11.8, 85.2])
    b = catalogue(["M 67", "NGC 0188"], ra=[132.8, 12.0], dec=[11.9, 80.2])
    matched = cross_match(a, b)
    assert matched["a"].tolist() == ["NGC_2682", "NGC_188"]
    assert matched["b"].tolist() == ["M 67", "NGC 0188"]
    assert matched["matched_by"].tolist() == ["name", "name"]
    assert matched["consistent"].tolist() == [True, False]
    np.testing.assert_allclose(matched["separation"], [0.1, 5.0], atol=1e-9)


def test_aliases_match_after_main_names():
    a = catalogue(["ASCC_112", "Alessi_Teutsch_11"])
    b = catalogue(["ASCC 112", "X 1"], dec=[0, 40], aliases=["", "Theia 5, Alessi Teutsch 11"])
    matched = cross_match(a, b)
    assert dict(zip(matched["a"], matched["b"], strict=True)) == {
        "ASCC_112": "ASCC 112",
        "Alessi_Teutsch_11": "X 1",
    }


def test_every_cluster_is_matched_once():
    a = catalogue(["ASCC_112", "Other"])
    b = catalogue(["ASCC 112"], aliases=["Other"])
    assert cross_match(a, b)["a"].tolist() == ["ASCC_112"]


def test_positions_match_each_others_nearest():
    a = catalogue(["A1", "A2", "A3"], ra=[10.0, 10.1, 50.0])
    b = catalogue(["B1", "B2"], ra=[10.09, 200.0])
    matched = cross_match(a, b)
    assert matched[["a", "b", "matched_by"]].to_numpy().tolist() == [["A2", "B1", "position"]]


@pytest.mark.parametrize(
    ("column", "apart", "near"), [("pmra", 0.6, 0.4), ("pmdec", 0.6, 0.4), ("parallax", 0.15, 0.05)]
)
def test_what_moves_or_lies_elsewhere_is_another_cluster(column, apart, near):
    motion = {"pmra": 1.0, "pmdec": 2.0, "parallax": 1.0}
    a = catalogue(["A"], **motion)
    for difference, n in ((apart, 0), (near, 1)):
        b = catalogue(["B"], **{**motion, column: motion[column] + difference})
        assert len(cross_match(a, b)) == n


def test_near_clusters_may_differ_by_a_fraction():
    a = catalogue(["A"], pmra=100.0, pmdec=0.0, parallax=20.0)
    b = catalogue(["B"], pmra=103.0, pmdec=0.0, parallax=20.8)
    assert cross_match(a, b)["consistent"].tolist() == [True]


def test_what_is_unknown_does_not_part_clusters():
    a = catalogue(["A"], pmra=1.0, pmdec=1.0)
    b = catalogue(["B"], pmra=np.nan, pmdec=np.nan, parallax=3.0)
    matched = cross_match(a, b)
    assert len(matched) == 1
    assert np.isnan(matched["parallax_difference"][0])
    matched = cross_match(pd.DataFrame(index=["NGC 2682", "X"]), pd.DataFrame(index=["Y", "M67"]))
    assert matched[["a", "b"]].to_numpy().tolist() == [["NGC 2682", "M67"]]
    assert np.isnan(matched["separation"][0])


def test_the_sky_is_round():
    a = catalogue(["A", "P"], ra=[359.95, 10.0], dec=[0.0, 89.95])
    b = catalogue(["B", "Q"], ra=[0.05, 190.0], dec=[0.0, 89.95])
    matched = cross_match(a, b)
    np.testing.assert_allclose(matched["separation"], 0.1, rtol=1e-6)


def test_fetched_catalogues_go_in_as_they_are(fetch):
    matched = cross_match(fetch("cantat_gaudin_2020"), fetch("bossini_2019"))
    assert len(matched) == 8
    assert set(matched["matched_by"]) == {"name"}


def test_no_match_is_an_empty_table():
    matched = cross_match(catalogue(["A"]), catalogue(["B"], dec=[50]))
    assert matched.empty
    assert matched.columns.tolist()[:3] == ["a", "b", "matched_by"]


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="b has the cluster 'B' more than once"):
        cross_match(catalogue(["A"]), catalogue(["B", "B"]))
    with pytest.raises(ValueError, match=r"'max_parallax' .* Got -1 instead"):
        cross_match(catalogue(["A"]), catalogue(["B"]), max_parallax=-1)
    with pytest.raises(ValueError, match=r"'a' .* must be an instance of .*DataFrame"):
        cross_match([1], catalogue(["B"]))


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("NGC_2682", ["M 67"]),
        ("Messier 67", ["NGC 2682"]),
        ("M45", ["Melotte 22", "Pleiades"]),
        ("Mel 22", ["M 45", "Pleiades"]),
        ("NGC 0581", ["M 103"]),
        ("sim_00012", []),
        ("</script>", []),
        ("", []),
    ],
)
def test_other_names(name, others):
    assert other_names(name) == others
