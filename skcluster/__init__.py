"""Star-cluster ages, extinctions and distances as scikit-learn estimators.

The estimators predict log age, extinction A_V and distance from tables of member stars. Names are
imported on first use, so that ``import skcluster`` imports neither Keras nor matplotlib;
``__init__.pyi`` lists them.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ = [*__all__, "__version__"]
