"""Strategies for stars, clusters and tables of them, within what Gaia measures."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st

#: Magnitudes and colours that single precision holds exactly, and their sums.
STEP = 1 / 64
COLOURS = st.integers(-64, 5 * 64).map(lambda n: n * STEP)
MAGNITUDES = st.integers(4 * 64, 20 * 64).map(lambda n: n * STEP)
SHIFTS = st.integers(-2 * 64, 2 * 64).map(lambda n: n * STEP)

LAWS = st.sampled_from(["dr2", "edr3"])
MODULI = st.floats(5, 15)
LOG_AGES = st.floats(6.7, 10.1)
SEEDS = st.integers(0, 2**31 - 1)

#: Names that every type of file holds, and none takes for numbers: FITS has ASCII only.
WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=9).map(
    lambda name: f"C {name}"
)

#: Values that a column which nobody uses may hold.
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.dates(),
    st.datetimes(),
    st.timedeltas(),
    st.decimals(allow_nan=False),
    st.fractions(),
    st.uuids(),
    st.complex_numbers(),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.sampled_from([np.int8(3), np.uint64(2**64 - 1), np.float16(2), pd.NA, pd.NaT, object()]),
)


def stars(min_size: int = 1, max_size: int = 40) -> st.SearchStrategy[pd.DataFrame]:
    """Stars of one cluster: magnitude, colour and parallax."""
    star = st.tuples(MAGNITUDES, COLOURS, st.floats(-1, 10, width=32))
    columns = ["phot_g_mean_mag", "bp_rp", "parallax"]
    return st.lists(star, min_size=min_size, max_size=max_size).map(
        lambda rows: pd.DataFrame(rows, columns=columns)
    )


def cluster_lists(max_clusters: int = 5, max_stars: int = 15) -> st.SearchStrategy[pd.DataFrame]:
    """A long table of stars, with the column "cluster"; stars of a cluster need not be adjacent."""
    star = st.tuples(st.integers(0, max_clusters - 1), stars(1, max_stars))

    def joined(parts: list[tuple[int, pd.DataFrame]], names: list[str]) -> pd.DataFrame:
        return pd.concat([table.assign(cluster=names[i]) for i, table in parts], ignore_index=True)

    names = st.lists(WORDS, min_size=max_clusters, max_size=max_clusters, unique=True)
    return st.builds(joined, st.lists(star, min_size=1, max_size=6), names)
