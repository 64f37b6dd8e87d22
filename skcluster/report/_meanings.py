"""What the numbers, flags, notes and marks of a page mean, in words."""

from collections.abc import Iterable
from html import escape

import pandas as pd

from skcluster.schema import CONTAMINANTS, INTERVAL_ENDS, estimate_column

#: What the descriptions in `skcluster.schema` leave out.
_MORE = {
    "n_used": "The others are beyond the magnitude limit of the list or of the model.",
    "differential_reddening": (
        "Dust in front of some stars only: half of them have less than 0.67 times this A_V on top "
        "of that of the cluster, 95 % less than 1.96 times (dashed line)."
    ),
    "field_fraction": "Contaminants of the list, which no isochrone describes.",
    "reliability": "Cut a catalogue by it, as strictly as its purpose needs.",
    "effective_samples": "Below about 100, intervals and band are coarse.",
}
#: If the model estimates differential reddening.
_LEAST_REDDENED = (
    "That of the least reddened stars: the isochrone follows the blue edge of the sequence, and "
    "stars behind more dust lie to its right and below, as do binaries above it."
)
#: By the flags of `skcluster.estimation.estimate`.
FLAGS = {
    "no cluster found": "no group of stars stands out from the field",
    "cannot be measured": "no star, or none brighter than the magnitude limit",
    "stars do not follow one isochrone": (
        "as in lists without a cluster, with other colours, or of two clusters"
    ),
    "stars disagree with the network": "the stars led far from the network's prediction",
    "improbable parameters": (
        "the estimate or its widths are unlike those of clusters, as for wrong units or colours"
    ),
    "parallaxes of more than one cluster": (
        "the parallaxes of members, or of members and the other stars, differ too much"
    ),
    "posterior not sampled": "the estimate is that of the network alone",
    "outside domain": (
        "log age, A_V or distance is beyond that of all training clusters: an extrapolation"
    ),
}
#: By the notes of `skcluster.estimation.estimate`.
NOTES = {
    "few stars": "fewer than 10 stars were used; the intervals are wide accordingly",
    "DR2 zero point applied": "parallaxes of Gaia DR2 were shifted to the zero point of EDR3",
    CONTAMINANTS: (
        "a quarter or more of the stars follow no isochrone near the estimate and had little "
        "weight in it"
    ),
    "parallaxes deeper than the errors": (
        "5 % or more of the parallaxes are over three errors from that of the cluster: it is near "
        "and extended, or these stars are contaminants"
    ),
    "unlike the training lists": (
        "in parallax, number of stars, magnitudes, colours or magnitude limit; the estimate is not"
    ),
}


def meaning_of(name: str, estimates: pd.DataFrame) -> str:
    """Return what the values of a column of estimates mean."""
    column = estimate_column(name)
    text = column.description
    more = _MORE.get(name, "")
    if name == "a_v" and "differential_reddening" in estimates:
        more = _LEAST_REDDENED
    told = text.lower() not in (name, column.label.lower())
    return f"{text}. {more}".strip() if told or more else ""


def meanings(estimates: pd.DataFrame, coverage: float) -> dict[str, str]:
    """Return what the numbers of a table of estimates mean, as HTML by the HTML of their terms."""
    found = {}
    ends = tuple(INTERVAL_ENDS)
    for name in estimates.columns:
        if not str(name).endswith(ends) and (text := meaning_of(name, estimates)):
            found[estimate_column(name).label.replace("$", "")] = text
    if any(str(name).endswith(ends) for name in estimates.columns):
        found[f"± or + −, {coverage:.0%} interval"] = (
            f"The true value lies inside for {coverage:.0%} of clusters like those of the training."
        )
        found["Band in the diagram"] = (
            f"Where the isochrones of the {coverage:.0%} most credible joint samples run. It "
            "shows how well the isochrone is known, not how far stars scatter around it."
        )
    for column, kind, known in (("flag", "Flag", FLAGS), ("notes", "Note", NOTES)):
        texts = _texts_in(estimates, column)
        found |= {f"{kind} “{text}”": known[text] for text in texts if text in known}
    return {escape(_capital(term)): escape(_capital(text)) for term, text in found.items()}


def _texts_in(estimates: pd.DataFrame, column: str) -> Iterable[str]:
    texts = estimates.get(column, ())
    return dict.fromkeys(one for text in texts for one in str(text).split("; "))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
