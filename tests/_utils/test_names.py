"""Names that differ in spelling only."""

import pandas as pd

from skcluster._utils.names import matching_names


def test_numbers_of_a_name_do_not_run_together():
    names = matching_names(pd.Index(["ESO_92_05", "ESO 92 05", "ESO_920_5", "ESO_9205"]))
    assert names[0] == names[1]
    assert names.nunique() == 3
