"""Which WSGI server holds both: quick answers, and clients that dribble their bodies. For ADR 7.

The whole portal in demo mode behind each server, on the loopback interface; the load is made by
this process, so it shares the machine. Servers that are not ours are installed into a folder of
their own. Every step ends by the clock, whatever a server does.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.table import Table

from queries.lake.lake import Lake

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "var" / "bench-servers"
INSTALLED = ("gunicorn", "gevent", "granian")
PERSON = "ada@demo.playhead.example"
SECONDS = 5.0
PATIENCE = 3.0
PROBES = 30
DRIBBLERS = (100, 800)
BREAKDOWNS = ("device", "source", "country")

#: Name -> arguments of the interpreter and its environment; {port} is filled in.
SERVERS: dict[str, tuple[str, dict[str, str]]] = {
    "gunicorn gthread 2 × 8": (
        "-m gunicorn portal.wsgi:server -k gthread -w 2 --threads 8 -b 127.0.0.1:{port}",
        {},
    ),
    "gunicorn gevent 2": (
        "-m gunicorn portal.wsgi:server -k gevent -w 2 -b 127.0.0.1:{port}",
        {},
    ),
    "granian 2 × 8": (
        "-m granian portal.wsgi:server --interface wsgi --workers 2 --blocking-threads 8",
        {"GRANIAN_PORT": "{port}", "GRANIAN_HOST": "127.0.0.1"},
    ),
    "waitress 2 × 8": ("-m portal.serve", {"WEB_CONCURRENCY": "2"}),
    "waitress 1 × 8": ("-m portal.serve", {"WEB_CONCURRENCY": "1"}),
}


@dataclass
class Taken:
    """Milliseconds of the answers that came, how many did not, and over how many seconds."""

    seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    lost: int = 0

    def quantile(self, level: float) -> str:
        if len(self.milliseconds) < 2:  # noqa: PLR2004  # a quantile needs two
            return "—"
        return f"{statistics.quantiles(self.milliseconds, n=100)[round(level * 100) - 1]:,.0f}"

    def __str__(self) -> str:
        lost = f" ({self.lost} lost)" if self.lost else ""
        return f"{self.quantile(0.5)}, {self.quantile(0.95)}{lost}" if self.milliseconds else "—"

    @property
    def throughput(self) -> str:
        rate = len(self.milliseconds) / self.seconds
        lost = f" ({self.lost} lost)" if self.lost else ""
        return f"{rate:,.0f}, {self.quantile(0.5)}, {self.quantile(0.99)}{lost}"


class Load:
    """Requests to one server: a quick one that touches no data, and answers nobody has cached."""

    def __init__(self, port: int, token: str, last: date) -> None:
        self._port = port
        self._token = token
        self._last = last
        self._turn = count()

    def quick(self) -> bytes:
        """Past the gate, with a session to look up, and the list of datasets."""
        return self._request("GET", "/api/v1/datasets")

    def answer(self) -> bytes:
        """Another period each time, so that it is never the cache that answers."""
        turn = next(self._turn)
        last = self._last - timedelta(turn % 40)
        first = last - timedelta(5 + turn // 40 % 36)
        asked = {
            "dataset": "playback",
            "metrics": ["hours_viewed"],
            "by": [BREAKDOWNS[turn // 1_440 % 3]],
            "period": f"{first} to {last}",
        }
        return self._request("POST", "/api/v1/ask", json.dumps(asked).encode())

    def _request(self, method: str, path: str, body: bytes = b"") -> bytes:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def steady(self, clients: int, request: Callable[[], bytes]) -> Taken:
        """Clients that ask again as soon as they have an answer, each on its connection."""
        taken = Taken(SECONDS)
        until = time.monotonic() + SECONDS
        await asyncio.gather(*(self._client(until, request, taken) for _ in range(clients)))
        return taken

    async def _client(self, until: float, request: Callable[[], bytes], taken: Taken) -> None:
        while time.monotonic() < until:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                while time.monotonic() < until and await _timed(reader, writer, request(), taken):
                    pass
                writer.close()

    async def beside_dribblers(self, clients: int) -> Taken:
        """Quick requests over fresh connections while `clients` send a byte each half second."""
        stop = asyncio.Event()
        dribbling = [asyncio.create_task(self._dribble(stop)) for _ in range(clients)]
        await asyncio.sleep(2)
        taken = Taken()
        for _ in range(PROBES):
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                await _timed(reader, writer, self.quick(), taken)
                writer.close()
            if taken.lost >= PROBES // 5 and not taken.milliseconds:
                break
        stop.set()
        await asyncio.gather(*dribbling)
        return taken

    async def _dribble(self, stop: asyncio.Event) -> None:
        head = self._request("POST", "/api/v1/ask", b"x" * 10_000).partition(b"\r\n\r\n")[0]
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(head + b"\r\n\r\n")
            while not stop.is_set():
                writer.write(b"x")
                await writer.drain()
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 0.5)
            writer.close()


async def _timed(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, taken: Taken
) -> bool:
    """Whether the connection is good for another request."""
    started = time.perf_counter()
    try:
        stays = await asyncio.wait_for(_exchange(reader, writer, request), PATIENCE)
    except (TimeoutError, OSError, EOFError, ValueError):
        taken.lost += 1
        return False
    taken.milliseconds.append((time.perf_counter() - started) * 1000)
    return stays


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> bool:
    """Send and read to the end. Raises ValueError where the answer is not 200."""
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if " 200 " not in head.partition("\r\n")[0]:
        raise ValueError(head)
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    if "content-length" in fields:
        await reader.readexactly(int(fields["content-length"]))
    elif "chunked" in fields.get("transfer-encoding", ""):
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        await reader.read()
        return False
    return fields.get("connection") != "close"


def install() -> None:
    """The servers that are not ours, beside the environment and not in it."""
    if all((FOLDER / name).exists() for name in INSTALLED):
        return
    command = [ROOT / ".uv/bin/uv", "pip", "install", "--quiet", "--python", sys.executable]
    subprocess.run([*command, "--target", FOLDER, *INSTALLED], check=True)


def token_of(home: Path) -> str:
    """An API token of a person of the demo, who is there once a server has started."""
    made = subprocess.run(
        [sys.executable, "-m", "portal.cli", "token", "add", PERSON],
        env=os.environ | {"PLAYHEAD_HOME": str(home), "PLAYHEAD_ENV": "demo"},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.split()[-1]


@contextmanager
def running(name: str, home: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A server with nothing cached, on a free port, in a process group of its own."""
    arguments, more = SERVERS[name]
    shutil.rmtree(home / "cache" / "answers", ignore_errors=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    surroundings = {
        "PLAYHEAD_HOME": str(home),
        "PLAYHEAD_ENV": "demo",
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "PYTHONPATH": f"{ROOT}:{FOLDER}",
    }
    process = subprocess.Popen(
        [sys.executable, *arguments.format(port=port).split()],
        cwd=ROOT,
        env=os.environ | surroundings | {n: v.format(port=port) for n, v in more.items()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process, port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


async def ready(port: int) -> None:
    """Once /readyz has answered; TimeoutError after two minutes."""
    request = f"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    for _ in range(600):
        with suppress(OSError, EOFError, ValueError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.wait_for(_exchange(reader, writer, request), PATIENCE)
            writer.close()
            return
        await asyncio.sleep(0.2)
    raise TimeoutError(port)


def memory(group: int) -> float:
    """Megabytes of the processes of a group, what they share counted once."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                lines = (folder / "smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


async def measured(name: str, home: Path) -> dict[str, str]:
    """Every figure of one server, a row each."""
    with running(name, home) as (process, port):
        await ready(port)
        _, last = Lake(home / "lake").snapshot().days("playback") or (date.min, date.min)
        load = Load(port, token_of(home), last)
        await load.steady(8, load.quick)
        steps: dict[str, Callable[[], Awaitable[Taken]]] = {
            "list of datasets, 8 clients": lambda: load.steady(8, load.quick),
            "answer of DuckDB, 8 clients": lambda: load.steady(8, load.answer),
            "answer of DuckDB, 64 clients": lambda: load.steady(64, load.answer),
        }
        found = {
            f"{what}: requests/s, p50, p99": (await steps[what]()).throughput for what in steps
        }
        found["memory, proportional set: MB"] = f"{memory(process.pid):,.0f}"
        for clients in DRIBBLERS:
            taken = await load.beside_dribblers(clients)
            found[f"GET beside {clients} slow bodies: p50, p95"] = str(taken)
    return found


def report(home: Path, console: Console) -> None:
    """Print a column a server."""
    install()
    columns = {name: asyncio.run(measured(name, home)) for name in SERVERS}
    table = Table(title=f"Milliseconds; load average {os.getloadavg()[0]:.1f} at the end")
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    for row in next(iter(columns.values())):
        table.add_row(row, *(column[row] for column in columns.values()))
    console.print(table)
