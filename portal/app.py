"""Put the parts together. The only module that knows all of them.

The order is the order of a request: it gets an id, limits, the gate, and only then an answer.
"""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

from dash import Dash
from flask import Flask, abort, g, request

from portal import (
    api,
    compression,
    health,
    logs,
    problems,
    routing,
    security,
    static,
    strange_bodies,
)
from portal.auth import account, gate, sign_in
from portal.callbacks import (
    certify,
    freeze_forecast,
    list_events,
    list_forecasts,
    list_views,
    open_view,
    remove_note,
    remove_view,
    save_view,
    set_target,
    share_view,
    watch,
    write_note,
)
from portal.components import alerts as alert_list
from portal.components import saved_views
from portal.drawn import Drawings
from portal.settings import Settings
from portal.site import Site
from portal.stops import Stops
from portal.store import alerts, certificates, definitions, targets, views
from portal.store.people import Person
from portal.store.store import Store
from portal.theme import FONT, TOKENS
from queries.warehouse import Warehouse

ROOT = Path(__file__).resolve().parent.parent
CATCH_ALL = "/<path:path>"
WORKERS = 8
NOBODY = Person(
    id=str(UUID(int=0)), email="", name="", unit="platform", role="viewer", is_active=False
)


def create_app(settings: Settings, warehouse: Warehouse, store: Store) -> Dash:
    """Build the portal, ready for its first request. Importing this module does nothing."""
    server = _server(settings, warehouse, store)
    app = Dash(
        "portal",
        server=server,  # pyright: ignore[reportArgumentType]  # Dash types it as bool
        assets_folder=str(ROOT / "assets"),
        title="Playhead",
        update_title="",
        suppress_callback_exceptions=True,
        compress=False,
        enable_mcp=False,
        serve_locally=True,
        add_log_handler=False,
    )
    strange_bodies.register(server, app)
    site = Site(
        pages=routing.discover("pages"),
        warehouse=warehouse,
        drawings=Drawings.in_cache(warehouse, settings.cache),
        stops=Stops(settings.cache / "stops"),
        viewer=gate.signed_in,
        workers=ThreadPoolExecutor(WORKERS, thread_name_prefix="tile"),
        targets=lambda: targets.every(store),
        certificates=lambda: certificates.newest(store),
        unseen=lambda: alerts.unseen(store, gate.signed_in()),
        edits=lambda: definitions.edits(store),
        saved_at=lambda view_id: views.changed_at(store, view_id),
    )
    api.register(server, site, store)
    routing.register(app, site)
    for verb in (list_views, save_view, share_view, remove_view, open_view, remove_note):
        verb.register(server, store)
    for verb in (
        list_events,
        write_note,
        set_target,
        freeze_forecast,
        list_forecasts,
        certify,
        watch,
    ):
        verb.register(server, site, store)
    return finish(app, (*site.pages, saved_views.PATH, alert_list.PATH))


def finish(app: Dash, paths: Collection[str]) -> Dash:
    """Close the app: the last layout and callback are in place, and only these pages exist.

    Dash finishes its set-up in the first request, and two at once would race; so it is done here.
    """

    @app.server.before_request
    def refuse_unknown_paths() -> None:
        if request.endpoint == CATCH_ALL and request.path not in paths:
            abort(404, "There is no such page.")

    with app.server.test_request_context("/"):
        g._login_user = NOBODY  # noqa: SLF001  # where flask-login looks for who is asking
        app._setup_server()  # noqa: SLF001  # what Dash itself does in the first request
    security.seal(app)
    return app


def _server(settings: Settings, warehouse: Warehouse, store: Store) -> Flask:
    """Everything in front of Dash."""
    server = Flask("portal")
    server.secret_key = settings.secret_key
    server.context_processor(lambda: {"theme": TOKENS, "font": FONT})
    logs.register(server)
    security.register(server, settings)
    problems.register(server)
    gate.close(server, store, settings)
    sign_in.register(server, store, settings)
    account.register(server, store, settings)
    health.register(server, {"store": store.ping, "lake": warehouse.snapshot})
    compression.register(server)
    static.register(server, settings.cache / "static", static.find_slim_plotly())
    return server
