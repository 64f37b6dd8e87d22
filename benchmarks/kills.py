"""Killed processes: files remain valid, and repeated work gives the same result.

    python benchmarks/kills.py --kills 200

Downloading from a local server, fitting with a cache, estimating to a file and estimating with
Dask are killed (SIGKILL) at random times until the given number of kills has hit each of them.
After each kill, all files must be valid, and repeating the work must give results that are
identical to those of uninterrupted work, and must leave no incomplete files. With
``--signal SIGINT``, the work is interrupted instead, and must end within a minute;
``--only train`` does this for a network.
"""

import argparse
import faulthandler
import multiprocessing
import os
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import kills_work
import numpy as np
import pandas as pd
from kills_work import FRESH, WORKS, Work

#: Seconds within which interrupted work must end.
PATIENCE = 60
KILLED, LEFT, SAME = "killed", "of these with something half-done", "done again: same bits"
TORN, OTHER, STUCK = "torn files", "other bits", "did not end"
OUTCOMES = (KILLED, LEFT, SAME, TORN, OTHER, STUCK)


def main(arguments: list[str] | None = None) -> int:
    """Kill, count and print; return 1 if anything went wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200, help="kills of each kind of work")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=WORKS, action="append")
    parser.add_argument("--signal", choices=["SIGKILL", "SIGINT"], default="SIGKILL")
    options = parser.parse_args(arguments)
    names = options.only or [name for name in WORKS if name != "train"]
    rng = np.random.default_rng(options.seed)
    rows = {}
    for name in names:
        with TemporaryDirectory() as folder:
            rows[name] = kill(name, Path(folder), options.kills, options.signal, rng)
        print(f"{name}: {dict(rows[name])}", flush=True)
    table = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=OUTCOMES)
    table = table.fillna(0).astype(int)
    print(table.to_string())
    bad = int(table[[TORN, OTHER, STUCK]].to_numpy().sum())
    print(f"{int(table[KILLED].sum())} kills ({options.signal}), {bad} failures")
    return int(bad > 0)


def kill(
    name: str, folder: Path, n_kills: int, kind: str, rng: np.random.Generator
) -> Counter[str]:
    """Kill one piece of work again and again; count how it ended.

    Parameters
    ----------
    name : str
        One of `kills_work.WORKS`.
    folder : Path
        Where it is done.
    n_kills : int
        Kills that hit.
    kind : str
        Name of the signal.
    rng : numpy.random.Generator
        Draws the moments.
    """
    work, found = WORKS[name], Counter[str]()
    context = multiprocessing.get_context("forkserver")
    # Where the server of processes finds what it loads.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    context.set_forkserver_preload(["kills_work", "kills_imports"])
    server = kills_work.serve(folder) if name == "fetch" else None
    work.prepare(folder)
    # The first loads what others find loaded.
    for _ in range(2):
        _start_afresh(name, folder)
        begin = time.monotonic()
        expected = _undisturbed(context, name, folder)
        length = time.monotonic() - begin
    while found[KILLED] < n_kills:
        _start_afresh(name, folder)
        hit, ended = _disturbed(context, name, folder, rng.uniform(0, length), kind)
        if not hit:
            length *= 0.98  # the machine is quicker than it was
            continue
        length *= 1.005
        found[KILLED] += 1
        found[STUCK] += not ended
        found[LEFT] += bool(list(folder.rglob("*.half")) + list(folder.rglob("*.parts")))
        torn = work.whole(folder)
        found[TORN] += bool(torn)
        again = _undisturbed(context, name, folder)
        found[SAME if again == expected else OTHER] += 1
        if found[KILLED] % 20 == 0:
            print(f"{name}: {dict(found)}", flush=True)
        if torn or again != expected or not ended:
            print(f"{name}, kill {found[KILLED]}: {torn} {again!r}", flush=True)
    if server is not None:
        server.__exit__(None, None, None)
    return found


def _start_afresh(name: str, folder: Path) -> None:
    """Remove what was done, so that there is something to do."""
    left = FRESH[name]
    if left is not None:
        shutil.rmtree(folder / left, ignore_errors=True)


def _undisturbed(context: Any, name: str, folder: Path) -> Any:
    """What the work gives, or the text of its error."""
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(name, folder, theirs))
    process.start()
    theirs.close()
    try:
        ours.recv()  # it has begun
        found = ours.recv()
    except EOFError:
        found = "the process died"
    process.join()
    return found


def _disturbed(
    context: Any, name: str, folder: Path, moment: float, kind: str
) -> tuple[bool, bool]:
    """Whether the signal hit work in progress, and whether that ended."""
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(name, folder, theirs))
    process.start()
    theirs.close()
    ours.recv()  # it has begun
    process.join(moment)
    hit = process.exitcode is None
    if hit:
        os.kill(process.pid, getattr(signal, kind))
    process.join(PATIENCE)
    ended = process.exitcode is not None
    if not ended:
        os.kill(process.pid, signal.SIGABRT)  # says where it is
    process.join()
    hit = hit and process.exitcode != 0
    return hit, ended


def _work(name: str, folder: Path, pipe: Any) -> None:
    """The work, in its own process."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faulthandler.enable()
    kills_work.quiet()
    work: Work = WORKS[name]
    pipe.send("begun")
    try:
        with open(os.devnull, "w") as nowhere:
            sys.stdout = sys.stderr = nowhere
            pipe.send(work.run(folder))
    except KeyboardInterrupt:
        os._exit(130)
    except Exception as error:
        pipe.send(repr(error))
        sys.stderr = sys.__stderr__
        raise


if __name__ == "__main__":
    sys.exit(main())
