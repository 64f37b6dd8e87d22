import numpy as np
import pytest


@pytest.fixture
def numpy_state():
    """scikit-learn's checks, not the estimators, seed numpy."""
    before = np.random.get_state()  # noqa: NPY002
    yield
    np.random.set_state(before)  # noqa: NPY002
