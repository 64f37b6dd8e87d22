"""What is wrong with a model file."""


class ModelFileError(ValueError):
    """A file that is no model, is damaged, or holds what is not trusted."""
