"""Inputs of a set network, which `StarSet` makes: per cluster, per star, and their scales."""

from collections.abc import Iterable

G_QUANTILES = (0.02, 0.1, 0.5, 0.9, 0.98)
COLOUR_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def _quantile_names(of: str, quantiles: Iterable[float]) -> tuple[str, ...]:
    return tuple(f"{of}_q{100 * q:g}" for q in quantiles)


#: Inputs of a set network per cluster, in this order. ``parallax_modulus`` is the distance modulus
#: of the mean parallax, ``parallax_distance`` its distance in kpc. ``magnitude_limit`` is estimated
#: from the faintest stars; ``has_parallax`` is 1, or 0 for a list without any parallax.
CONTEXT = (
    "parallax_modulus",
    "parallax_modulus_error",
    "log_n_stars",
    *_quantile_names("g", G_QUANTILES),
    *_quantile_names("bp_rp", COLOUR_QUANTILES),
    "parallax_distance",
    "magnitude_limit",
    "has_parallax",
)
#: Inputs per star, in this order. ``absolute_g`` is G minus ``parallax_modulus``,
#: ``parallax_residual`` the difference from the cluster's parallax in units of its error, ``rank``
#: the rank in brightness from 0 to 1, and ``present`` is 1 for a star, 0 for padding.
CHANNELS = ("g", "bp_rp", "absolute_g", "parallax_residual", "probability", "rank", "present")

#: Constant linear scales, ``(middle, unit)``, that map the inputs to about −2 to 2 (those of
#: quantiles belong to their quantity). The pretrained weights depend on them.
SCALES: dict[str, tuple[float, float]] = {
    "parallax_modulus": (11, 2),
    "parallax_modulus_error": (0, 1 / 3),
    "log_n_stars": (2, 1),
    "parallax_distance": (3, 3),
    "magnitude_limit": (17, 1),
    "has_parallax": (0.5, 0.5),
    "g": (14, 2.5),
    "bp_rp": (1, 0.6),
    "absolute_g": (3, 3),
    "parallax_residual": (0, 2),
    "probability": (0.75, 0.25),
    "rank": (0.5, 0.5),
    "present": (0, 1),
}
