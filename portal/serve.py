"""`python -m portal.serve`: listen on $PORT with one process, or with several.

One process uses all cores where the time goes, which is inside DuckDB; `WEB_CONCURRENCY` above
one pays on machines with more than four. The parent of several opens the socket, starts them as
fresh processes (neither DuckDB nor Polars survives a fork), replaces one that dies, and hands a
SIGTERM on.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOL_SOCKET, socket
from threading import Event
from time import monotonic

from portal import listen
from portal.settings import EXIT_CONFIGURATION, ConfigurationError, Settings

BACKLOG = 1_024
#: A process that lived shorter than this did not really start.
SHORT_LIFE = 10.0
MOST_SHORT_LIVES = 5
PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen, and with how many processes and threads.

    `draws_ahead`: whether a process beside them draws the pages of every new data version.
    """

    host: str
    port: int
    processes: int
    threads: int
    draws_ahead: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], settings: Settings) -> "Place":
        """A platform names the port and is reached from outside; otherwise this machine only."""
        outside = settings.is_production or bool(environment.get("PORT"))
        return cls(
            host=environment.get("HOST") or ("0.0.0.0" if outside else "127.0.0.1"),  # noqa: S104
            port=int(environment.get("PORT") or 8050),
            processes=max(1, int(environment.get("WEB_CONCURRENCY") or 1)),
            threads=max(1, int(environment.get("PLAYHEAD_THREADS") or 8)),
            draws_ahead=bool(int(environment.get("PLAYHEAD_AHEAD") or 0)),
        )


def main(arguments: Sequence[str] = ()) -> int:
    """Serve until told to stop. `--socket FD` is how a parent starts the processes it keeps."""
    share_cores(os.environ)
    try:
        settings = Settings.from_environment(os.environ)
    except ConfigurationError as error:
        sys.stderr.write("".join(f"playhead: {problem}\n" for problem in error.problems))
        return EXIT_CONFIGURATION
    place = Place.from_environment(os.environ, settings)
    if arguments[:1] == ["--socket"]:
        return _answer(socket(fileno=int(arguments[1])), place, settings)
    try:
        listening = _listening(place)
    except OSError as error:
        where, why = f"{place.host}:{place.port}", (error.strerror or str(error)).lower()
        sys.stderr.write(f"playhead: cannot listen at {where}: {why}. Name another one in PORT.\n")
        return EXIT_CONFIGURATION
    with _drawing(place):
        if place.processes == 1:
            return _answer(listening, place, settings)
        return _keep(listening, place.processes)


def share_cores(environment: MutableMapping[str, str]) -> None:
    """Linear algebra in one thread, unless somebody says otherwise; before SciPy is loaded.

    It is small here, and many answers share the cores: a fit of two numbers takes thirty times as
    much of them where its threads wait for each other.
    """
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")


@contextmanager
def _drawing(place: Place) -> Iterator[None]:
    """Draw ahead beside the block, where that is wanted."""
    if not place.draws_ahead:
        yield
        return
    command = [sys.executable, "-m", "portal.cli", "ahead", "--beside", str(os.getpid())]
    beside = subprocess.Popen(command)  # noqa: S603  # as in _start
    try:
        yield
    finally:
        beside.terminate()
        beside.wait()


def _listening(place: Place) -> socket:
    listening = socket(AF_INET6 if ":" in place.host else AF_INET)
    listening.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    listening.bind((place.host, place.port))
    return listening


def _answer(listening: socket, place: Place, settings: Settings) -> int:
    server = import_module("portal.wsgi").server
    listening.listen(BACKLOG)
    listen.answer(
        server,
        listening,
        threads=place.threads,
        largest_body=settings.largest_body,
        stopping=lambda: server.config.update(IS_STOPPING=True),
    )
    return 0


def _keep(listening: socket, count: int) -> int:
    """Keep `count` processes alive on one socket until SIGTERM; 1 if they cannot start."""
    os.set_inheritable(listening.fileno(), True)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    running = {_start(listening): monotonic() for _ in range(count)}
    status = short_lives = 0
    while status == 0 and not stop.wait(PAUSE / 5):
        for process in [p for p in running if p.poll() is not None]:
            lived = monotonic() - running.pop(process)
            short_lives = short_lives + 1 if lived < SHORT_LIFE else 0
            if process.returncode == EXIT_CONFIGURATION or short_lives >= MOST_SHORT_LIVES:
                status = EXIT_CONFIGURATION if process.returncode == EXIT_CONFIGURATION else 1
                break
            stop.wait(PAUSE)
            running[_start(listening)] = monotonic()
    for process in running:
        process.terminate()
    for process in running:
        process.wait()
    return status


def _start(listening: socket) -> subprocess.Popen[bytes]:
    number = str(listening.fileno())
    return subprocess.Popen(  # noqa: S603  # our own module, by the interpreter that runs this
        [sys.executable, "-m", "portal.serve", "--socket", number], pass_fds=[listening.fileno()]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
