"""Figures, following scikit-learn's conventions for displays.

Class methods (``from_estimator``, ``from_predictions``, …) compute and draw a display and return
it: ``ax_`` or ``axes_`` and ``figure_`` can be modified, and `plot` draws it again. Colours are the
colour-blind safe palette of Okabe and Ito.
"""

from skcluster.plotting._cmd import CMDDisplay
from skcluster.plotting._corner import CornerDisplay
from skcluster.plotting._evaluation import CoverageDisplay, EstimateDisplay
from skcluster.plotting._membership import MembershipDisplay
from skcluster.plotting._networks import ArchitectureDisplay, TrainingHistoryDisplay
from skcluster.plotting._notebook import show_clusters
from skcluster.plotting._save import save_diagrams, save_memberships

__all__ = [
    "ArchitectureDisplay",
    "CMDDisplay",
    "CornerDisplay",
    "CoverageDisplay",
    "EstimateDisplay",
    "MembershipDisplay",
    "TrainingHistoryDisplay",
    "save_diagrams",
    "save_memberships",
    "show_clusters",
]
