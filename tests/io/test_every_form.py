"""A list of members means the same in every form that it can have, behind every door."""

import pytest
from common.formats import cases, made, seen

MEMBERS = {
    "cluster": ["a", "a", "b", "b"],
    "phot_g_mean_mag": [12.5, 13.25, 14.0, 15.5],
    "bp_rp": [0.5, 0.75, 1.0, 1.25],
    "parallax": [1.5, None, 2.5, 2.25],
    "n_transits": [9, 8, 7, 6],
    "note": ["u", "v", "w", "x"],
}


@pytest.mark.parametrize(("form", "door"), cases())
def test_the_same_stars(form, door, tmp_path):
    stars = seen(door, made(MEMBERS, form, tmp_path), tmp_path).stars
    assert {name: stars[name] for name in MEMBERS if name != "cluster"} == {
        name: values for name, values in MEMBERS.items() if name != "cluster"
    }
    assert len(set(stars["cluster"])) == 2
