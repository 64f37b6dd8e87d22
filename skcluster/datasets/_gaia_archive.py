"""Fetch all stars around a place in the sky from the Gaia archive.

The query is an asynchronous job of the Table Access Protocol [1]_, which has no limit of rows below
three million. The address of the job is kept until its result is, so that an interrupted download
continues with the job that is already running.

References
----------
.. [1] Dowler, Rixon & Tody 2019, Table Access Protocol 1.1, IVOA Recommendation.
"""

import gzip
import os
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from nested_pandas import NestedFrame
from sklearn.utils._param_validation import HasMethods, Interval, validate_params

from skcluster._utils.files import get_data_home, whole_file
from skcluster.clusters import as_clusters
from skcluster.datasets.catalogues._catalogue import FetchError
from skcluster.datasets.catalogues._download import CONSTRAINTS, AnswerError, Service, text_of
from skcluster.membership._sky import ra_dec

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord
    from astropy.units import Quantity

URL = "https://gea.esac.esa.int/tap-server/tap"
TABLE = "gaiadr3.gaia_source"
COLUMNS = (
    *("source_id", "ra", "dec", "parallax", "parallax_error"),
    *("pmra", "pmra_error", "pmdec", "pmdec_error"),
    *("phot_g_mean_mag", "bp_rp", "phot_bp_mean_mag", "phot_rp_mean_mag", "ruwe"),
)
#: Delays (s) between two looks at a job, of which the first is doubled up to the second; longest
#: wait for a job.
DELAYS, LONGEST = (0.5, 8.0), 3600.0
#: Largest number of rows of an answer to anybody who is not logged in.
MAX_ROWS = 3_000_000


@validate_params(
    {
        "target": [str, "array-like", HasMethods("transform_to")],
        "radius": [Interval(Real, 0, 90, closed="neither"), HasMethods("to_value")],
        "max_magnitude": [Interval(Real, None, None, closed="neither"), None],
        **{name: CONSTRAINTS[name] for name in CONSTRAINTS.keys() - {"progress"}},
    },
    prefer_skip_nested_validation=True,
)
def fetch_gaia_cone(
    target: "str | Sequence[float] | SkyCoord",
    radius: "float | Quantity" = 0.3,
    *,
    max_magnitude: float | None = 18.0,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
) -> NestedFrame:
    """Fetch all stars around a cluster from Gaia DR3.

    `skcluster.MemberSelector` selects the members. The stars are kept in the data home, and later
    calls with the same arguments read them there.

    Parameters
    ----------
    target : str, pair of float or SkyCoord
        Name of a cluster, whose position CDS Sesame tells, or right ascension and declination
        (deg). The services of names are those of ``astropy.coordinates.name_resolve.sesame_url``.
    radius : float or Quantity, default=0.3
        Radius of the field (deg). It should be about three times that of the cluster.
    max_magnitude : float, optional, default=18.0
        Magnitude limit in G, None for all stars. The proper motions of fainter stars tell little
        about membership.
    data_home : str or PathLike, optional
        Folder of the cache; see `get_data_home`.
    download_if_missing : bool, default=True
        Whether to fetch what is not cached. Otherwise an error is raised.
    n_retries : int, default=3
        Number of further attempts of a request without a usable answer.
    delay : float, default=1.0
        Delay before the first retry (s), doubled before each further one.

    Returns
    -------
    NestedFrame of one row
        The field, with the name of the cluster, or the position, as its index.

    Raises
    ------
    FetchError
        If the stars are neither cached nor can be fetched. If the job is still running in the
        archive, the next call continues with it.
    ValueError
        If Sesame does not know the name, or there is no star with magnitude and colour.

    See Also
    --------
    fetch_cluster : Fetch published members of a cluster.
    skcluster.membership.find_members : Find the members of a field.

    Examples
    --------
    >>> from skcluster import MemberSelector, estimate
    >>> from skcluster.datasets import fetch_gaia_cone
    >>> field = fetch_gaia_cone("NGC 2506", radius=0.4)  # doctest: +SKIP
    >>> estimate(MemberSelector().fit_transform(field))  # doctest: +SKIP
    """
    if hasattr(radius, "to_value"):
        radius = float(radius.to_value("deg"))
        if not 0 < radius < 90:
            raise ValueError(f"radius must lie between 0 and 90 degrees, not {radius:g}.")
    name = target if isinstance(target, str) else "{:.5f} {:+.5f}".format(*_pair(target))
    limit = "all" if max_magnitude is None else f"G{max_magnitude:g}"
    stem = re.sub(r"[^\w.+-]+", "_", f"{' '.join(name.split())}_{radius:g}deg_{limit}")
    folder = get_data_home(data_home) / "gaia_dr3"
    file = folder / f"{stem}.parquet"
    if not file.is_file():
        if not download_if_missing:
            raise FetchError(f"There is no {file}, and download_if_missing is False.")
        ra, dec = _resolved(target) if isinstance(target, str) else _pair(target)
        archive = _Archive(n_retries, delay)
        folder.mkdir(parents=True, exist_ok=True)
        stars = archive.stars(_query(ra, dec, radius, max_magnitude), file.with_suffix(".job"))
        with whole_file(file, overwrite=True) as half:
            pq.write_table(stars, half, compression="zstd")
        file.with_suffix(".job").unlink(missing_ok=True)
    return as_clusters(pq.read_table(file), cluster=name)


def _pair(target: Any) -> tuple[float, float]:
    values = np.asarray(ra_dec(target), dtype=float)
    if values.shape != (2,) or not np.isfinite(values).all() or abs(values[1]) > 90:
        raise ValueError(
            f"target must be a name, or right ascension and declination in degrees, not {target!r}."
        )
    return float(values[0]) % 360, float(values[1])


def _resolved(name: str) -> tuple[float, float]:
    """Return right ascension and declination (deg) of a name."""
    from astropy.coordinates import SkyCoord
    from astropy.coordinates.name_resolve import NameResolveError

    try:
        place = SkyCoord.from_name(name.replace("_", " "))
    except NameResolveError as error:
        # The message does not tell by a type whether the name or the service is the cause.
        if "Unable to find coordinates" in str(error):
            raise ValueError(f"CDS Sesame knows no position of {name!r}.") from error
        raise FetchError(f"The position of {name!r} could not be fetched: {error}") from error
    return float(place.ra.deg), float(place.dec.deg)


def _query(ra: float, dec: float, radius: float, max_magnitude: float | None) -> str:
    query = (
        f"SELECT {', '.join(COLUMNS)} FROM {TABLE} WHERE 1 = CONTAINS(POINT('ICRS', ra, dec), "
        f"CIRCLE('ICRS', {ra:.8f}, {dec:.8f}, {radius:.8f}))"
    )
    return query if max_magnitude is None else f"{query} AND phot_g_mean_mag <= {max_magnitude:g}"


class _Archive(Service):
    """The archive, which is asked by jobs."""

    def stars(self, query: str, kept: Path) -> pa.Table:
        """Return the answer to a query; the address of its job is kept in a file meanwhile."""
        if kept.is_file():
            job = kept.read_text().strip()
            try:
                return self._result(job, query)
            except FetchError as error:
                if not isinstance(error.__cause__, AnswerError) or not error.__cause__.final:
                    raise
                # The archive has removed the job, or stopped it: another one is started.
        options = {"REQUEST": "doQuery", "LANG": "ADQL", "FORMAT": "votable", "PHASE": "RUN"}
        options["QUERY"] = query
        job = self.ask(
            "Stars", "post", f"{URL}/async", _job_of, data=options, allow_redirects=False
        )
        kept.write_text(job)
        return self._result(job, query)

    def _result(self, job: str, query: str) -> pa.Table:
        """Wait for a job and return its result."""
        pause, end = DELAYS[0], time.monotonic() + LONGEST
        while (phase := self.ask("Stars", "get", f"{job}/phase", text_of)) != "COMPLETED":
            if phase in ("ERROR", "ABORTED"):
                reason = AnswerError(self.ask("Stars", "get", f"{job}/error", text_of), final=True)
                raise FetchError(f"The Gaia archive refused {query!r}: {reason}") from reason
            if time.monotonic() > end:
                raise FetchError(
                    f"The Gaia archive is still busy with {job} ({phase}). The next call continues "
                    "there."
                )
            time.sleep(pause)
            pause = min(2 * pause, DELAYS[1])
        return self.ask("Stars", "get", f"{job}/results/result", _table_of)


def _job_of(answer: Any) -> str:
    """Return the address of the job that was started."""
    job = answer.headers.get("Location")
    if not job:
        raise AnswerError("no address of a job")
    from urllib.parse import urljoin

    return str(urljoin(answer.url, job))


def _table_of(answer: Any) -> pa.Table:
    """Return the complete table of an answer."""
    from astropy.io.votable import parse

    body = answer.content
    try:
        if body.startswith(b"\x1f\x8b"):
            body = gzip.decompress(body)
        if re.search(rb"<STREAM[^>]*href", body[:100_000]):
            raise ValueError("its rows are elsewhere")
        resource = parse(BytesIO(body), verify="ignore").resources[0]
        table = resource.tables[0].to_table(use_names_over_ids=True)
        status = {str(info.value) for info in resource.infos if info.name == "QUERY_STATUS"}
        columns = {name: _typed(table[name]) for name in COLUMNS}
    except Exception as error:  # parsing what a server sends may raise any error
        raise AnswerError(f"no table of stars ({error})") from error
    if "OVERFLOW" in status or len(table) >= MAX_ROWS:
        raise AnswerError(
            f"only {len(table)} rows, its limit; a smaller radius or magnitude limit is needed",
            final=True,
        )
    fetched_on = datetime.now(UTC).isoformat(timespec="seconds")
    return pa.table(columns, metadata={"table": TABLE, "url": URL, "fetched_on": fetched_on})


def _typed(values: Any) -> pa.Array:
    """Return a column of numbers, NaN where missing; identifiers keep their digits."""
    if values.dtype.kind in "iu":
        return pa.array(np.asarray(values).astype(np.int64))
    filled = np.ma.filled(np.ma.masked_array(values, dtype=np.float64), np.nan)
    return pa.array(np.asarray(filled))
