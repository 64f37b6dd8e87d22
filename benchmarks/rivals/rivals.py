"""Ages, extinctions and distances by another program, on the same lists of members.

    python benchmarks/rivals/rivals.py --members members.parquet --clusters clusters.csv \
        --auriga-python PATH --references out/references

Prints the errors with respect to the published values, the coverage of the stated errors, and the
CPU time per cluster, of `skcluster.estimate` and of Auriga 1.1 (Kounkel et al. 2020, AJ 160, 279).
``--auriga-python`` is the Python of an environment that has it: ``pip install auriga "numpy<2"
"pandas<3" "setuptools<81"``. The weights of its network are in the package.

Auriga is a network for seven quantities per star: G, BP, RP, J, H, K and parallax. The lists have
no J, H, K. It accepts that and replaces them by constants ("auriga, no 2MASS"). "auriga, J H K from
colours" gets those that the mean relations between Gaia's and 2MASS's photometry predict. It is
given no errors of magnitudes, so that its spread is that of the choice of 250 stars and of the
parallaxes. What it states as errors is taken as an interval of 68 per cent.

With ``--references``, each cluster is estimated by the model of the fold that has not seen it. The
default is the pretrained model, which was trained on these very clusters and labels. Auriga was
trained on others' labels, so that a part of its errors is the difference between catalogues.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from astropy.table import Table

import skcluster
from skcluster.clusters import stars_of

sys.path.append(str(Path(__file__).parents[1] / "accuracy"))

from accuracy_report import UNITS, bias, errors, rmse
from references import TARGETS, kept_references, parser_of, sample

#: G less the magnitude in a band, as a polynomial of BP - RP: documentation of Gaia EDR3, section
#: 5.5.1, table 5.7. Where it holds: Riello et al. 2021, A&A 649, A3, table C.1.
TWO_MASS = {
    "j": (0.01798, 1.389, -0.09338),
    "h": (-0.1048, 2.011, -0.1758),
    "k": (-0.0981, 2.089, -0.1579),
}
VALID = (-0.5, 2.5)
#: The names that Auriga knows the columns by.
COLUMNS = {
    "g": "phot_g_mean_mag",
    "bp": "phot_bp_mean_mag",
    "rp": "phot_rp_mean_mag",
    "parallax": "parallax",
    "eparallax": "parallax_error",
}
#: Its command, with a seed, which it has no option for.
AURIGA = "import numpy; numpy.random.seed({}); from auriga.auriga import main; main()"


class Estimates(NamedTuple):
    """What a program says of all clusters: best values, ends of intervals, CPU time of all (s)."""

    best: pd.DataFrame
    lower: pd.DataFrame
    upper: pd.DataFrame
    seconds: float


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = parser_of(__doc__, "rivals")
    parser.add_argument("--auriga-python", type=Path, metavar="PATH", help="Python with Auriga")
    parser.add_argument("--every", type=int, default=1, help="take every n-th cluster")
    return parser.parse_args(arguments)


def ours(X: Any, references: Path | None) -> Estimates:
    """Estimates of `skcluster.estimate`."""
    models: list[tuple[Any, Any]] = [(None, X.index)]
    if references:
        models = kept_references(references)
    tables, start = [], time.process_time()
    for model, names in models:
        tables.append(skcluster.estimate(X[X.index.isin(names)], model))
    seconds = time.process_time() - start
    table = pd.concat(tables).reindex(X.index)
    lower, upper = (
        table[[f"{target}_{end}" for target in TARGETS]].set_axis(TARGETS, axis=1)
        for end in ("lower", "upper")
    )
    return Estimates(table[TARGETS], lower, upper, seconds)


def auriga(X: Any, options: argparse.Namespace, *, predict_two_mass: bool) -> Estimates:
    """Estimates of Auriga, by its command."""
    stars = stars_of(X)
    table = Table({name: stars[column] for name, column in COLUMNS.items()})
    table["cluster"] = np.repeat(X.index.to_numpy(str), np.diff(stars.offsets))
    colour = stars["bp_rp"]
    known = predict_two_mass & (colour > VALID[0]) & (colour < VALID[1])
    for band, coefficients in TWO_MASS.items():
        predicted = stars["phot_g_mean_mag"] - np.polynomial.Polynomial(coefficients)(colour)
        table[band] = np.where(known, predicted, np.nan)
    for band in ("g", "bp", "rp", *TWO_MASS):
        table[f"e{band}"] = 0.0
    given, written = options.output / "stars.fits", options.output / "auriga"
    table.write(given, overwrite=True)
    command = [options.auriga_python, "-W", "ignore", "-c", AURIGA.format(options.seed), given]
    command += ["--localFlux", "--silent"]
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([*command, "--tableOut", written], check=True)
    after = getrusage(RUSAGE_CHILDREN)
    found = Table.read(f"{written}.fits", character_as_bytes=False).to_pandas()
    found = found.set_index("cluster").loc[list(X.index)]
    best, spread = (
        found[names].set_axis(TARGETS, axis=1).set_axis(X.index) / [1, 1, 1000]
        for names in (["age", "av", "dist"], ["eage", "eav", "edist"])
    )
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Estimates(best, best - spread, best + spread, seconds)


def compared(y: pd.DataFrame, programs: dict[str, Estimates]) -> pd.DataFrame:
    """A line for each target and program."""
    lines = []
    found = {
        name: [errors(y, table) for table in (said.best, said.lower, said.upper)]
        for name, said in programs.items()
    }
    for target, unit in UNITS.items():
        for name, of in found.items():
            error, low, high = (table[target] for table in of)
            lines.append(
                {
                    "target": f"{target} ({unit})",
                    "program": name,
                    "RMSE": rmse(error.to_numpy()),
                    "bias": bias(error.to_numpy()),
                    "scatter": f"{1.4826 * (error - error.median()).abs().median():.3f}",
                    "covered": f"{((low <= 0) & (high >= 0)).mean():.0%}",
                    "median ±": f"{((high - low) / 2).median():.3f}",
                }
            )
    return pd.DataFrame(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    options = parse(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    X, y = sample(options)
    X, y = X.iloc[:: options.every], y.iloc[:: options.every]
    own = "skcluster, held out" if options.references else "skcluster, trained on these clusters"
    programs = {own: ours(X, options.references)}
    if options.auriga_python:
        programs["auriga, no 2MASS"] = auriga(X, options, predict_two_mass=False)
        programs["auriga, J H K from colours"] = auriga(X, options, predict_two_mass=True)
    print(f"\n{len(y)} clusters, {stars_of(X).offsets[-1]} stars\n")
    print(compared(y, programs).to_string(index=False), "\n")
    for name, said in programs.items():
        print(f"{name}: {1000 * said.seconds / len(y):.0f} ms of CPU time per cluster")


if __name__ == "__main__":
    main()
