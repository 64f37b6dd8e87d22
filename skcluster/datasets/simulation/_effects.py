"""Physical and observational effects in simulated clusters."""

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np

from skcluster.isochrones._masses_and_binaries import (
    BINARY_FRACTION,
    COLOUR_SCATTER,
    MASSIVE_STAR_LOSS,
)
from skcluster.photometry import Law

# Maximum of fractions of stars; a cluster needs some members.
_MOST = {
    "binary_fraction": 1.0,
    "blue_straggler_fraction": 1.0,
    "field_fraction": 0.9,
    "incompleteness": 1.0,
}


@dataclass(frozen=True, kw_only=True)
class Effects:
    """Physical and observational effects that separate simulated stars from their isochrone.

    The defaults give clusters like published member lists. Zero (or infinity for the limit)
    disables an effect; `Effects.none` disables all of them, so that every star lies on its
    isochrone.

    Parameters
    ----------
    binary_fraction : float, default=0.6
        Fraction of stars with an unresolved companion. The mass ratio is uniform.
    massive_star_loss : float, default=0.5
        Steepening of the mass function of Kroupa above two solar masses, added to its slope of 2.3.
        Member lists contain fewer massive stars than expected from the fainter ones.
    blue_straggler_fraction : float, default=0.007
        Fraction of stars, in clusters older than 300 Myr, that are hotter and brighter than the
        turn-off: stars on the main sequence of a younger isochrone.
    field_fraction : float, default=0.16
        Mean fraction of field stars in the list of a distant cluster: disc stars along its line of
        sight with consistent parallaxes. It varies between clusters and vanishes for nearby ones.
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law, see `skcluster.photometry.extinction_coefficients`. The extinctions of [4]_,
        on which the simulated labels are modelled, are based on DR2 photometry. Its law reddens a
        tenth more for the same A_V, which agrees with the colours of real clusters.
    differential_reddening : float, default=0.28
        Mean scale of the extinction of individual stars in excess of the cluster's A_V, as a
        fraction of A_V. It is never negative, because ``a_v`` is the extinction at the blue edge of
        the sequence.
    depth : float, default=4.0
        Standard deviation of the stars' distances around the cluster's, in pc.
    photometric_errors : float, default=1.0
        Factor on Gaia's photometric errors.
    colour_scatter : float, default=0.015
        Standard deviation of BP−RP at a given mass (mag) from effects that isochrones do not
        include: rotation, spots, blended BP and RP spectra.
    faint_bp_bias : float, default=1.0
        Factor on the excess of the faintest BP fluxes.
    parallax_errors : float, default=1.0
        Factor on the parallax errors by magnitude.
    parallax_floor : float, default=0.018
        Scatter of parallaxes in excess of their errors (mas).
    parallax_zero_point : float, default=0.016
        Offset added to every parallax (mas).
    parallax_zero_point_scatter : float, default=0.022
        Standard deviation of the zero point from cluster to cluster (mas).
    incompleteness : float, default=0.1
        Fraction of members missing at the faint limit; it halves per magnitude towards brighter
        stars.
    faint_limit : float, default=18.0
        Magnitude limit of the catalogue in G (mag).

    See Also
    --------
    simulate_clusters : Simulate clusters with these effects.

    Notes
    -----
    Binaries, positive differential reddening and the bias of faint BP fluxes follow the simulated
    clusters of [1]_, who attribute the too young ages of their old clusters to the blue stragglers
    and field stars missing in the simulations. Gaia's photometric errors and the faint BP excess
    follow [2]_. The parallax errors are those of Gaia EDR3 members [3]_; the zero point and the
    scatter beyond the errors compare them with the distances of [4]_, and ``benchmarks/accuracy``
    prints them.

    The fractions of binaries, field stars and blue stragglers, the loss of massive stars and the
    differential reddening are not measurements: they are the values with which simulated clusters
    are hardest to distinguish from real ones and predict real ones best.

    References
    ----------
    .. [1] Hunt & Reffert 2023, A&A 673, A114.
    .. [2] Riello et al. 2021, A&A 649, A3.
    .. [3] Almeida, Monteiro & Dias 2023, MNRAS 525, 2315.
    .. [4] Cantat-Gaudin et al. 2020, A&A 640, A1.

    Examples
    --------
    >>> from skcluster.datasets import Effects
    >>> Effects(binary_fraction=0.3).field_fraction
    0.16
    >>> Effects.none().but(binary_fraction=0.3).field_fraction
    0.0
    """

    binary_fraction: float = BINARY_FRACTION
    massive_star_loss: float = MASSIVE_STAR_LOSS
    blue_straggler_fraction: float = 0.007
    field_fraction: float = 0.16
    law: Law = "dr2"
    differential_reddening: float = 0.28
    depth: float = 4.0
    photometric_errors: float = 1.0
    colour_scatter: float = COLOUR_SCATTER
    faint_bp_bias: float = 1.0
    parallax_errors: float = 1.0
    parallax_floor: float = 0.018
    parallax_zero_point: float = 0.016
    parallax_zero_point_scatter: float = 0.022
    incompleteness: float = 0.1
    faint_limit: float = 18.0

    def __post_init__(self) -> None:
        """Check the values."""
        for name in _strengths():
            value, most = getattr(self, name), _MOST.get(name, np.inf)
            if name in ("parallax_zero_point", "faint_limit"):
                if np.isnan(value):
                    raise ValueError(f"{name} must be a number, not {value!r}.")
            elif not 0 <= value <= most or np.isinf(value):
                bounds = "zero or a positive number" if np.isinf(most) else f"within 0 to {most:g}"
                raise ValueError(f"{name} must be {bounds}, not {value!r}.")
        if np.isinf(self.faint_limit) and (self.field_fraction > 0 or self.incompleteness > 0):
            raise ValueError(
                "Field stars and incompleteness need a finite faint_limit: "
                "set field_fraction and incompleteness to 0."
            )

    @classmethod
    def none(cls) -> Self:
        """Return effects that are all disabled.

        Returns
        -------
        Effects
            With them, every star lies on its isochrone.
        """
        off: dict[str, Any] = dict.fromkeys(_strengths(), 0.0)
        return replace(cls(), **off | {"faint_limit": np.inf})

    def but(self, **changes: Any) -> Self:
        """Return a copy with some effects changed.

        Parameters
        ----------
        **changes : object
            New values by name.

        Returns
        -------
        Effects
            The copy.
        """
        return replace(self, **changes)


def _strengths() -> list[str]:
    """Return the names of the effects whose strength is a number."""
    return [f.name for f in fields(Effects) if f.name != "law"]
