"""100 000 clusters of 200 stars in memory, without copies; how long it takes is in benchmarks/."""

import numpy as np
import pandas as pd
import pytest

from skcluster.clusters import as_clusters, stars_of, validate_clusters
from skcluster.clusters._stars import clusters_from_flat


@pytest.mark.slow
def test_many_clusters():
    rng = np.random.default_rng(0)
    columns = ("phot_g_mean_mag", "bp_rp")
    fields = {column: rng.random(20_000_000, dtype="f4") for column in columns}
    X = clusters_from_flat(fields, np.arange(100_001) * 200)
    stars = validate_clusters(X)
    assert len(stars) == 20_000_000
    assert np.shares_memory(stars["bp_rp"], fields["bp_rp"])
    names = np.repeat(np.arange(100_000), 200)
    X = as_clusters(pd.DataFrame({"cluster": names, **fields}).iloc[::-1])
    assert X.shape == (100_000, 1)
    assert stars_of(X)["bp_rp"][0] == fields["bp_rp"][-1]
