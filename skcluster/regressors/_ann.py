"""A dense network."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcluster.regressors._scikeras import NetworkRegressor
from skcluster.regressors.networks.architecture import FloatArray


class ANNRegressor(NetworkRegressor):
    """Predict any number of targets from features with a network of dense layers.

    This is the ANN of the paper [1]_, where the input is 410 histogram counts and 3 guesses; it
    accepts any table of numbers. The defaults of ``epochs`` and ``batch_size`` are the paper's.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(512, 256, 128)
        Number of units of each dense layer; an int is one layer, an empty list none.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}

    See Also
    --------
    CNNRegressor : Convolutional network on pictures.
    MDMRegressor : Joined network on pictures and guesses.

    Notes
    -----
    Fits within a process reuse compiled networks (TensorFlow keeps about 10 MB for each): a search
    compiles once for each combination of layers, loss, optimizer, ``dropout``, ``input_noise`` and
    ``l2``, whatever else it varies. Predictions are computed in numpy from ``weights_``, and a
    pickle contains no Keras objects.

    {references}

    Examples
    --------
    >>> import numpy as np
    >>> from skcluster.regressors import ANNRegressor
    >>> X = np.linspace(-1, 1, 64).reshape(-1, 1)
    >>> y = np.column_stack([X[:, 0], 1 - X[:, 0]])
    >>> model = ANNRegressor(hidden_layer_sizes=8, epochs=2, batch_size=64, random_state=0)
    >>> model.fit(X, y).predict(X).shape
    (64, 2)
    """

    def _learn_shapes(self, X: NDArray[Any]) -> dict[str, Any]:
        return {"n_numbers": X.shape[1]}

    def _inputs(self, X: NDArray[Any]) -> dict[str, FloatArray]:
        return {"numbers": X.astype(np.float32, copy=False)}
