"""The error about model files."""


class ModelFileError(ValueError):
    """A file is not a model, is damaged, or contains types that are not trusted.

    `save_model`, `load_model` and `read_card` raise it; the message names the file and the reason.

    See Also
    --------
    load_model : Read a fitted model.

    Examples
    --------
    >>> from skcluster.persistence import ModelFileError
    >>> issubclass(ModelFileError, ValueError)
    True
    """
