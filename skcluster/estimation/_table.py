"""Convert the predictions of a model to the table of estimates and the samples."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from nested_pandas import NestedFrame

from skcluster._utils.typing import IntArray
from skcluster.clusters import stars_of
from skcluster.clusters._tables import frame_of_arrow
from skcluster.estimation._answer import Answer
from skcluster.io._write import state_units
from skcluster.schema import INTERVAL_ENDS

#: Clusters with fewer stars are flagged; an adopted value.
_FEW_STARS = 10
#: The rows of the table that a prediction belongs to.
Rows = IntArray


def table_of(
    answers: list[Answer], rows: list[Rows], n_stars: Any, index: pd.Index
) -> pd.DataFrame:
    """Combine the predictions of some rows each into a table of all rows."""
    places = range(len(index))
    found = pd.concat(map(_columns, answers, rows)).reindex(places)
    table = pd.DataFrame({"n_stars": n_stars}, index=places).join(found)
    if "n_used" in table:
        table["n_used"] = table["n_used"].fillna(0).astype(int)
    flags = pd.concat(
        [pd.DataFrame(dict(a.flags), index=some) for a, some in zip(answers, rows, strict=True)]
    )
    reasons = {
        "cannot be measured": table[list(answers[0].targets)].isna().any(axis=1),
        "few stars": table.get("n_used", table["n_stars"]) < _FEW_STARS,
        # A row without a prediction has no flag of the model.
        **{name: flag.eq(True) for name, flag in flags.reindex(places).items()},
    }
    names = np.array(list(reasons))
    doubts = np.column_stack(list(reasons.values()))
    table["flag"] = pd.Series(["; ".join(names[row]) for row in doubts], dtype="str")
    return state_units(table.set_axis(index.rename("cluster")))


def _columns(answer: Answer, rows: Rows) -> pd.DataFrame:
    """Return the columns that come from the model."""
    columns: dict[str, Any] = {} if answer.n_used is None else {"n_used": answer.n_used}
    for i, (name, values) in enumerate(zip(answer.targets, answer.estimates.T, strict=True)):
        columns[name] = values
        if answer.intervals is not None:
            ends = answer.intervals[:, i].T
            columns.update(
                {name + ending: end for ending, end in zip(INTERVAL_ENDS, ends, strict=True)}
            )
    if answer.extra_columns is not None:
        columns.update({str(name): c.to_numpy() for name, c in answer.extra_columns.items()})
    return pd.DataFrame(columns, index=rows)


def samples_of(
    answers: list[Answer], rows: list[Rows], n_samples: int, index: pd.Index
) -> dict[Any, pd.DataFrame]:
    """Return the samples under the names of the clusters, in their order."""
    targets = list(answers[0].targets)
    unknown = np.full((n_samples, len(targets)), np.nan)
    drawn = {
        row: values
        for answer, some in zip(answers, rows, strict=True)
        if answer.samples is not None
        for row, values in zip(some, answer.samples, strict=True)
    }
    return {
        name: pd.DataFrame(drawn.get(row, unknown), columns=targets)
        for row, name in enumerate(index)
    }


def members_of(answers: list[Answer], rows: list[Rows], X: NestedFrame) -> pd.DataFrame:
    """Return all stars with their membership probabilities."""
    stars = stars_of(X)
    membership = np.full(len(stars), np.nan)
    for answer, some in zip(answers, rows, strict=True):
        for row, values in zip(some, answer.membership or [], strict=True):
            membership[stars.offsets[row] : stars.offsets[row + 1]] = values
    table = frame_of_arrow(pa.table({name: stars.arrow(name) for name in stars.columns}))
    table.insert(0, "cluster", X.index.to_numpy()[stars.cluster])
    return table.assign(membership=membership)
