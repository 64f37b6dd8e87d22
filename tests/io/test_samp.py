"""Tables that are sent by SAMP: PyVO's own hub and a program, on loopback."""

import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pandas as pd
import pytest
from astropy.io.votable import parse
from astropy.table import Table
from pyvo.samp import SAMPHubServer, SAMPIntegratedClient

from skcluster.cli import main
from skcluster.datasets import load_example, load_example_field
from skcluster.io import send_table, write_clusters

TABLE = pd.DataFrame({"log_age": [9.6]}, index=pd.Index(["M 67"], name="cluster"))


@pytest.fixture(autouse=True)
def lockfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "samp"
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{file.as_uri()}")
    return file


@pytest.fixture
def hub(lockfile: Path) -> Iterator[None]:
    server = SAMPHubServer(
        lockfile=str(lockfile), addr="127.0.0.1", web_profile=False, mode="multiple"
    )
    server.start()
    yield
    server.stop()


@pytest.fixture
def program(hub: None) -> Iterator[Callable[[], tuple[str, Table, dict[str, str]]]]:
    """A program that loads tables, as TOPCAT does; the last table, its name and its facts."""
    loaded: list[tuple[str, bytes]] = []
    client = SAMPIntegratedClient(name="a program", addr="127.0.0.1")
    client.connect()

    def load(key: str, sender: str, call: str, mtype: str, params: Any, extra: Any) -> None:
        time.sleep(0.1)  # PyVO's hub loses replies that are faster than itself
        if params["name"] == "bad":
            client.ereply(call, "samp.error", error={"samp.errortxt": "out of memory"})
            return
        loaded.append((params["name"], urlopen(params["url"]).read()))
        client.ereply(call, "samp.ok", result={})

    def last() -> tuple[str, Table, dict[str, str]]:
        name, content = loaded[-1]
        votable = parse(BytesIO(content))
        facts = {info.name: info.value for info in votable.resources[0].infos}
        return name, votable.get_first_table().to_table(), facts

    client.bind_receive_call("table.load.votable", load)
    yield last
    client.disconnect()


def test_a_table_is_loaded_by_the_program(program):
    assert send_table(TABLE, "mine", metadata={"model": "reference"}) == ["a program"]
    name, table, facts = program()
    assert (name, facts) == ("mine", {"model": "reference"})
    assert table["log_age"].tolist() == [9.6]
    assert table["log_age"].meta["ucd"] == "time.age"


def test_a_failure_is_told(program):
    with pytest.raises(ConnectionError, match="a program did not load the table: out of memory"):
        send_table(TABLE, "bad")


def test_without_a_hub_nothing_is_estimated(tmp_path, capsys):
    with pytest.raises(ConnectionError, match="No SAMP hub is running"):
        send_table(TABLE)
    assert main(["estimate", "not read", "--samp"]) == 1
    assert capsys.readouterr().err == (
        "skcluster: error: No SAMP hub is running to send the table to: start TOPCAT or Aladin "
        "first.\n"
    )


def test_without_a_program_nothing_is_sent(hub):
    with pytest.raises(ConnectionError, match="no program is connected to it that loads tables"):
        send_table(TABLE)


def test_the_commands_send_what_they_find(program, tmp_path, capsys):
    write_clusters(load_example()[0], tmp_path / "members.parquet")
    assert main(["estimate", str(tmp_path / "members.parquet"), "--samp"]) == 0
    name, table, facts = program()
    assert (name, len(table), facts["model"]) == ("estimates of members", 3, "reference")
    assert table["distance_kpc"].unit == "kpc"
    assert capsys.readouterr().err.endswith("skcluster: estimates sent to a program\n")
    write_clusters(load_example_field()[0], tmp_path / "field.parquet")
    assert main(["members", str(tmp_path / "field.parquet"), "--samp"]) == 0
    name, table, facts = program()
    assert (name, len(table)) == ("members of field", 286)
    assert table["ra"].meta["ucd"] == "pos.eq.ra;meta.main"
    assert facts["members"] == "selected by skcluster"
