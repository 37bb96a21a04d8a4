"""What every answer says to the browser, and which requests are too strange to look at.

The content policy allows no script but our own files and the few inline ones that Dash writes,
by their hash. So it is worked out when the last callback is registered: call `seal` then.
"""

from collections.abc import Sequence

from dash import Dash
from flask import Flask, abort, g, make_response, request
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from portal.settings import Settings

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"
    ),
}
YEAR = 31_536_000
LONGEST_ADDRESS = 8_190
MOST_PARTS = 200
#: A platform asks for these by the number of the machine, which is no trusted host.
HEALTH = {"/healthz": "healthz", "/readyz": "readyz"}


def register(server: Flask, settings: Settings) -> None:
    """Set limits, trust and headers. Comes before anything that answers."""
    server.config.update(
        MAX_CONTENT_LENGTH=settings.largest_body,
        MAX_FORM_MEMORY_SIZE=settings.largest_body,
        MAX_FORM_PARTS=MOST_PARTS,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        SESSION_PROTECTION=None,
        CONTENT_POLICY=content_policy(()),
    )
    if settings.proxy_hops:
        server.wsgi_app = ProxyFix(  # pyright: ignore[reportAttributeAccessIssue]
            server.wsgi_app, x_for=settings.proxy_hops, x_proto=settings.proxy_hops, x_host=0
        )

    @server.before_request
    def limit() -> Response | None:
        if isinstance(request.routing_exception, SecurityError):
            if request.path in HEALTH:
                return make_response(server.view_functions[HEALTH[request.path]]())
            abort(400, "This portal is not known by that name.")
        if len(request.full_path) > LONGEST_ADDRESS:
            abort(414, "The address is too long.")
        if (request.content_length or 0) > settings.largest_body:
            abort(413, f"At most {settings.largest_body:,} bytes can be sent.")
        return None

    @server.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["Content-Security-Policy"] = server.config["CONTENT_POLICY"]
        if settings.is_encrypted:
            response.headers["Strict-Transport-Security"] = f"max-age={YEAR}; includeSubDomains"
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        if g.get("_login_user") is not None:
            response.vary.add("Cookie")
        return response


def seal(app: Dash) -> None:
    """Allow the inline scripts of `app` as they are now, and no others."""
    app.server.config["CONTENT_POLICY"] = content_policy(app.csp_hashes())


def content_policy(script_hashes: Sequence[str]) -> str:
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *script_hashes)),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "frame-src 'none'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
