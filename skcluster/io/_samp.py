"""Send tables to TOPCAT, Aladin and other programs, by the protocol that connects them."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from nested_pandas import NestedFrame

from skcluster.io._write import star_table, write_estimates

#: What programs that load VOTables subscribe to.
_LOAD = "table.load.votable"
#: How long a program may take to load a table (s).
_LONGEST = 60


def send_table(
    table: pd.DataFrame, name: str = "skcluster", *, metadata: Mapping[str, str] | None = None
) -> list[str]:
    """Send a table of estimates, of clusters or of stars to TOPCAT, Aladin and others by SAMP.

    Every program that is connected to the running hub and loads VOTables gets the table, with the
    units, descriptions and UCDs of `to_astropy`. TOPCAT and Aladin start a hub [1]_.

    Parameters
    ----------
    table : DataFrame
        As for `write_estimates`; or clusters, whose stars are sent.
    name : str, default="skcluster"
        Name of the table in the other programs.
    metadata : mapping of str to str, optional
        Facts about the table, such as the model and its reference.

    Returns
    -------
    list of str
        Names of the programs that loaded it.

    Raises
    ------
    ConnectionError
        If no hub is running, no connected program loads tables, or one reports a failure.
    ImportError
        If PyVO is not installed.

    See Also
    --------
    write_estimates : Write the table to a file.

    References
    ----------
    .. [1] Taylor, Boch & Taylor 2015, Astronomy and Computing 11, 81.

    Examples
    --------
    >>> import skcluster
    >>> from skcluster.datasets import load_example
    >>> from skcluster.io import send_table
    >>> X, y = load_example()
    >>> send_table(skcluster.estimate(X), "estimates")  # doctest: +SKIP
    ['topcat']
    """
    samp = _samp()
    with _connected() as (client, programs), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.vot"
        write_estimates(
            star_table(table) if isinstance(table, NestedFrame) else table, file, metadata=metadata
        )
        params = {"url": file.as_uri(), "name": name, "table-id": name}
        for identifier, program in programs.items():
            try:
                reply = client.call_and_wait(
                    identifier, {"samp.mtype": _LOAD, "samp.params": params}, str(_LONGEST)
                )
            except samp.SAMPProxyError as error:
                raise ConnectionError(f"{program} did not load the table: {error}") from error
            if reply["samp.status"] == "samp.error":
                reason = reply.get("samp.error", {}).get("samp.errortxt", "no reason given")
                raise ConnectionError(f"{program} did not load the table: {reason}")
    return list(programs.values())


def check_samp() -> None:
    """Raise an error if tables cannot be sent, before the work starts."""
    with _connected():
        pass


def _samp() -> Any:
    """Return the module of the protocol, which astropy 8 has handed over to PyVO."""
    try:
        from pyvo import samp
    except ImportError as error:
        raise ImportError(
            "Sending tables by SAMP needs PyVO 1.9 or later: pip install 'pyvo>=1.9'."
        ) from error
    return samp


@contextmanager
def _connected() -> Iterator[tuple[Any, dict[str, str]]]:
    """Yield a client of the running hub, and the names of programs that load tables."""
    samp = _samp()
    client = samp.SAMPIntegratedClient(name="skcluster", callable=False)
    try:
        client.connect()
    except (samp.SAMPHubError, OSError) as error:
        raise ConnectionError(
            "No SAMP hub is running to send the table to: start TOPCAT or Aladin first."
        ) from error
    try:
        programs = {
            identifier: str(client.get_metadata(identifier).get("samp.name", identifier))
            for identifier in client.get_subscribed_clients(_LOAD)
        }
        if not programs:
            raise ConnectionError(
                "A SAMP hub is running, but no program is connected to it that loads tables: start "
                "TOPCAT or Aladin."
            )
        yield client, programs
    finally:
        client.disconnect()
