"""Star-cluster ages, extinctions and distances as scikit-learn estimators.

A table of member stars goes in; log age, extinction A_V and distance come out. Names load when
first used, so ``import skcluster`` brings in neither Keras nor matplotlib; ``__init__.pyi`` lists
them.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ = [*__all__, "__version__"]
