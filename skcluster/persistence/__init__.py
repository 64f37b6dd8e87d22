"""Save fitted models in files that execute no code when loaded."""

from skcluster.persistence._card import ModelCard
from skcluster.persistence._errors import ModelFileError
from skcluster.persistence._load import load_model, read_card
from skcluster.persistence._save import save_model

__all__ = ["ModelCard", "ModelFileError", "load_model", "read_card", "save_model"]
