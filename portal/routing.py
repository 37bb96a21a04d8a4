"""Find the pages, give each of them a URL, and put the shell around them."""

from importlib import import_module
from pkgutil import iter_modules

from dash import ClientsideFunction, Dash, Input, Output, State
from dash.development.base_component import Component

from portal import typeface
from portal.callbacks import (
    answer_tiles,
    describe_tile,
    export_tile,
    list_datasets,
    list_metrics,
    list_values,
    show_page,
    stop_tile,
)
from portal.components import ids
from portal.components.document import document
from portal.components.shell import shell
from portal.countries import HEIGHT, WIDTH, countries
from portal.page import Page
from portal.site import Site

OUTLINES = "/-/outlines"
_A_WEEK_S = 7 * 86_400


def discover(package: str) -> dict[str, Page]:
    """Import every module of `package` and collect its `PAGE`, by path, in their order."""
    modules = iter_modules(import_module(package).__path__)
    found: list[Page] = [import_module(f"{package}.{m.name}").PAGE for m in modules]
    return {page.path: page for page in sorted(found, key=lambda p: (p.order, p.title))}


def register(app: Dash, site: Site) -> None:
    """Attach the shell, the callbacks and the routes that the pages live by."""
    app.index_string = document()

    def layout() -> Component:
        viewer = site.viewer()
        return shell(list(site.pages.values()), viewer.name, viewer.unit, site.unseen())

    app.layout = layout
    show_page.register(app, site)
    for verb in (
        answer_tiles,
        list_datasets,
        list_values,
        list_metrics,
        describe_tile,
        export_tile,
        stop_tile,
    ):
        verb.register(app.server, site)
    app.server.add_url_rule(OUTLINES, "outlines", _outlines)
    typeface.register(app.server)
    app.clientside_callback(
        ClientsideFunction("shell", "toggle"),
        Output(ids.SHELL, "navbar"),
        Input(ids.BURGER, "opened"),
        Input(ids.LOCATION, "pathname"),
        State(ids.SHELL, "navbar"),
        prevent_initial_call=True,
    )


def _outlines() -> tuple[dict[str, object], dict[str, str]]:
    """The flat world, the same for everybody: paths, and points for what has no outline."""
    drawn = {
        code: {"path": c.path} if c.path else {"point": c.point}
        for code, c in countries().items()
        if c.path or c.point
    }
    world = {"width": WIDTH, "height": HEIGHT, "countries": drawn}
    return world, {"Cache-Control": f"private, max-age={_A_WEEK_S}"}
