"""What people look at, by scikit-learn's conventions of displays.

Each display is made by a class method (``from_estimator``, ``from_predictions``, …) that computes
what is shown, draws it, and returns the display: ``ax_`` or ``axes_`` and ``figure_`` are there to
change, and `plot` draws it again elsewhere. Colours are those of Okabe and Ito, which colour-blind
readers tell apart. matplotlib is imported when something is drawn.
"""

from skcluster.plotting._architecture import ArchitectureDisplay, Layer, layers_of
from skcluster.plotting._cmd import CMDDisplay
from skcluster.plotting._corner import CornerDisplay
from skcluster.plotting._coverage import CoverageDisplay
from skcluster.plotting._estimates import EstimateDisplay
from skcluster.plotting._inputs import membership_array
from skcluster.plotting._isochrones import (
    can_be_drawn,
    diagram_limits,
    most_credible,
    seen_isochrones,
)
from skcluster.plotting._learning_curves import Curve, LearningCurveDisplay
from skcluster.plotting._save import save_diagrams

__all__ = [
    "ArchitectureDisplay",
    "CMDDisplay",
    "CornerDisplay",
    "CoverageDisplay",
    "Curve",
    "EstimateDisplay",
    "Layer",
    "LearningCurveDisplay",
    "can_be_drawn",
    "diagram_limits",
    "layers_of",
    "membership_array",
    "most_credible",
    "save_diagrams",
    "seen_isochrones",
]
