"""Reading of damaged and malicious files.

    python benchmarks/corruption.py --mutants 2000

Reads randomly damaged copies of a small file of every format, and decompression bombs, in a
separate process that may use 2 GB of memory more than at its start, and 10 s of processor time per
file. Prints the number of files for each outcome: a table or model, an error of this package,
another exception, too much time, or too much memory. All but the first two are failures, as is a
damaged model file that gives other predictions, unless its checksum was recomputed. Files that
fail are saved to the output folder.
"""

import argparse
import multiprocessing
import resource
import sys
import time
import traceback
import warnings
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import corruption_files
import pandas as pd

import skcluster

#: Outcomes.
READ, REFUSED = "data", "our error"
FOREIGN, CHANGED = "foreign exception", "other data"
SLOW, LARGE = "too long", "too much memory"
OUTCOMES = (READ, REFUSED, FOREIGN, CHANGED, SLOW, LARGE)

SECONDS, BYTES = 10, 2 * 10**9
#: The most that a file may have for these limits to hold.
FILE_BYTES = 20 * 10**6
_PACKAGE = str(Path(skcluster.__file__).parent)


def main(arguments: list[str] | None = None) -> int:
    """Read all, print the counts; return 1 if a file ended badly."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mutants", type=int, default=2000, help="damaged files per format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="only formats with this prefix, or 'bombs'")
    parser.add_argument("--output", type=Path, default=Path("out/corruption"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    wanted = options.only or ""
    with TemporaryDirectory() as folder, Reader() as reader:
        sound = corruption_files.sound_files(Path(folder))
        rows = {}
        for kind, file in sound.items():
            if kind.startswith(wanted):
                contents = corruption_files.mutants(file, kind, options.mutants, options.seed)
                cases = ((f"{kind} {i}", file.name, c) for i, c in enumerate(contents))
                rows[kind] = count(reader, cases, options.output, changed=kind == "model")
        if "bombs".startswith(wanted):
            bombs = corruption_files.bombs(sound["model"].read_bytes())
            rows["bombs"] = count(reader, bombs, options.output, tell=True)
    table = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=OUTCOMES)
    table = table.fillna(0).astype(int)
    print(table.to_string())
    bad = int(table[[FOREIGN, CHANGED, SLOW, LARGE]].to_numpy().sum())
    print(f"{int(table.to_numpy().sum())} files, {bad} failures")
    return int(bad > 0)


def count(
    reader: "Reader", cases: Any, output: Path, *, changed: bool = False, tell: bool = False
) -> Counter[str]:
    """How files ended; bad ones are kept and printed.

    Parameters
    ----------
    reader : Reader
        What reads them.
    cases : iterable of (str, str, bytes)
        Names, names of files and contents.
    output : Path
        Where bad ones are kept.
    changed : bool, default=False
        Whether other predictions than the sound model's are bad.
    tell : bool, default=False
        Whether to print what good ones take, too.
    """
    found: Counter[str] = Counter()
    for name, file, content in cases:
        if len(content) > FILE_BYTES:
            raise ValueError(f"{name} has {len(content)} bytes, more than the limits are for.")
        ended = reader.read(file, content)
        outcome = READ if ended["outcome"] == CHANGED and not changed else ended["outcome"]
        found[outcome] += 1
        bad = outcome not in (READ, REFUSED)
        if bad:
            (output / f"{name.replace(' ', '_').replace(',', '')}_{file}").write_bytes(content)
        if bad or tell:
            text = f"{name}: {outcome}, {ended['seconds']:.1f} s, {ended['bytes'] / 1e6:.0f} MB"
            print(f"{text} {ended['text'][:200]}", flush=True)
    return found


class Reader:
    """A process that reads files within limits; it is started anew when it has to be stopped."""

    def __enter__(self) -> "Reader":
        self._folder = TemporaryDirectory()
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        self._folder.cleanup()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self._pipe.recv()  # all is imported

    def _stop(self) -> None:
        self._process.kill()
        self._process.join()

    def read(self, name: str, content: bytes) -> dict[str, Any]:
        """How the file ended: its outcome, text, seconds and bytes."""
        file = Path(self._folder.name) / name
        file.write_bytes(content)
        self._pipe.send(file)
        try:
            if self._pipe.poll(6 * SECONDS):
                ended: dict[str, Any] = self._pipe.recv()
                return ended
            ended = {"outcome": SLOW, "text": "stopped", "seconds": 6 * SECONDS, "bytes": 0}
        except EOFError:
            ended = {"outcome": FOREIGN, "text": "the process ended", "seconds": 0, "bytes": 0}
        self._restart()
        return ended

    def _restart(self) -> None:
        self._stop()
        self._start()


def _serve(pipe: Connection) -> None:
    """Read files, as told, within the limit of memory."""
    warnings.simplefilter("ignore")
    with TemporaryDirectory() as folder:
        sound = corruption_files.sound_files(Path(folder))
        clusters, _ = skcluster.datasets.simulate_clusters(5, random_state=1)
        expected = skcluster.load_model(sound["model"]).predict(clusters)
        for kind, file in sound.items():
            if not kind.startswith("model"):
                skcluster.read_clusters(file)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + BYTES, now + BYTES))
    pipe.send("ready")
    while True:
        file = pipe.recv()
        before = _peak(reset=True)
        start = time.process_time()  # other processes on the machine shall not count
        outcome, text = _outcome(file, clusters, expected)
        seconds, taken = time.process_time() - start, _peak() - before
        if seconds > SECONDS:
            outcome = SLOW
        pipe.send({"outcome": outcome, "text": text, "seconds": seconds, "bytes": taken})


def _peak(reset: bool = False) -> int:
    """The most memory so far, or since it was last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    text = Path("/proc/self/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) * 1024


def _outcome(file: Path, clusters: Any, expected: Any) -> tuple[str, str]:
    try:
        if file.suffix != ".skcluster":
            skcluster.read_clusters(file)
            return READ, ""
        model = skcluster.load_model(file)
    except BaseException as error:
        causes = [error]
        while causes[-1].__cause__ is not None:
            causes.append(causes[-1].__cause__)
        text = f"{type(error).__name__}: {error}".replace("\n", " ")
        if any(isinstance(cause, MemoryError) for cause in causes):
            return LARGE, text
        where = traceback.extract_tb(error.__traceback__)[-1].filename
        ours = type(error) in (ValueError, skcluster.persistence.ModelFileError)
        return (REFUSED if ours and where.startswith(_PACKAGE) else FOREIGN), text
    try:
        same = (model.predict(clusters) == expected).all()
    except Exception as error:  # with a checksum of its own, a model can be any
        return CHANGED, repr(error)
    return (READ if same else CHANGED), ""


if __name__ == "__main__":
    sys.exit(main())
