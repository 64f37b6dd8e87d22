"""Simulate the three clusters that skcluster carries as an example; run by hand.

    python tools/make_example.py

They are kept as files, so that they stay the same when the simulations change.
"""

from pathlib import Path

import pandas as pd

from skcluster.clusters import stars_of
from skcluster.datasets import simulate_clusters

#: One of those for which `skcluster.estimate` flags none of the three.
SEED = 13
NAMES = pd.Index(["Example_young", "Example_dusty", "Example_old"], name="cluster")
#: Decimals, about a tenth of Gaia's errors.
DECIMALS = {
    "phot_g_mean_mag": 4,
    "bp_rp": 4,
    "phot_bp_mean_mag": 4,
    "phot_rp_mean_mag": 4,
    "parallax": 4,
    "parallax_error": 4,
    "probability": 2,
}
TARGET = Path(__file__).parents[1] / "skcluster" / "datasets" / "data"


def main() -> None:
    """Write the table of members and that of parameters."""
    X, y = simulate_clusters(
        len(NAMES),
        log_age=[8.0, 8.7, 9.5],
        a_v=[0.3, 1.4, 0.1],
        distance_kpc=[0.45, 1.6, 0.85],
        metallicity=0.0,
        n_stars=[150, 220, 280],
        random_state=SEED,
    )
    stars = stars_of(X)
    members = pd.DataFrame({name: stars[name].round(n) for name, n in DECIMALS.items()})
    members.insert(0, "cluster", NAMES.to_numpy()[stars.cluster])
    members.to_csv(TARGET / "example_members.csv", index=False)
    y.set_axis(NAMES).to_csv(TARGET / "example_clusters.csv")


if __name__ == "__main__":
    main()
