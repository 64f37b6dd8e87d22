import sys
from pathlib import Path

# The global state that is watched is that of Keras and TensorFlow too, from the first test on.
import tensorflow  # noqa: F401

sys.path.insert(0, str(Path(__file__).parent))  # regressor_cases
