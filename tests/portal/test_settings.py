import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal.settings import KNOWN_SECRETS, ConfigurationError, Settings, kept_secret

SECRET = "q8Zk1r5wXbV0c3Tn7uJ2mY4hLs6gDfPe9aRtKoNi"
PRODUCTION = {
    "PLAYHEAD_ENV": "production",
    "SECRET_KEY": SECRET,
    "PUBLIC_URL": "https://playhead.company.example",
    "DATABASE_URL": "postgres://u:p@db.example/playhead",
}


def problems(environment: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environment(environment)
    return "\n".join(refused.value.problems)


def test_a_complete_production_configuration_is_taken(tmp_path: Path):
    settings = Settings.from_environment({**PRODUCTION, "PLAYHEAD_HOME": str(tmp_path)})
    assert settings.is_production
    assert settings.is_encrypted
    assert settings.trusted_hosts == ("playhead.company.example",)
    assert settings.database_url == "postgresql+psycopg://u:p@db.example/playhead"
    assert settings.notes == ()


def test_every_problem_is_named_at_once():
    text = problems(
        {
            "PLAYHEAD_ENV": "production",
            "SECRET_KEY": "secret",
            "PUBLIC_URL": "http://playhead.example",
            "DATABASE_URL": "mysql://x",
            "DASH_DEBUG": "1",
            "WEB_CONCURRENCY": "many",
        }
    )
    for name in ("SECRET_KEY", "PUBLIC_URL", "DATABASE_URL", "DASH_DEBUG", "WEB_CONCURRENCY"):
        assert name in text


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": SECRET[:31]}, "shorter than 32"),
        ({"SECRET_KEY": "a" * 64}, "repeats"),
        *(({"SECRET_KEY": known}, "SECRET_KEY") for known in sorted(KNOWN_SECRETS)),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL is not set"),
        ({"PUBLIC_URL": "http://x.example"}, "https"),
        ({"PUBLIC_URL": "playhead.example"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "https://x.example/portal"}, "without a path"),
        ({"TRUSTED_HOSTS": "*"}, "TRUSTED_HOSTS"),
        ({"FLASK_DEBUG": "true"}, "FLASK_DEBUG"),
        ({"DASH_MCP_ENABLED": "true"}, "DASH_MCP_ENABLED"),
        ({"PLAYHEAD_ENV": "prod"}, "PLAYHEAD_ENV"),
        ({"PORT": "99999"}, "PORT"),
        ({"PLAYHEAD_THREADS": "a few"}, "PLAYHEAD_THREADS"),
        ({"PLAYHEAD_PROXY_HOPS": "-1"}, "PLAYHEAD_PROXY_HOPS"),
    ],
)
def test_production_refuses(change: dict[str, str], named: str):
    assert named in problems({**PRODUCTION, **change})


def test_a_platform_without_a_mode_is_refused():
    assert "PLAYHEAD_ENV is not set" in problems({"DYNO": "web.1"})


def test_debugging_switched_off_is_no_problem(tmp_path: Path):
    environment = {**PRODUCTION, "PLAYHEAD_HOME": str(tmp_path), "FLASK_DEBUG": "0"}
    assert Settings.from_environment(environment).is_production


def test_sqlite_in_production_is_allowed_but_said(tmp_path: Path):
    environment = {
        **PRODUCTION,
        "PLAYHEAD_HOME": str(tmp_path),
        "DATABASE_URL": "",
        "DYNO": "web.1",
    }
    settings = Settings.from_environment(environment)
    assert "SQLite" in settings.notes[0]
    assert settings.proxy_hops == 1


def test_development_needs_nothing_and_keeps_its_secret(tmp_path: Path):
    settings = Settings.from_environment({"PLAYHEAD_HOME": str(tmp_path)})
    again = Settings.from_environment({"PLAYHEAD_HOME": str(tmp_path)})
    assert settings.mode == "development"
    assert settings.secret_key == again.secret_key
    assert len(settings.secret_key) >= 32


def test_a_kept_secret_is_readable_by_its_owner_alone(tmp_path: Path):
    kept_secret(tmp_path / "demo-secret")
    assert stat.S_IMODE((tmp_path / "demo-secret").stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["demo-secret"]


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path):
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: kept_secret(tmp_path / "secret"), range(40)))
    assert len(secrets) == 1


def test_the_example_file_has_no_usable_secret():
    example = Path(__file__).parents[2] / ".env.example"
    lines = [line for line in example.read_text().splitlines() if line and line[0] != "#"]
    values = dict(line.split("=", 1) for line in lines)
    assert "SECRET_KEY" in problems({**PRODUCTION, **values, "PLAYHEAD_ENV": "production"})


def test_a_lake_in_a_bucket_takes_its_keys_from_the_environment_and_shows_none(tmp_path: Path):
    environment = {
        "PLAYHEAD_HOME": str(tmp_path),
        "PLAYHEAD_LAKE": "s3://bucket/lake",
        "PLAYHEAD_LAKE_COPIES_MB": "5",
        "AWS_SECRET_ACCESS_KEY": "not-for-logs",
        "AWS_REGION": "",
        "AWS_ALLOW_HTTP": "",
    }
    settings = Settings.from_environment(environment)
    assert settings.lake_url == "s3://bucket/lake"
    assert settings.lake_options == {
        "AWS_SECRET_ACCESS_KEY": "not-for-logs",
        "AWS_ALLOW_HTTP": "false",
    }
    assert settings.lake_copies == 5 << 20
    assert "not-for-logs" not in repr(settings)
    assert settings.secret_key not in repr(settings)


@pytest.mark.parametrize(
    ("lake", "said"),
    [
        ("gs://bucket", "“gs:”"),
        ("s3:///lake", "names no bucket"),
        ("s3://key:secret@bucket/lake", "AWS_ACCESS_KEY_ID"),
    ],
)
def test_an_address_that_no_lake_can_have_is_refused(tmp_path: Path, lake: str, said: str):
    found = problems({"PLAYHEAD_HOME": str(tmp_path), "PLAYHEAD_LAKE": lake})
    assert said in found
    assert "secret@" not in found


def test_a_store_without_https_has_to_be_meant(tmp_path: Path):
    environment = {
        "PLAYHEAD_HOME": str(tmp_path),
        "PLAYHEAD_LAKE": "s3://bucket/lake",
        "AWS_ENDPOINT_URL": "http://store:9000",
    }
    assert "AWS_ALLOW_HTTP" in problems(environment)
    assert "true or false" in problems({**environment, "AWS_ALLOW_HTTP": "yes"})
    assert Settings.from_environment({**environment, "AWS_ALLOW_HTTP": "true"}).lake_options
