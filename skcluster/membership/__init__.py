"""From fields of the sky to clusters: members with probabilities, and no cluster where none is."""

from skcluster.membership._find_members import find_members
from skcluster.membership._selector import MemberSelector

__all__ = ["MemberSelector", "find_members"]
