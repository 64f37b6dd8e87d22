"""Probabilities of ASteCA's fastMP for stars of cones, in an interpreter that has ASteCA.

    python benchmarks/membership/fastmp.py FOLDER

``membership.py --fastmp-python`` runs it. Each NAME.npz of the folder has columns of the stars of a
cone with all measurements and errors, and ``centre``, the position that is given. NAME.npy gets
their probabilities, or is not written if fastMP fails.
"""

import sys
import time
from pathlib import Path

import asteca
import numpy as np


def probabilities(stars: dict[str, np.ndarray]) -> np.ndarray:
    """Membership probabilities of the stars of a cone."""
    columns = {
        "ra": "ra",
        "dec": "dec",
        "pmra": "pmra",
        "e_pmra": "pmra_error",
        "pmde": "pmdec",
        "e_pmde": "pmdec_error",
        "plx": "parallax",
        "e_plx": "parallax_error",
    }
    data = {theirs: stars[ours] for theirs, ours in columns.items()}
    cluster = asteca.Cluster(**data, verbose=0)
    cluster.get_center(radec_c=tuple(stars["centre"]))
    cluster.get_nmembers()
    asteca.Membership(cluster).fastmp(seed=0)
    return np.asarray(cluster.probs)


def main() -> None:
    """Write the probabilities of every cone of a folder."""
    for file in sorted(Path(sys.argv[1]).glob("*.npz")):
        started = time.process_time()
        try:
            np.save(file.with_suffix(".npy"), probabilities(dict(np.load(file))))
        except Exception as error:  # a cone that fails counts as one without members
            print(f"fastMP fails on {file.stem}: {error}")
        print(f"{file.stem}: {time.process_time() - started:.2f} s", flush=True)


if __name__ == "__main__":
    main()
