"""Neural networks that predict log age, extinction and distance from features.

Names are imported on first use, because Keras takes seconds to import; ``__init__.pyi`` lists them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
