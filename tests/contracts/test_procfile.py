"""A platform can run this: the Procfile's commands, on a fresh copy, with only an environment."""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

import pytest

from portal.settings import EXIT_CONFIGURATION

ROOT = Path(__file__).resolve().parents[2]
HOST = "playhead.company.example"
EMAIL, PASSWORD = "first@company.example", "seven lamps in the harbour"
PATIENCE_S = 120.0


class Platform:
    """A copy of the tracked files, an environment, and the commands of the Procfile."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.app = folder / "app"
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
        for name in filter(None, listed.split("\0")):
            if not name.startswith(("tests/", "docs/")) and (ROOT / name).exists():
                (self.app / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, self.app / name)
        lines = (self.app / "Procfile").read_text().splitlines()
        self.commands = dict(line.split(": ", 1) for line in lines)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.log = folder / "log"
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "DYNO": "web.1",
            "PLAYHEAD_ENV": "production",
            "PLAYHEAD_HOME": str(folder / "data"),
            "PUBLIC_URL": f"https://{HOST}",
            "SECRET_KEY": "q7Rk2vXz9LmNp4TsWb8YcJd3Fg6HhK1a",
            "DATABASE_URL": database_url.replace("postgresql+psycopg://", "postgres://"),
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            "WEB_CONCURRENCY": "1",
        }

    def run(self, command: str, said: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command],
            cwd=self.app,
            env=self.environment,
            input=said,
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def web(self) -> Iterator[subprocess.Popen[bytes]]:
        """The web process once it is ready."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                ["sh", "-c", f"exec {self.commands['web']}"],
                cwd=self.app,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait_until_ready(process)
            yield process
        finally:
            process.kill()
            process.wait()

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and process.poll() is None:
            try:
                if self.ask("GET", "/readyz").status == 200:
                    return
            except OSError:
                time.sleep(0.2)
        raise AssertionError(self.log.read_text())

    def ask(
        self, method: str, path: str, cookie: str = "", form: dict[str, str] | None = None
    ) -> HTTPResponse:
        """A request as the platform's router hands it on, from https."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {
            "Accept": "text/html",
            "Host": HOST,
            "X-Forwarded-For": "203.0.113.9",
            "X-Forwarded-Proto": "https",
        }
        headers |= {"Cookie": cookie} if cookie else {}
        if form is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"https://{HOST}",
            }
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer


@pytest.fixture
def platform(tmp_path: Path, postgres_url: str) -> Platform:
    return Platform(tmp_path, postgres_url)


@pytest.mark.postgres
def test_a_deployment_from_release_to_a_restart(platform: Platform):
    refused = platform.run(platform.commands["web"])
    assert refused.returncode == EXIT_CONFIGURATION
    assert "python -m portal.release" in refused.stderr
    for _ in range(2):
        assert platform.run(platform.commands["release"]).returncode == 0
    added = platform.run(
        f"python -m portal.cli user add {EMAIL} --name First --unit platform --role admin"
        " --password-stdin",
        PASSWORD + "\n",
    )
    assert added.returncode == 0, added.stderr

    with platform.web() as process:
        assert platform.ask("GET", "/healthz").status == 200
        signed_in = platform.ask("POST", "/login", form={"email": EMAIL, "password": PASSWORD})
        assert signed_in.status == 303
        cookie = signed_in.getheader("Set-Cookie", "")
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly"} <= {part.strip() for part in cookie.split(";")}
        cookie = cookie.partition(";")[0]
        assert platform.ask("GET", "/explore").status == 302
        assert platform.ask("GET", "/explore", cookie).status == 200
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert time.monotonic() - started < 30

    with platform.web():
        assert platform.ask("GET", "/explore", cookie).status == 200

    events = [json.loads(line) for line in platform.log.read_text().splitlines()]
    assert {"POST /login", "GET /explore"} <= {
        f"{e.get('method')} {e.get('path')}" for e in events if e["event"] == "request"
    }
    written = platform.log.read_text()
    assert PASSWORD not in written
    assert cookie.partition("=")[2] not in written


@pytest.mark.postgres
def test_what_is_missing_is_named_all_at_once(platform: Platform):
    platform.environment |= {
        "SECRET_KEY": "",
        "PUBLIC_URL": "",
        "DATABASE_URL": "mysql://elsewhere",
        "PLAYHEAD_LAKE": "gs://elsewhere",
        "PLAYHEAD_THREADS": "many",
    }
    for command in platform.commands.values():
        refused = platform.run(command)
        assert refused.returncode == EXIT_CONFIGURATION
        for name in ("SECRET_KEY", "PUBLIC_URL", "DATABASE_URL", "PLAYHEAD_LAKE", "THREADS"):
            assert name in refused.stderr
        assert "Traceback" not in refused.stderr


def read_from_the_environment() -> set[str]:
    """Names of capital letters in the modules that read the environment, without the platform's."""
    read: set[str] = set()
    for module in ("settings", "serve"):
        text = (ROOT / "portal" / f"{module}.py").read_text()
        read |= set(
            re.findall(
                r"\"((?:PLAYHEAD|AWS)_[A-Z_]+|[A-Z]+_(?:URL|KEY|HOSTS|CONCURRENCY)|PORT|HOST)\"",
                text,
            )
        )
    return read


def test_every_name_that_is_read_is_in_the_example_and_explained():
    names = read_from_the_environment()
    assert {"SECRET_KEY", "PORT", "TRUSTED_HOSTS", "AWS_ENDPOINT_URL"} <= names
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    told = (ROOT / "docs" / "deploy.md").read_text()
    assert example - {"AWS_DEFAULT_REGION"} == names - {"AWS_DEFAULT_REGION"}
    assert [n for n in example if n not in told] == []
