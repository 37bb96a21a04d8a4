"""Everything the environment decides, read once and passed by hand.

A process that is half-configured does not start: every problem is named at once, so that a
deployment is mended in one go.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

Mode = Literal["development", "demo", "production"]

#: Exit status of a process that refuses to start: the `EX_CONFIG` of sysexits.h.
EXIT_CONFIGURATION = 78

SHORTEST_SECRET = 32
FEWEST_CHARACTERS = 10
MEGABYTE = 1 << 20
#: What an object store is told. A role of the machine it finds by itself.
STORE_NAMES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
)
STORE_SWITCHES = ("AWS_ALLOW_HTTP", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST")

#: Keys published in documentation, examples and leaks: knowing one is knowing them all.
KNOWN_SECRETS = frozenset(
    {
        "changeme",
        "change-me",
        "dev",
        "secret",
        "password",
        "your-secret-key",
        "replace-this-with-48-random-characters-or-more!!",
        "\2\1thisismyscretkey\1\2\\e\\y\\y\\h",
        "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET",
        "thisISaSECRET_1234",
        "YOUR_OWN_RANDOM_GENERATED_SECRET_KEY",
        "TEST_NON_DEV_SECRET",
        "c292a0a3aa32397cdb050e233733900f",
        "super-secret-key-that-nobody-can-guess-at-all",
    }
)
#: What platforms set in every process they start.
PLATFORM_NAMES = ("DYNO", "RENDER", "FLY_APP_NAME", "RAILWAY_ENVIRONMENT", "VCAP_APPLICATION")
DEBUG_NAMES = ("DASH_DEBUG", "FLASK_DEBUG", "DASH_UI", "DASH_PROPS_CHECK", "DASH_MCP_ENABLED")
OLDEST_DASH = (4, 4, 1)


class ConfigurationError(Exception):
    """The process must not start. `problems` has one sentence each, in the order of checking."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where things are and whom to trust.

    `trusted_hosts` empty means any host, which only development allows. `proxy_hops` is how many
    proxies of ours stand in front: that many entries of the forwarding headers are believed.
    `lake_options` are for a lake in an object store, `lake_copies` how many bytes of it may be
    kept on the local disk. `notes` are choices that are allowed but should be said aloud at the
    start.
    """

    home: Path
    mode: Mode
    secret_key: str = field(repr=False)
    database_url: str = field(repr=False)
    lake_url: str
    lake_options: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    lake_copies: int = 10_240 * MEGABYTE
    public_url: str = ""
    trusted_hosts: tuple[str, ...] = ()
    proxy_hops: int = 0
    largest_body: int = 16 * MEGABYTE
    notes: tuple[str, ...] = ()

    @property
    def is_production(self) -> bool:
        return self.mode == "production"

    @property
    def is_demo(self) -> bool:
        return self.mode == "demo"

    @property
    def is_encrypted(self) -> bool:
        """Whether people reach the portal by https, so that cookies may insist on it."""
        return self.public_url.startswith("https://")

    @property
    def cache(self) -> Path:
        return self.home / "cache"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises ConfigurationError naming every problem at once."""
        mode, problems = _mode(environment)
        home = Path(environment.get("PLAYHEAD_HOME") or "var").expanduser().absolute()
        numbers = {
            name: _number(environment, name, default, highest, problems)
            for name, default, highest in (
                ("PLAYHEAD_PROXY_HOPS", 1 if _platform(environment) else 0, 5),
                ("PLAYHEAD_LARGEST_BODY_MB", 16, 1_024),
                ("PLAYHEAD_LAKE_COPIES_MB", 10_240, 100_000_000),
                ("WEB_CONCURRENCY", 1, 64),
                ("PLAYHEAD_THREADS", 8, 256),
                ("PLAYHEAD_AHEAD", 0, 1),
                ("PORT", 8050, 65_535),
            )
        }
        public_url = environment.get("PUBLIC_URL", "").rstrip("/")
        problems += _url_problems(public_url, mode)
        hosts = _hosts(environment, public_url)
        database_url = _database_url(environment, home)
        problems += _database_problems(database_url)
        lake_url = environment.get("PLAYHEAD_LAKE", "").strip() or str(home / "lake")
        problems += _lake_problems(lake_url, environment)
        notes: list[str] = []
        if mode == "production":
            problems += _production_problems(environment, public_url, hosts)
            notes += _production_notes(environment, database_url)
        secret_key = environment.get("SECRET_KEY", "")
        if mode == "production" or secret_key:
            problems += _secret_problems(secret_key)
        if problems:
            raise ConfigurationError(tuple(problems))
        return cls(
            home=home,
            mode=mode,
            secret_key=secret_key or kept_secret(home / f"{mode}-secret"),
            database_url=database_url,
            lake_url=lake_url.removeprefix("file://"),
            lake_options=_lake_options(environment),
            lake_copies=numbers["PLAYHEAD_LAKE_COPIES_MB"] * MEGABYTE,
            public_url=public_url,
            trusted_hosts=hosts,
            proxy_hops=numbers["PLAYHEAD_PROXY_HOPS"],
            largest_body=numbers["PLAYHEAD_LARGEST_BODY_MB"] * MEGABYTE,
            notes=tuple(notes),
        )


def kept_secret(path: Path) -> str:
    """Make a random secret once, readable by its owner alone, and give back the kept one after.

    Several workers may start at the same time: the first to link its file wins, all use that.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def _mode(environment: Mapping[str, str]) -> tuple[Mode, list[str]]:
    text = environment.get("PLAYHEAD_ENV", "").strip().lower()
    platform = _platform(environment)
    if not text and platform:
        advice = "Set PLAYHEAD_ENV=production (or demo, for a public try-out with invented data)."
        return "production", [f"PLAYHEAD_ENV is not set, but {platform} is. {advice}"]
    for mode in get_args(Mode):
        if mode == (text or "development"):
            return mode, []
    return "production", [f"PLAYHEAD_ENV is “{text}”; it is development, demo or production."]


def _platform(environment: Mapping[str, str]) -> str:
    return next((name for name in PLATFORM_NAMES if environment.get(name)), "")


def _number(
    environment: Mapping[str, str], name: str, default: int, highest: int, problems: list[str]
) -> int:
    text = environment.get(name, "").strip()
    if not text:
        return default
    if text.isascii() and text.isdigit() and int(text) <= highest:
        return int(text)
    problems.append(f"{name} is “{text}”; it is a whole number from 0 to {highest}.")
    return default


def _url_problems(public_url: str, mode: Mode) -> list[str]:
    if not public_url:
        return []
    parts = urlsplit(public_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return [f"PUBLIC_URL is “{public_url}”; it is an address such as https://playhead.example."]
    if parts.path or parts.query or parts.username:
        return ["PUBLIC_URL is only a scheme, a host and perhaps a port, without a path."]
    if mode == "production" and parts.scheme != "https":
        return ["PUBLIC_URL must begin with https:// in production: cookies are sent over it."]
    return []


def _hosts(environment: Mapping[str, str], public_url: str) -> tuple[str, ...]:
    listed = [h.strip() for h in environment.get("TRUSTED_HOSTS", "").split(",") if h.strip()]
    host = urlsplit(public_url).hostname if public_url else None
    return tuple(dict.fromkeys([*([host] if host else []), *listed]))


def _database_url(environment: Mapping[str, str], home: Path) -> str:
    url = environment.get("DATABASE_URL", "").strip() or f"sqlite:///{home / 'playhead.sqlite'}"
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _database_problems(database_url: str) -> list[str]:
    if database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
        return []
    scheme = database_url.partition(":")[0]
    return [f"DATABASE_URL begins with “{scheme}:”; it is a postgres:// or a sqlite:/// address."]


def _lake_problems(lake_url: str, environment: Mapping[str, str]) -> list[str]:
    if "://" not in lake_url or lake_url.startswith("file:///"):
        return []
    parts = urlsplit(lake_url)
    if parts.scheme != "s3":
        return [f"PLAYHEAD_LAKE begins with “{parts.scheme}:”; it is a folder or s3://bucket/path."]
    if "@" in parts.netloc:
        return ["PLAYHEAD_LAKE holds keys; they belong in AWS_ACCESS_KEY_ID and its like."]
    problems = [] if parts.netloc else ["PLAYHEAD_LAKE names no bucket: s3://bucket/path."]
    switches = {name: environment.get(name, "").strip().lower() for name in STORE_SWITCHES}
    problems += [
        f"{name} is “{value}”; it is true or false."
        for name, value in switches.items()
        if value not in ("", "true", "false")
    ]
    endpoint = environment.get("AWS_ENDPOINT_URL", "").strip()
    if endpoint.startswith("http://") and switches["AWS_ALLOW_HTTP"] != "true":
        problems.append("AWS_ENDPOINT_URL has no https: set AWS_ALLOW_HTTP=true if that is meant.")
    return problems


def _lake_options(environment: Mapping[str, str]) -> dict[str, str]:
    """What is set, and switches that are there but empty: the store's client trips over those."""
    named = {name: environment[name] for name in STORE_NAMES if environment.get(name)}
    switches = {n: environment[n].strip() or "false" for n in STORE_SWITCHES if n in environment}
    return named | switches


def _secret_problems(secret_key: str) -> list[str]:
    how = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
    if not secret_key:
        return [f"SECRET_KEY is not set. {how}"]
    if secret_key in KNOWN_SECRETS:
        return [f"SECRET_KEY is a published default. {how}"]
    if len(secret_key.encode()) < SHORTEST_SECRET:
        return [f"SECRET_KEY is shorter than {SHORTEST_SECRET} bytes. {how}"]
    if len(set(secret_key)) < FEWEST_CHARACTERS:
        return [f"SECRET_KEY repeats a few characters. {how}"]
    return []


def _production_problems(
    environment: Mapping[str, str], public_url: str, hosts: tuple[str, ...]
) -> list[str]:
    problems: list[str] = []
    if not public_url:
        problems.append("PUBLIC_URL is not set: links and cookies need https://your.host.")
    elif not hosts:
        problems.append("TRUSTED_HOSTS is empty and PUBLIC_URL names no host.")
    if any(h in ("*", ".") for h in hosts):
        problems.append("TRUSTED_HOSTS lists every host; name yours.")
    problems += [
        f"{name} is set to “{environment[name]}”: unset it in production."
        for name in DEBUG_NAMES
        if environment.get(name, "").strip().lower() not in ("", "0", "false", "no", "off")
    ]
    installed = version("dash")
    if tuple(int(part) for part in installed.split(".")[:3] if part.isdigit()) < OLDEST_DASH:
        problems.append(f"Dash {installed} is installed; 4.4.1 is the oldest that is safe.")
    return problems


def _production_notes(environment: Mapping[str, str], database_url: str) -> list[str]:
    platform = _platform(environment)
    notes: list[str] = []
    if database_url.startswith("sqlite"):
        notes.append(
            "What people save is in a SQLite file: it must lie on a disk that outlives the process."
            + (f" {platform} says this is a platform; its disk may not." if platform else "")
        )
    if platform and not environment.get("PLAYHEAD_LAKE") and not environment.get("PLAYHEAD_HOME"):
        notes.append(
            "The lake is below PLAYHEAD_HOME on the local disk; mount a volume and have it "
            "point there, or the lake is gone with the next restart."
        )
    return notes
