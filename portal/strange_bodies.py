"""Refuse what no page of ours would send to Dash, before Dash falls over it.

Dash trusts its own script: a body of another shape ends as a server error there. Here it is
compared with the callback it names, and a stranger's invention is a plain “bad request”.
"""

from collections.abc import Mapping
from typing import Any

from dash import Dash
from flask import Flask, abort, request

PATH = "/_dash-update-component"
OWN = "/-/"
WILDCARD = "{"


def register(server: Flask, app: Dash) -> None:
    """Check every body for `app`'s callbacks and for our own routes. Comes after the gate."""

    @server.before_request
    def check() -> None:
        if request.method != "POST" or not request.path.startswith((PATH, OWN)):
            return
        if not request.is_json:
            abort(415, "Pages ask in JSON.")
        try:
            body = request.get_json()
        except RecursionError:
            abort(400, "The body is nested too deeply.")
        if not isinstance(body, dict):
            abort(400, "The body is not a JSON object.")
        if request.path == PATH and not _fits(body, app.callback_map):
            abort(400, "There is no such callback.")


def _fits(body: dict[str, Any], callbacks: Mapping[str, Any]) -> bool:
    output = body.get("output")
    callback = callbacks.get(output) if isinstance(output, str) else None
    if callback is None:
        return False
    changed = body.get("changedPropIds", [])
    return (
        _match(body.get("inputs", []), callback.get("inputs", []))
        and _match(body.get("state", []), callback.get("state", []))
        and _is_list_of_text(changed)
        and ("outputs" not in body or _outputs_match(body["outputs"], str(output)))
    )


def _match(sent: Any, expected: list[Mapping[str, str]]) -> bool:  # noqa: ANN401  # a stranger's JSON
    """Whether these are the values of the properties the callback waits for, in order."""
    if not isinstance(sent, list) or len(sent) != len(expected):
        return False
    return all(_is_value_of(s, e) for s, e in zip(sent, expected, strict=True))


def _is_value_of(sent: Any, expected: Mapping[str, str]) -> bool:  # noqa: ANN401
    if str(expected["id"]).startswith(WILDCARD):
        several = sent if isinstance(sent, list) else [sent]
        return all(_names(s, None, expected["property"]) for s in several)
    return _names(sent, expected["id"], expected["property"])


def _outputs_match(sent: Any, output: str) -> bool:  # noqa: ANN401
    several = sent if isinstance(sent, list) else [sent]
    flat = [o for s in several for o in (s if isinstance(s, list) else [s])]
    if WILDCARD in output:
        return all(isinstance(o, dict) and isinstance(o.get("property"), str) for o in flat)
    expected = output.strip(".").split("...")
    # Where outputs may be shared, Dash adds a hash of the inputs to the name: `id.property@…`.
    named = [e.partition("@")[0].rpartition(".") for e in expected]
    return len(flat) == len(named) and all(
        _names(o, n[0].replace("\\.", "."), None)
        and str(o.get("property")).partition("@")[0] == n[2]
        for o, n in zip(flat, named, strict=True)
    )


def _names(sent: Any, component: str | None, prop: str | None) -> bool:  # noqa: ANN401
    return (
        isinstance(sent, dict)
        and (isinstance(sent.get("id"), dict) if component is None else sent.get("id") == component)
        and (prop is None or sent.get("property") == prop)
    )


def _is_list_of_text(sent: Any) -> bool:  # noqa: ANN401
    return isinstance(sent, list) and all(isinstance(s, str) for s in sent)
