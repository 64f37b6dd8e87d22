"""Places of the boxes and arrows of an architecture."""

from collections.abc import Collection, Iterable

#: Size of a box, and distance between boxes, in inches.
BOX = (2.6, 0.46)
STEP = (3.2, 0.78)
#: Distance of arrows beside the boxes from them and from each other, in inches.
_BESIDE = 0.12

#: Centre of a box, in inches.
Place = tuple[float, float]


def is_crossed(start: Place, end: Place, places: Iterable[Place]) -> bool:
    """Return whether a box lies on the straight line between two others."""
    slope = (end[0] - start[0]) / (end[1] - start[1])
    return any(
        end[1] < y < start[1]
        and any(
            abs(x - start[0] - slope * (y + side - start[1])) < BOX[0] / 2
            for side in (-BOX[1] / 2, 0, BOX[1] / 2)
        )
        for x, y in places
    )


def beside_boxes(
    arrows: Iterable[tuple[Place, Place]], places: Collection[Place]
) -> dict[tuple[Place, Place], float]:
    """Return how far to the left each arrow around boxes goes: the shortest next to them."""
    found: dict[tuple[Place, Place], float] = {}
    for start, end in sorted(arrows, key=lambda arrow: arrow[0][1] - arrow[1][1]):
        crossed = [x for (one, two), x in found.items() if two[1] < start[1] and one[1] > end[1]]
        edge = min(x for x, y in places if end[1] <= y <= start[1]) - BOX[0] / 2
        found[start, end] = min([edge, *crossed]) - _BESIDE
    return found


def places_of(inputs_of: dict[str, tuple[str, ...]]) -> dict[str, Place]:
    """Return the centre of each box in inches: rows counted from the end, each below its inputs.

    Parameters
    ----------
    inputs_of : dict of str to tuple of str
        Names of the boxes that lead to each, which come before it.
    """
    rows = dict.fromkeys(inputs_of, 0)
    for name in reversed(inputs_of):
        for above in inputs_of[name]:
            rows[above] = max(rows[above], rows[name] + 1)
    first = [name for name in inputs_of if not inputs_of[name]]
    columns: dict[str, float] = {}
    for row in sorted(set(rows.values()), reverse=True):
        wanted = {}
        for name in (name for name in inputs_of if rows[name] == row):
            inputs = [columns[one] for one in inputs_of[name]] or [first.index(name)]
            wanted[name] = sum(inputs) / len(inputs)
        columns |= _apart(wanted)
    top = max(rows.values())
    return {name: (columns[name] * STEP[0], (rows[name] - top) * STEP[1]) for name in rows}


def _apart(wanted: dict[str, float]) -> dict[str, float]:
    """Return columns near the wanted ones, at least 1 apart."""
    found: dict[str, float] = {}
    for name in sorted(wanted, key=wanted.__getitem__):
        found[name] = max([wanted[name], *(column + 1 for column in found.values())])
    shift = sum(wanted[name] - found[name] for name in found) / len(found)
    return {name: column + shift for name, column in found.items()}
