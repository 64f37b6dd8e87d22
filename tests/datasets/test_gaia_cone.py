"""Stars around a cluster from the Gaia archive, and its name from Sesame: a server on loopback."""

import gzip
import io
import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.coordinates.name_resolve import sesame_url
from astropy.io.votable import from_table
from astropy.io.votable.tree import Info
from astropy.table import Table
from vizier_server import QuietHandler, running

from skcluster.cli import main
from skcluster.datasets import FetchError, fetch_gaia_cone, load_example_field
from skcluster.datasets import _gaia_archive as archive
from skcluster.datasets.catalogues import _download

NGC_2506 = (120.0, -10.75)


class Server:
    """What the handlers share: the stars, the requests, and the faults of the next answers."""

    def __init__(self) -> None:
        stars = load_example_field()[0].iloc[0]["stars"]
        self.table = Table.from_pandas(stars[stars.columns.intersection(archive.COLUMNS)])
        self.table["source_id"] = 2**60 + np.arange(len(self.table))
        self.table["ruwe"] = np.ma.masked_invalid(np.where(self.table["ra"] > 0, 1.0, np.nan))
        self.url = ""
        self.queries: list[str] = []
        self.requests: list[str] = []
        self.phases = ["QUEUED", "EXECUTING", "COMPLETED"]
        self.faults: dict[str, list[int]] = {}
        self.status, self.gzipped = "OK", False

    def votable(self) -> bytes:
        votable = from_table(self.table)
        votable.resources[0].infos.append(Info(name="QUERY_STATUS", value=self.status))
        out = io.BytesIO()
        votable.to_xml(out, tabledata_format="binary2")
        return gzip.compress(out.getvalue()) if self.gzipped else out.getvalue()


class Handler(QuietHandler, BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer({key: values[0] for key, values in parse_qs(body).items()})

    def do_GET(self) -> None:
        self._answer({})

    def _answer(self, form: dict[str, str]) -> None:
        state = self.server.state
        place = unquote(self.path).rstrip("/")
        state.requests.append(place)
        faults = next((f for end, f in state.faults.items() if place.endswith(end) and f), None)
        if faults:
            return self.send(faults.pop(0), b"<h1>Sorry</h1>")
        if "SNV?" in place:
            known = "NGC 2506" in place
            text = (
                f"%J {NGC_2506[0]} {NGC_2506[1]} = 08 00 00.0 -10 45 00\n" if known else "#!none\n"
            )
            return self.send(200, text.encode())
        if place == "/tap/async":
            assert form["PHASE"] == "RUN"
            assert "MAXREC" not in form
            state.queries.append(form["QUERY"])
            return self.send(303, b"", Location=f"/tap/async/{len(state.queries)}")
        if place.endswith("/phase"):
            phase = state.phases.pop(0) if len(state.phases) > 1 else state.phases[0]
            return self.send(200, phase.encode())
        if place.endswith("/error"):
            return self.send(200, b"<INFO>Cannot parse query</INFO>")
        return self.send(200, state.votable())


@pytest.fixture
def gaia(monkeypatch: pytest.MonkeyPatch, tmp_path) -> Iterator[Server]:
    """The archive and Sesame on loopback, asked again without delay, and an empty cache."""
    with running(Server(), Handler) as state:
        monkeypatch.setattr(archive, "URL", f"{state.url}/tap")
        monkeypatch.setattr(archive, "DELAYS", (0.001, 0.002))
        monkeypatch.setattr(_download, "DELAYS", (0.0, 0.0, 0.0))
        monkeypatch.setenv("SKCLUSTER_DATA", str(tmp_path / "cache"))
        with sesame_url.set((f"{state.url}/",)):
            yield state


@pytest.fixture
def fetch(gaia: Server) -> Callable[..., object]:
    return lambda target="NGC 2506", *args, **kw: fetch_gaia_cone(target, *args, **kw)


def test_a_cone_by_name_is_fetched_once(gaia, fetch):
    field = fetch(radius=0.4)
    assert field.index.tolist() == ["NGC 2506"]
    stars = field.iloc[0]["stars"]
    assert set(stars.columns) == set(archive.COLUMNS)
    assert stars["source_id"].tolist() == gaia.table["source_id"].tolist()
    np.testing.assert_array_equal(stars["pmra"], gaia.table["pmra"])
    (query,) = gaia.queries
    assert "CIRCLE('ICRS', 120.00000000, -10.75000000, 0.40000000)" in query
    assert query.endswith("AND phot_g_mean_mag <= 18")
    n_requests = len(gaia.requests)
    assert fetch(radius=0.4).equals(field)
    assert fetch(radius=0.4, download_if_missing=False).equals(field)
    assert len(gaia.requests) == n_requests
    with pytest.raises(FetchError, match="download_if_missing is False"):
        fetch(radius=0.3, download_if_missing=False)


def test_a_cone_by_position_needs_no_sesame(gaia, fetch):
    gaia.gzipped = True
    field = fetch((480.0, -10.75), max_magnitude=None)
    assert field.index.tolist() == ["120.00000 -10.75000"]
    assert "phot_g_mean_mag <=" not in gaia.queries[0]
    assert not any("SNV?" in request for request in gaia.requests)
    with pytest.raises(ValueError, match="target must be one right ascension"):
        fetch((10.0, 95.0))


def test_a_cone_of_quantities(gaia, fetch):
    field = fetch(SkyCoord(120, -10.75, unit="deg").galactic, radius=24 * units.arcmin)
    assert field.index.tolist() == ["120.00000 -10.75000"]
    assert "CIRCLE('ICRS', 120.00000000, -10.75000000, 0.40000000)" in gaia.queries[0]
    assert fetch(np.deg2rad(NGC_2506) * units.rad).index.equals(fetch(NGC_2506).index)
    with pytest.raises(ValueError, match="radius must lie between 0 and 90 degrees, not 180"):
        fetch(NGC_2506, radius=180 * units.deg)


def test_names_and_services_that_fail_are_told_apart(gaia, fetch):
    with pytest.raises(ValueError, match=r"CDS Sesame knows no position of 'NGC 99999'\."):
        fetch("NGC 99999")
    with sesame_url.set(("http://127.0.0.1:1/",)), pytest.raises(FetchError, match="position of"):
        fetch("NGC 2506")


def test_faults_are_tried_again(gaia, fetch):
    gaia.faults = {"/async": [500], "/phase": [503, 502], "/result": [500, 500, 500]}
    assert len(fetch().iloc[0]["stars"]) == len(gaia.table)
    gaia.faults = {"/result": [500] * 4}
    with pytest.raises(FetchError, match="HTTP status 500, with the text 'Sorry'"):
        fetch(radius=0.2)


@pytest.mark.parametrize(
    ("phase", "status", "message"),
    [
        ("ERROR", "OK", r'refused "SELECT .*": Cannot parse query'),
        ("HELD", "OK", r"still has .SELECT .* in phase HELD"),
        ("COMPLETED", "OVERFLOW", r"only 2284 rows, its limit; a smaller radius"),
    ],
)
def test_errors_of_the_archive_are_told(gaia, fetch, monkeypatch, phase, status, message):
    gaia.phases, gaia.status = [phase], status
    monkeypatch.setattr(archive, "LONGEST", 0.0)
    with pytest.raises(FetchError, match=message):
        fetch()


def test_from_a_name_to_parameters_in_one_command(gaia, tmp_path, capsys):
    assert main(["estimate", "NGC 2506", "--from-gaia", "--radius", "0.4"]) == 0
    printed = capsys.readouterr()
    told = printed.err.splitlines()
    assert told[0] == "skcluster: NGC 2506: 2284 stars within 0.4 degrees, from Gaia DR3"
    assert re.fullmatch(r"skcluster: NGC 2506: \d+ members", told[1])
    assert re.search(r"^NGC 2506 .* 9\.0\d ± ", printed.out, re.M)
    file = tmp_path / "members.fits"
    both = ["members", "NGC 2506", "NGC 99999", "--from-gaia", "--radius", "0.4", "-o", str(file)]
    assert main(both) == 3
    printed = capsys.readouterr()
    assert "knows no position of 'NGC 99999'. Left out." in printed.err
    assert len(Table.read(file)) > 250
