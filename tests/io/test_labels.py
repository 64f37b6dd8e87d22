"""Labels: CG2020's columns and others, matched with the members by name."""

import numpy as np
import pandas as pd
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, QTable, Table

from skcluster.io import read_clusters


def members(*names: str) -> pd.DataFrame:
    names = names or ("NGC_2682", "Melotte_22", "UBC_3")
    return pd.DataFrame({"Cluster": names, "Gmag": 12.0, "BP-RP": 0.5})


def labels(**columns) -> pd.DataFrame:
    """CG2020's columns, with its strings."""
    table = {
        "Cluster": ["NGC_2682", "Melotte_22", "UBC_3"],
        "AgeNN": ["9.63", "7.89", " 8.10"],
        "AVNN": [" 0.07", "0.18 ", "0.9"],
        "DMNN": ["9.75", "5.55", "11.04"],
        "DistPc": ["889", "128", "1704"],
    }
    return pd.DataFrame({**table, **columns})


def test_labels_of_cg2020_in_the_order_of_the_members():
    X, y = read_clusters(members(), labels().iloc[::-1])
    assert y.columns.tolist() == ["log_age", "a_v", "distance_kpc"]
    assert (y.dtypes == np.float64).all()
    assert y.index.equals(X.index)
    assert y["log_age"].tolist() == [9.63, 7.89, 8.10]
    assert y["a_v"].tolist() == [0.07, 0.18, 0.9]
    modulus = np.array([9.75, 5.55, 11.04])
    np.testing.assert_allclose(y["distance_kpc"], 10 ** ((modulus + 5) / 5) / 1000, rtol=1e-14)


@pytest.mark.parametrize(
    ("names", "distances"),
    [
        (["log_age", "a_v", "distance_kpc"], [0.9, 0.13, 1.7]),
        (["logAge", "Av", "distance_modulus"], 5 * np.log10([0.9, 0.13, 1.7]) + 10),
        (["LOGAGE50", "AV50", "DistPc"], [900.0, 130, 1700]),
    ],
)
def test_other_names(names, distances):
    table = pd.DataFrame(
        dict(zip(["name", *names], [labels()["Cluster"], 8.0, 1.0, distances], strict=True))
    )
    _, y = read_clusters(members(), table)
    np.testing.assert_allclose(y["distance_kpc"], [0.9, 0.13, 1.7])


def test_map_of_label_columns():
    table = labels().rename(columns={"Cluster": "ID", "AgeNN": "t"})
    _, y = read_clusters(members(), table, label_columns={"ID": "cluster", "t": "log_age"})
    assert y["log_age"].tolist() == [9.63, 7.89, 8.10]


def test_y_can_be_the_labels(toy):
    X, y = toy
    X_back, y_back = read_clusters(X, y)
    assert X_back.equals(X)
    pd.testing.assert_frame_equal(y_back, y)


@pytest.mark.parametrize("extension", ["ecsv", "fits"])
def test_labels_from_files(tmp_path, extension):
    path = tmp_path / f"labels.{extension}"
    table = Table.from_pandas(labels()[["Cluster", "AgeNN", "AVNN", "DMNN"]])
    table.write(path, format={"ecsv": "ascii.ecsv"}.get(extension, extension))
    assert read_clusters(members(), path)[1]["a_v"].tolist() == [0.07, 0.18, 0.9]


def test_units_of_labels_are_converted():
    table = QTable({"cluster": ["NGC_2682"], "log_age": [9.6]})
    table["a_v"], table["distance_kpc"] = [0.1] * u.mag, [900.0] * u.pc
    _, y = read_clusters(members("NGC_2682"), table)
    np.testing.assert_allclose(y.to_numpy(), [[9.6, 0.1, 0.9]])


@pytest.mark.parametrize("unit", ["dex(yr)", "dex", "", None])
def test_notations_of_the_unit_of_a_logarithm(unit):
    table = Table.from_pandas(labels().astype({"AgeNN": float}))
    table["AgeNN"].unit = unit
    assert read_clusters(members(), table)[1]["log_age"].tolist() == [9.63, 7.89, 8.10]


def test_wrong_unit_of_a_label_names_both():
    table = Table.from_pandas(labels())
    table["AVNN"].unit = "pc"
    with pytest.raises(ValueError, match=r"'a_v' is in 'pc', which cannot be converted to 'mag'"):
        read_clusters(members(), table)


def test_blank_labels_are_left_out_with_one_warning():
    table = labels(AgeNN=["", "  ", "8.1"], AVNN=["0.1", "", "0.9"])
    with pytest.warns(UserWarning, match=r"2 of 3 .* blank label: 'NGC_2682', 'Melotte_22'\.") as w:
        X, y = read_clusters(members(), table)
    assert len(w) == 1
    assert X.index.tolist() == y.index.tolist() == ["UBC_3"]


@pytest.mark.parametrize("column", ["AgeNN", "AVNN", "DMNN"])
def test_masked_label_is_blank(column):
    table = Table.from_pandas(labels().drop(columns="DistPc"), index=False)
    values = [float(v) for v in table[column]]
    table[column] = MaskedColumn(values, mask=[True, False, False])
    with pytest.warns(UserWarning, match=r"Left out 1 of 3 clusters with a blank label"):
        _, y = read_clusters(members(), table)
    assert y.index.tolist() == ["Melotte_22", "UBC_3"]


def test_all_blank_is_refused():
    with pytest.raises(
        ValueError, match="None of the 3 clusters has values of log_age, a_v and distance"
    ):
        read_clusters(members(), labels(AVNN=[" ", " ", " "]))


def test_members_without_labels_and_labels_without_members_are_told():
    names = [f"Gulliver_{i}" for i in range(7)]
    more = pd.DataFrame({"Cluster": names, "AgeNN": "8", "AVNN": "tooRed", "DMNN": ""})
    with pytest.warns() as caught:
        X, y = read_clusters(members(), pd.concat([more, labels().iloc[:2]]))
    assert [str(one.message) for one in caught] == [
        "7 of 9 clusters in the labels have no members: 'Gulliver_0', 'Gulliver_1', 'Gulliver_2', "
        "'Gulliver_3', 'Gulliver_4' and 2 more.",
        "Left out 1 of 3 clusters without a row in the labels: 'UBC_3'.",
    ]
    assert X.index.tolist() == y.index.tolist() == ["NGC_2682", "Melotte_22"]


def test_nothing_in_common_is_refused():
    with pytest.raises(ValueError, match=r"no cluster in common: the members have 'a', 'b', the"):
        read_clusters(members("a", "b"), labels())


@pytest.mark.parametrize("name", ["ngc_2682", "NGC2682", " NGC  2682 "])
def test_names_match_without_case_spaces_and_underscores(name):
    X, y = read_clusters(members(), labels(Cluster=[name, "Melotte 22", "ubc3"]))
    assert X.index.tolist() == y.index.tolist() == ["NGC_2682", "Melotte_22", "UBC_3"]


def test_numbers_as_names():
    table = labels(Cluster=[3, 1, 2])
    X, y = read_clusters(members(1, 2, 3), table)
    assert X.index.tolist() == [1, 2, 3]
    assert y["a_v"].tolist() == [0.18, 0.9, 0.07]


def test_cluster_with_two_rows_is_refused_if_it_has_members():
    table = labels(Cluster=["NGC_2682", "NGC 2682", "UBC_3"])
    with pytest.raises(ValueError, match="more than one row in the labels: 'NGC_2682', 'NGC 2682'"):
        read_clusters(members("NGC_2682", "UBC_3"), table)
    with pytest.warns(UserWarning, match="2 of 3 clusters in the labels have no members"):
        assert len(read_clusters(members("UBC_3"), table)[0]) == 1


def test_members_that_share_a_name_are_refused_with_labels():
    twins = members("NGC_2682", "NGC 2682")
    with pytest.warns(UserWarning, match=r"case: 'NGC_2682', 'NGC 2682'\. Each is a cluster of"):
        assert len(read_clusters(twins)) == 2
    with pytest.raises(ValueError, match=r"case: 'NGC_2682', 'NGC 2682'\. Their labels are"):
        read_clusters(twins, labels())


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("AgeNN", "4.2e9", r"log_age = 4.2e\+09 dex\(yr\), which must lie between 5 and 11"),
        ("AgeNN", "-999", "log_age = -999"),
        ("AVNN", "-0.3", "a_v = -0.3 mag, which must lie between 0 and 50"),
        ("AVNN", "inf", "a_v = inf mag"),
        ("DMNN", "99.99", "distance_modulus = 99.99 mag, which must lie between -5 and 25"),
        ("AVNN", "tooRed", "a_v = 'tooRed', which is not a number"),
    ],
)
def test_wrong_label_is_refused_by_name(column, value, message):
    table = labels()
    table.loc[1, column] = value
    with pytest.raises(ValueError, match=f"cluster 'Melotte_22' has {message}"):
        read_clusters(members(), table)


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        (["Cluster"], r"labels have no column 'cluster' \(looked for cluster, Cluster, Name"),
        (["AgeNN"], r"no column 'log_age' \(looked for log_age, AgeNN, .*There are: Cluster, AVNN"),
        (["AgeNN"], r"read_clusters\(…, label_columns=\{'its name': 'log_age'\}\) renames it"),
        (["AVNN"], r"no column 'a_v' \(looked for a_v, AVNN"),
        (["DMNN", "DistPc"], r"'distance_modulus', 'distance_kpc' or 'distance_pc' \(looked for"),
    ],
)
def test_missing_label_column_says_what_was_looked_for(lost, message):
    with pytest.raises(ValueError, match=message):
        read_clusters(members(), labels().drop(columns=lost))
