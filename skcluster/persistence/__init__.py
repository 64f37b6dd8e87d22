"""Save fitted models in files that execute no code when loaded."""

from skcluster.persistence._contents import ModelFileError
from skcluster.persistence._model_file import load_model, read_card, save_model

__all__ = ["ModelFileError", "load_model", "read_card", "save_model"]
