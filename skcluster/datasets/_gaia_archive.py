"""Fetch all stars around a place in the sky from the Gaia archive.

The query is an asynchronous job of the Table Access Protocol [1]_, which has no limit of rows below
three million.

References
----------
.. [1] Dowler, Rixon & Tody 2019, Table Access Protocol 1.1, IVOA Recommendation.
"""

import gzip
import os
import re
import time
from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from nested_pandas import NestedFrame
from sklearn.utils._param_validation import HasMethods, Interval, validate_params

from skcluster._utils.files import get_data_home, whole_file
from skcluster.clusters import as_clusters
from skcluster.datasets.catalogues._download import (
    CONSTRAINTS,
    AnswerError,
    FetchError,
    Service,
    text_of,
)
from skcluster.io._read_table import read_votable
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
#: Delays (s) between two looks at a job, of which the first is doubled up to the second.
DELAYS = (0.5, 8.0)
#: Longest time (s) from the start of a job to its end.
LONGEST = 3600.0
#: Largest number of rows of an answer to anybody who is not logged in.
MAX_ROWS = 3_000_000


@validate_params(
    {
        "target": [str, "array-like", HasMethods("transform_to")],
        "radius": [Real, HasMethods("to_value")],
        "max_magnitude": [Interval(Real, None, None, closed="neither"), None],
        **CONSTRAINTS,
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

    Returns
    -------
    NestedFrame of one row
        The field, with the name of the cluster, or the position, as its index.

    Raises
    ------
    FetchError
        If the stars are neither cached nor can be fetched.
    ValueError
        If Sesame does not know the name, the radius is not between 0 and 90 degrees, or there is no
        star with magnitude and colour.

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
    radius = float(radius.to_value("deg") if hasattr(radius, "to_value") else radius)
    if not 0 < radius < 90:
        raise ValueError(f"radius must lie between 0 and 90 degrees, not {radius:g}.")
    if isinstance(target, str):
        name, place = target, None
    else:
        ra, dec = ra_dec("target", target)
        place = ra % 360, dec
        name = "{:.5f} {:+.5f}".format(*place)
    limit = "all" if max_magnitude is None else f"G{max_magnitude:g}"
    stem = re.sub(r"[^\w.+-]+", "_", f"{' '.join(name.split())}_{radius:g}deg_{limit}")
    folder = get_data_home(data_home) / "gaia_dr3"
    file = folder / f"{stem}.parquet"
    if not file.is_file():
        if not download_if_missing:
            raise FetchError(f"There is no {file}, and download_if_missing is False.")
        ra, dec = place or _resolved(name)
        stars = _stars(_query(ra, dec, radius, max_magnitude), Service())
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(file, overwrite=True) as half:
            pq.write_table(stars, half, compression="zstd")
    return as_clusters(pq.read_table(file), cluster=name)


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


def _stars(query: str, archive: Service) -> pa.Table:
    """Return the answer to a query, which is a job of the archive."""
    options = {"REQUEST": "doQuery", "LANG": "ADQL", "FORMAT": "votable", "PHASE": "RUN"}
    options["QUERY"] = query
    job = archive.ask("Stars", "post", f"{URL}/async", _job_of, data=options, allow_redirects=False)
    pause, end = DELAYS[0], time.monotonic() + LONGEST
    while (phase := archive.ask("Stars", "get", f"{job}/phase", text_of)) != "COMPLETED":
        if phase in ("ERROR", "ABORTED"):
            reason = archive.ask("Stars", "get", f"{job}/error", text_of)
            raise FetchError(f"The Gaia archive refused {query!r}: {reason}")
        if time.monotonic() > end:
            raise FetchError(f"The Gaia archive still has {query!r} in phase {phase}.")
        time.sleep(pause)
        pause = min(2 * pause, DELAYS[1])
    return archive.ask("Stars", "get", f"{job}/results/result", _table_of)


def _job_of(answer: Any) -> str:
    """Return the address of the job that was started."""
    from urllib.parse import urljoin

    if "Location" not in answer.headers:
        raise AnswerError("no address of a job")
    return str(urljoin(answer.url, answer.headers["Location"]))


def _table_of(answer: Any) -> pa.Table:
    """Return the complete table of an answer."""
    body = answer.content
    try:
        if body.startswith(b"\x1f\x8b"):
            body = gzip.decompress(body)
        table = read_votable(body)
        stars = pa.Table.from_pandas(table[list(COLUMNS)].to_pandas(), preserve_index=False)
    except Exception as error:  # parsing what a server sends may raise any error
        raise AnswerError(f"no table of stars ({error})") from error
    if b'value="OVERFLOW"' in body or len(table) >= MAX_ROWS:
        raise AnswerError(
            f"only {len(table)} rows, its limit; a smaller radius or magnitude limit is needed",
            final=True,
        )
    return stars
