"""Checks of estimators that take clusters: every form of them, and every way to be unusual."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, QTable, Table
from nested_pandas import NestedFrame
from numpy.testing import assert_array_equal

from common.cases import Case
from common.registry import COLUMNS, check, close, equal, outcome
from skcluster import CMDHistogram
from skcluster.clusters import Stars, as_clusters, stars_of, validate_clusters
from skcluster.clusters._stars import clusters_from_flat

#: Names of clusters as they come: letters of any script, formulas, numbers.
NAMES = ["α Per", "星団", "a/b c", "$x_1$", "é", "e\u0301", "☉", "Σ 1", "nan", "1", "Ünal", "\x1b["]


def long_table(X: NestedFrame) -> pd.DataFrame:
    """The stars of clusters as one table, with the column "cluster"."""
    stars = stars_of(X)
    table = pd.DataFrame({column: stars[column] for column in stars.columns})
    table.insert(0, "cluster", stars.index.to_numpy()[stars.cluster])
    return table


def changed(X: NestedFrame, change: Callable[[str, np.ndarray], np.ndarray]) -> NestedFrame:
    """The clusters with every star column put through a function of its name and values."""
    stars = stars_of(X)
    fields = {name: change(name, np.array(stars[name])) for name in stars.columns}
    return clusters_from_flat(fields, stars.offsets, X.index)


def with_units(table: pd.DataFrame) -> QTable:
    """The table of astropy, its parallaxes in arcseconds."""
    quantities = QTable.from_pandas(table)
    for name in ("phot_g_mean_mag", "bp_rp"):
        quantities[name] = np.asarray(quantities[name]) * u.mag
    for name in ("parallax", "parallax_error"):
        quantities[name] = np.asarray(quantities[name]) * 1e-3 * u.arcsec
    return quantities


def some(case: Case, forms: list[Any]) -> list[Any]:
    """All forms; the first and the last for a posterior, which takes its time over each."""
    return forms if case.kind != "regressor" else [forms[0], forms[-1]]


# What may not matter


@check("clusters")
def any_table_of_stars_will_do(case, X, y, tmp_path):
    table = long_table(X)
    tables = {name: table[table["cluster"] == name].drop(columns="cluster") for name in X.index}
    expected = outcome(case, X, X, y)
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    astropy = Table.from_pandas(table)
    forms = [table, list(tables.values()), arrow, astropy, table.set_index("cluster"), tables]
    for form in some(case, forms):
        equal(outcome(case, form, X, y), expected)
    if case.kind == "transformer":
        assert_array_equal(case.new().fit_transform(table), expected["output"])
    close(outcome(case, with_units(table), X, y), expected, rtol=1e-5, atol=1e-6)


@check("clusters")
def masked_values_are_missing_values(case, X, y, tmp_path):
    table = long_table(X)
    lost = np.arange(len(table)) % 7 == 3
    masked = Table.from_pandas(table)
    for name in ("parallax", "probability"):
        masked[name] = MaskedColumn(np.where(lost, 1e20, table[name]), mask=lost)
    missing = table.assign(
        parallax=table["parallax"].mask(lost), probability=table["probability"].mask(lost)
    )
    weighted = case.parameters.get("weights") == "probability"
    count = pytest.warns(UserWarning, match="34 of 237") if weighted else nullcontext()
    with count:
        expected = outcome(case, missing, X, y)
    with count:
        equal(outcome(case, masked, X, y), expected)
    nullable = missing.astype({"parallax": "Float64", "probability": "double[pyarrow]"})
    if case.kind == "regressor":
        return
    with count:
        equal(outcome(case, nullable, X, y), expected)


@check("clusters")
def byte_order_and_memory_do_not_matter(case, X, y, tmp_path):
    expected = outcome(case, X, X, y)
    table = long_table(X)
    frozen = table.copy()
    for name in COLUMNS:
        values = np.array(table[name])
        values.flags.writeable = False
        frozen[name] = pd.Series(values, copy=False)
    strided = pd.DataFrame(np.repeat(table[list(COLUMNS)].to_numpy(), 2, axis=0)[::2])
    strided.columns = list(COLUMNS)
    chunks = pa.concat_tables([pa.Table.from_pandas(part) for part in (table[:9], table[9:])])
    swapped = table.astype(dict.fromkeys(COLUMNS, ">f8"))
    forms = [swapped, strided.assign(cluster=table["cluster"]), chunks, frozen]
    for form in some(case, forms):
        equal(outcome(case, form, X, y), expected)


@check("clusters")
def single_precision_is_enough(case, X, y, tmp_path):
    single = changed(X, lambda name, values: values.astype("f4"))
    double = changed(single, lambda name, values: values.astype("f8"))
    close(outcome(case, single, X, y), outcome(case, double, X, y), rtol=1e-4, atol=2e-5)


@check("clusters")
def other_columns_and_their_order_do_not_matter(case, X, y, tmp_path):
    expected = outcome(case, X, X, y)
    table = long_table(X)
    more = table.assign(source_id=2**60 + np.arange(len(table)), note="★", ra=np.nan, good=True)
    equal(outcome(case, more[more.columns[::-1]], X, y), expected)
    if case.kind == "regressor":
        return
    beside = X.assign(n_members=np.arange(len(X)), comment="x")
    equal(outcome(case, beside[beside.columns[::-1]], X, y), expected)


@check("clusters")
def the_order_of_stars_does_not_matter(case, X, y, tmp_path):
    stars = stars_of(X)
    order = np.lexsort((np.random.default_rng(0).random(len(stars)), stars.cluster))
    shuffled = changed(X, lambda name, values: values[order])
    assert not shuffled.equals(X)
    if case.kind == "resampler":
        count = CMDHistogram(normalize=None)
        found = [case.new().fit_resample(data, y) for data in (X, shuffled)]
        assert_array_equal(found[0][1], found[1][1])
        first, second = ({"count": count.fit_transform(more)} for more, _ in found)
    else:
        first, second = (outcome(case, data, X, y) for data in (X, shuffled))
    # Sums of floats depend on their order in the last digit, and Agg rounds star by star.
    byte = case.parameters.get("renderer") == "matplotlib"
    close(first, second, rtol=1e-6, atol=0.02 if byte else 1e-6)


@check("clusters")
def names_do_not_matter(case, X, y, tmp_path):
    expected = outcome(case, X, X, y)
    numbers = np.arange(len(X)) * 7 % 13 - 3
    indices = [pd.Index(NAMES), pd.Index(numbers), pd.Index(numbers / 2), pd.RangeIndex(5, 41, 3)]
    for index in some(case, indices):
        named, targets = X.set_axis(index), y.set_axis(index)
        equal(outcome(case, long_table(named), X, targets), expected)
        if case.kind != "regressor":
            equal(outcome(case, named, X, targets), expected)
        if case.kind == "transformer":
            frame = case.new().set_output(transform="pandas").fit_transform(named)
            assert frame.index.equals(index)
        elif case.kind == "resampler":
            more = case.new().fit_resample(named, targets)[0]
            assert more.index[: len(X)].equals(index)
            assert more.index.is_unique


@check("clusters")
def gaps_in_the_index_do_not_matter(case, X, y, tmp_path):
    rows = np.array([9, 2, 7, 4])
    outcome(case, X, X, y)  # fits the estimator on all clusters, whichever check comes first
    whole = outcome(case, X.iloc[rows], X, y.iloc[rows])
    fresh = as_clusters({name: X.loc[name, "stars"] for name in X.index[rows]})
    equal(outcome(case, fresh, X, y.iloc[rows]), whole)
    picked = X[np.isin(np.arange(len(X)), rows)]
    twice = outcome(case, picked.iloc[::-1].iloc[::-1], X, y[y.index.isin(picked.index)])
    equal(outcome(case, picked, X, y[y.index.isin(picked.index)]), twice)


@check("clusters")
def copies_of_clusters_are_like_them(case, X, y, tmp_path):
    if case.kind == "resampler":  # draws each copy anew
        return
    few = X.iloc[:6]
    expected = outcome(case, few, X, y)["output"]
    stars = stars_of(few)
    index = pd.Index([*few.index, *(f"{name} again" for name in few.index)])
    fields = {name: np.tile(stars[name], 2) for name in stars.columns}
    offsets = np.concatenate([stars.offsets, stars.offsets[1:] + len(stars)])
    twice = outcome(case, clusters_from_flat(fields, offsets, index), X, y)["output"]
    assert_array_equal(twice, np.concatenate([expected, expected]))


# What is unusual


def single_stars(X: NestedFrame) -> Stars:
    """The first star of each cluster."""
    stars = stars_of(X)
    return stars.take(stars.offsets[:-1])


def finite(found: dict[str, np.ndarray]) -> bool:
    """Nothing is missing but values that may be missing in lists of members."""
    may_be_missing = COLUMNS[2:]
    return all(np.isfinite(v).all() for name, v in found.items() if name not in may_be_missing)


@check("clusters")
def clusters_of_one_star(case, X, y, tmp_path):
    one = single_stars(X).to_clusters()
    found = outcome(case, one, X, y)
    assert finite(found) or case.name == "CMDSummary"
    if case.kind != "resampler":
        assert found["output"].shape == outcome(case, X, X, y)["output"].shape


@check("clusters")
def clusters_of_copies_of_one_star(case, X, y, tmp_path):
    stars = single_stars(X)
    fields = {name: np.repeat(stars[name], 30) for name in stars.columns}
    same = clusters_from_flat(fields, 30 * np.arange(len(X) + 1), X.index)
    assert finite(outcome(case, same, X, y)) or case.name == "CMDSummary"


@check("clusters")
def clusters_of_equal_length(case, X, y, tmp_path):
    """Lists of equal length are what numpy makes one array of."""
    stars = stars_of(X)
    five = np.flatnonzero(stars.counts >= 5)
    equal_length = stars.take((stars.offsets[five, None] + np.arange(5)).ravel()).to_clusters()
    equal_length = equal_length.iloc[five]
    targets = y.iloc[five]
    tables = [equal_length.iloc[i]["stars"] for i in range(len(five))]
    outcome(case, X, X, y)  # fits the estimator on all clusters, whichever check comes first
    expected = outcome(case, equal_length, X, targets)
    equal(outcome(case, tables, X, targets), expected)
    equal(outcome(case, tuple(tables), X, targets), expected)


@check("clusters")
def a_million_stars_in_one_cluster(case, X, y, tmp_path):
    stars = stars_of(X)
    # A posterior visits every star many times.
    n = 20_000 if case.kind == "regressor" else 1_000_000
    pick = np.random.default_rng(0).integers(0, len(stars), n)
    fields = {
        name: np.concatenate([stars[name][:3], stars[name][pick].astype("f4")]) for name in COLUMNS
    }
    giant = clusters_from_flat(fields, [0, 3, 3 + n], ["small", "giant"])
    outcome(case, X, X, y)  # fits the estimator on all clusters, whichever check comes first
    found = outcome(case, giant, X, y.iloc[:2])
    if case.kind == "resampler":
        assert found["counts"].max() > 100_000
        return
    assert finite(found) or case.name == "CMDSummary"
    small = outcome(case, giant.iloc[:1], X, y)
    assert_array_equal(found["output"][:1], small["output"])


# What is refused


@check("clusters")
def a_cluster_without_stars_is_refused_by_name(case, X, y, tmp_path):
    stars = stars_of(X)
    empty = stars.take(stars.cluster != 3).to_clusters()
    with pytest.raises(ValueError, match="'Toy_3'"):
        case.result(case.new(), empty, y)
    with pytest.raises(ValueError, match="no cluster"):
        case.result(case.new(), X.iloc[:0], y.iloc[:0])


def spoilt(X: NestedFrame) -> list[NestedFrame | pd.DataFrame]:
    """Clusters with what is wrong in many ways."""
    table = long_table(X)
    star = table.index == 40
    stars = stars_of(X)
    return [
        table.assign(bp_rp=table["bp_rp"].mask(star, 99.0)),
        table.assign(phot_g_mean_mag=table["phot_g_mean_mag"].mask(star, -np.inf)),
        table.assign(parallax=table["parallax"].mask(star, np.inf)),
        table.assign(probability=table["probability"].mask(star, -0.1)),
        table.assign(bp_rp=table["bp_rp"].astype(object).mask(star, "red")),
        table.drop(columns="bp_rp"),
        table.assign(cluster=table["cluster"].mask(star)),
        table[:0],
        stars.take(stars.cluster != 3).to_clusters(),
        changed(X, lambda name, values: np.where(name == "bp_rp", np.inf, values)),
        [],
        X.rename(columns={"stars": "members"}),
        3,
        "members.csv",
    ]


@check("clusters")
def all_refuse_the_same_in_the_same_words(case, X, y, tmp_path):
    for data in spoilt(X):
        with pytest.raises((ValueError, TypeError)) as expected:
            validate_clusters(data)
        with pytest.raises(type(expected.value)) as when_fitted:
            case.result(case.new(), data, y)
        with pytest.raises(type(expected.value)) as when_used:
            outcome(case, data, X, y)
        assert {str(when_fitted.value), str(when_used.value)} == {str(expected.value)}
