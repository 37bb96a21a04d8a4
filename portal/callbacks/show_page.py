"""Show a page: its frame without any numbers, which the tiles then ask for by themselves."""

from dash import Dash, Input, Output, State
from dash.development.base_component import Component

from portal.components import alerts, ids, saved_views
from portal.components.page import missing_page, page_layout
from portal.site import Site


def register(app: Dash, site: Site) -> None:
    """Attach the callback to `app`."""

    @app.callback(
        Output(ids.PAGE, "children"),
        Input(ids.LOCATION, "pathname"),
        Input(ids.ARRANGEMENT, "data"),
        State(ids.LOCATION, "search"),
    )
    def show_page(path: str | None, _arrangement: str | None, search: str | None) -> Component:
        if path == saved_views.PATH:
            return saved_views.saved_views_layout()
        if path == alerts.PATH:
            return alerts.alerts_layout()
        page = site.pages.get(path or "/")
        if page is None:
            return missing_page(path or "/")
        catalog = site.warehouse.catalog().seen_with(site.viewer().access)
        page = page.read(search or "", catalog)
        return page_layout(page, page.view(search or "", catalog), catalog)
