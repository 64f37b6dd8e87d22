"""Names that differ in spelling only."""

import pandas as pd

from skcluster._utils.order import matching_names
from skcluster.clusters._names import file_names


def test_numbers_of_a_name_do_not_run_together():
    names = matching_names(pd.Index(["ESO_92_05", "ESO 92 05", "ESO_920_5", "ESO_9205"]))
    assert names[0] == names[1]
    assert names.nunique() == 3


def test_every_name_gets_a_file_of_its_own(tmp_path):
    names = ["NGC 2682", "ngc/2682", "..", "M 67", "m 67"]
    files = file_names(names, tmp_path, "png")
    assert list(files) == names
    assert len({file.name.lower() for file in files.values()}) == len(names)
    assert {file.parent for file in files.values()} == {tmp_path}
    assert files["M 67"].name == "M_67.png"
    assert files[".."].name == "cluster.png"
