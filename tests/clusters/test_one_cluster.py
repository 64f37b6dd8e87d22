"""A table without a column that names the cluster is one cluster."""

import pandas as pd
import pytest
from astropy.table import Table

from skcluster.clusters import OneClusterWarning, as_clusters, stars_of

STARS = {"phot_g_mean_mag": [10.0, 11, 12], "bp_rp": [0.1, 0.2, 0.3]}


@pytest.mark.parametrize("kind", [pd.DataFrame, Table])
@pytest.mark.parametrize(("n", "counted"), [(3, "3 stars are"), (1, "1 star is")])
def test_it_gets_a_name_and_a_warning(kind, n, counted):
    text = (
        rf"no column .* \(looked for cluster, .*\): its {counted} taken as one .*, 'cluster'\. as"
    )
    with pytest.warns(OneClusterWarning, match=text) as caught:
        X = as_clusters(kind(STARS)[:n])
    assert X.index.tolist() == ["cluster"]
    assert stars_of(X).counts.tolist() == [n]
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("kind", [pd.DataFrame, Table])
@pytest.mark.parametrize("columns", [{}, {"cluster": ["a", "b", "b"]}])
def test_a_name_that_is_given_overrides_columns_and_needs_no_warning(kind, columns):
    X = as_clusters(kind({**columns, **STARS}), cluster="M 67")
    assert X.index.tolist() == ["M 67"]
    assert stars_of(X).columns == list(STARS)


@pytest.mark.parametrize("data", [{"a": pd.DataFrame(STARS)}, [pd.DataFrame(STARS)]])
def test_several_tables_have_not_one_name(data):
    with pytest.raises(ValueError, match="One name, 'M 67', cannot be that of several tables"):
        as_clusters(data, cluster="M 67")
    with pytest.raises(ValueError, match="cannot be that of existing clusters"):
        as_clusters(as_clusters(data), cluster="M 67")


def test_a_column_of_another_name_can_be_named():
    table = pd.DataFrame({"G": [10.0], "bp_rp": [0.1]})
    assert len(as_clusters(table, columns={"G": "phot_g_mean_mag"}, cluster="a")) == 1
