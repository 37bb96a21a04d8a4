"""Is the process alive, and can it answer questions? For the platform, not for people."""

from collections.abc import Callable, Mapping

from flask import Flask, jsonify, make_response
from werkzeug.wrappers import Response

from portal import logs

Check = Callable[[], object]


def register(server: Flask, checks: Mapping[str, Check]) -> None:
    """Add /healthz, which touches nothing, and /readyz, which runs every check.

    A check raises when its part cannot be reached. The answer says which part, not why. A
    process that was told to stop is alive, but no longer ready.
    """

    @server.get("/healthz", endpoint="healthz")
    def alive() -> Response:
        return make_response(jsonify(status="ok"))

    @server.get("/readyz", endpoint="readyz")
    def ready() -> Response:
        failing = [name for name, check in checks.items() if not _passes(name, check)]
        if server.config.get("IS_STOPPING"):
            failing.append("stopping")
        status = "unavailable" if failing else "ok"
        return make_response(jsonify(status=status, failing=failing), 503 if failing else 200)


def _passes(name: str, check: Check) -> bool:
    try:
        check()
    except Exception as error:  # noqa: BLE001  # whatever a driver raises means “not ready”
        logs.log.warning("not ready", part=name, cause=type(error).__name__)
        return False
    return True
