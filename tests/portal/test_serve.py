import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, RemoteDisconnected
from pathlib import Path

import pytest

from portal.serve import Place, share_cores
from portal.settings import EXIT_CONFIGURATION, Settings
from portal.store import demo_people, migrate
from portal.store.store import open_store
from tests.portal.test_settings import PRODUCTION

ROOT = Path(__file__).parents[2]
SLOW = ROOT / "tests" / "portal" / "slow_application.py"
PATIENCE = 60.0


def listening() -> socket.socket:
    """A bound socket on a free port, for a process to inherit."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.listen(1_024)
    os.set_inheritable(bound.fileno(), True)
    return bound


def environment(home: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PLAYHEAD_HOME": str(home),
        "HOST": "127.0.0.1",
        **more,
    }


@contextmanager
def running(
    command: list[str], environment: dict[str, str], inherited: socket.socket
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        pass_fds=[inherited.fileno()],
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def get(port: int, path: str, timeout: float = PATIENCE) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def port_of(bound: socket.socket) -> int:
    return bound.getsockname()[1]


def test_what_was_begun_is_finished_after_a_request_to_stop(tmp_path: Path):
    with listening() as bound:
        command = [str(SLOW), str(bound.fileno())]
        with (
            running(command, environment(tmp_path), bound) as process,
            ThreadPoolExecutor(4) as pool,
        ):
            assert get(port_of(bound), "/") == (200, b"done")
            begun = [pool.submit(get, port_of(bound), "/slow") for _ in range(4)]
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            assert [b.result() for b in begun] == [(200, b"done")] * 4
            output, _ = process.communicate(timeout=PATIENCE)
            assert (process.returncode, output.splitlines()[-1]) == (0, "stopping")


def test_a_hundred_dribbling_clients_hold_up_nobody(tmp_path: Path):
    """Each sends a byte now and then and never finishes; every other request is answered."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\nx"
    with listening() as bound, ExitStack() as stack:
        command = [str(SLOW), str(bound.fileno())]
        stack.enter_context(running(command, environment(tmp_path), bound))
        dribbling = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port_of(bound))))
            for _ in range(100)
        ]
        for client in dribbling:
            client.sendall(head)
        for _ in range(5):
            for client in dribbling:
                client.sendall(b"x")
            assert get(port_of(bound), "/") == (200, b"done")


def received(client: socket.socket) -> bytes:
    """All that is answered; a reset may follow where the request was not read to its end."""
    pieces: list[bytes] = []
    with suppress(ConnectionResetError):
        while piece := client.recv(65_536):
            pieces.append(piece)
    return b"".join(pieces)


def test_malformed_requests_get_one_refusal(tmp_path: Path):
    malformed = [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\nX: " + b"y" * 40_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    ]
    with listening() as bound:
        command = [str(SLOW), str(bound.fileno())]
        with running(command, environment(tmp_path), bound):
            for request in malformed:
                with socket.create_connection(("127.0.0.1", port_of(bound)), PATIENCE) as client:
                    client.sendall(request)
                    answer = received(client)
                assert answer.count(b"HTTP/1.") == 1, request[:60]
                assert int(answer.split()[1]) >= 400, request[:60]


def wait_until_ready(port: int, process: subprocess.Popen[str]) -> None:
    for _ in range(int(PATIENCE * 5)):
        try:
            if get(port, "/readyz", 5)[0] == 200:
                return
        except (OSError, RemoteDisconnected):
            pass
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        time.sleep(0.2)
    raise AssertionError("It did not become ready.")


def free_port() -> str:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return str(port_of(bound))


def children(process: subprocess.Popen[str]) -> list[int]:
    """Process ids, as Linux lists them."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(number) for number in listed.split()]


def wait_for_two(process: subprocess.Popen[str], without: int | None = None) -> list[int]:
    """Its two children, once it has two and `without` is none of them."""
    for _ in range(int(PATIENCE * 5)):
        listed = children(process)
        if len(listed) == 2 and without not in listed:
            return listed
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        time.sleep(0.2)
    raise AssertionError(f"Its children are {children(process)}.")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads Linux's list of processes")
def test_the_whole_portal_keeps_two_processes_alive_and_stops_politely(tmp_path: Path):
    """Slow because it is real: fresh interpreters with all of the portal in each."""
    port = free_port()
    surroundings = environment(tmp_path, PORT=port, WEB_CONCURRENCY="2", PLAYHEAD_ENV="demo")
    with listening() as bound, running(["-m", "portal.serve"], surroundings, bound) as process:
        wait_until_ready(int(port), process)
        status, page = get(int(port), "/login")
        assert status == 200
        assert b"Who would you like to be?" in page
        # The first of the two answers while the other is still to be started.
        killed, spared = wait_for_two(process)
        os.kill(killed, signal.SIGKILL)
        assert spared in wait_for_two(process, without=killed)
        wait_until_ready(int(port), process)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, output
        assert (tmp_path / "demo-secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("module", ["portal.serve", "portal.wsgi", "portal.release"])
def test_a_half_configured_process_does_not_start(tmp_path: Path, module: str):
    surroundings = environment(tmp_path, PLAYHEAD_ENV="production", SECRET_KEY="secret", PORT="1")
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == EXIT_CONFIGURATION
    assert "SECRET_KEY" in done.stderr
    assert "PUBLIC_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_port_that_is_taken_is_said_in_words(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "portal.serve"],
            cwd=ROOT,
            env=environment(tmp_path, PORT=str(port), HOST="127.0.0.1"),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == EXIT_CONFIGURATION
    assert f"cannot listen at 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_production_does_not_serve_on_an_old_schema_or_beside_demo_people(tmp_path: Path):
    surroundings = environment(tmp_path, **{**PRODUCTION, "DATABASE_URL": ""})

    def start() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "portal.wsgi"],
            cwd=ROOT,
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
        )

    refused = start()
    assert refused.returncode == EXIT_CONFIGURATION
    assert "python -m portal.release" in refused.stderr
    released = subprocess.run(
        [sys.executable, "-m", "portal.release"], cwd=ROOT, env=surroundings, check=False
    )
    assert released.returncode == 0
    assert start().returncode == 0
    store = open_store(Settings.from_environment(surroundings).database_url)
    migrate.check(store)
    demo_people.ensure(store)
    store.close()
    refused = start()
    assert refused.returncode == EXIT_CONFIGURATION
    assert "demo" in refused.stderr


def test_pages_are_drawn_ahead_beside_the_server_and_stop_with_it(tmp_path: Path):
    surroundings = environment(tmp_path, PORT="0", PLAYHEAD_AHEAD="1", PYTHONUNBUFFERED="1")
    with listening() as bound, running(["-m", "portal.serve"], surroundings, bound) as process:
        assert process.stdout is not None
        told = next(line for line in process.stdout if line.startswith("Data version"))
        assert "for 1 kind of reader" in told
        beside = children_of(process.pid)
        assert len(beside) == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert not Path(f"/proc/{beside[0]}").exists()


def children_of(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Place("127.0.0.1", 8050, 1, 8)),
        ({"PORT": "5000"}, Place("0.0.0.0", 5000, 1, 8)),  # noqa: S104
        ({"PORT": "5000", "HOST": "::1"}, Place("::1", 5000, 1, 8)),
        ({"WEB_CONCURRENCY": "3", "PLAYHEAD_THREADS": "16"}, Place("127.0.0.1", 8050, 3, 16)),
        ({"PLAYHEAD_AHEAD": "1"}, Place("127.0.0.1", 8050, 1, 8, draws_ahead=True)),
        ({"PLAYHEAD_AHEAD": "0"}, Place("127.0.0.1", 8050, 1, 8)),
    ],
)
def test_where_to_listen_is_the_platforms_to_say(
    tmp_path: Path, given: dict[str, str], expected: Place
):
    settings = Settings.from_environment({"PLAYHEAD_HOME": str(tmp_path)})
    assert Place.from_environment(given, settings) == expected


def test_linear_algebra_has_one_thread_unless_the_platform_says_otherwise():
    plain, told = {}, {"OPENBLAS_NUM_THREADS": "4"}
    for environment in (plain, told):
        share_cores(environment)
    assert (plain, told) == ({"OPENBLAS_NUM_THREADS": "1"}, {"OPENBLAS_NUM_THREADS": "4"})


def test_nothing_that_the_server_imports_first_loads_linear_algebra():
    code = "import portal.cli.run, portal.serve, sys\n"
    code += "print(sorted({'numpy', 'scipy'} & {*sys.modules}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
