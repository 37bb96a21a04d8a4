"""The frame around every page: where one is, where one can go, and whose eyes these are."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from portal.components import alerts, ids, saved_views
from portal.components.attributes import attributes
from portal.page import Page

_FRAME: dict[str, Any] = {
    "header": {"height": {"base": 52, "sm": 0}},
    "navbar": {"width": 224, "breakpoint": "sm", "collapsed": {"mobile": True}},
}


def shell(pages: Sequence[Page], name: str, unit: str, unseen: int = 0) -> Component:
    """The shell for one person. `unit` is where they work; it is shown, never assumed.

    `unseen` is how many alerts they have not seen.
    """
    return dmc.MantineProvider(
        [
            dcc.Location(id=ids.LOCATION, refresh=False),
            dcc.Store(id=ids.ARRANGEMENT),
            html.A("Skip to the page", href="#page", className="skip"),
            dmc.AppShell(
                [
                    dmc.AppShellHeader(_header(unseen), className="shell-header"),
                    dmc.AppShellNavbar(
                        _navbar(pages, name, unit, unseen), className="shell-navbar"
                    ),
                    dmc.AppShellMain(html.Main(id=ids.PAGE, tabIndex=-1)),
                ],
                id=ids.SHELL,
                **_FRAME,
                transitionDuration=120,
            ),
            html.Div(id=ids.EXTRAS),
        ],
        theme={
            "fontFamily": "var(--font)",
            "primaryColor": "indigo",
            "defaultRadius": "md",
            "cursorType": "pointer",
        },
        defaultColorScheme="auto",
    )


def _header(unseen: int) -> Component:
    return html.Div(
        [
            dmc.Burger(id=ids.BURGER, size="sm", **attributes(aria_label="Pages")),
            _brand(),
            html.A(alerts.count(unseen), href=alerts.PATH, className="header-alerts"),
        ],
        className="header-row",
    )


def _navbar(pages: Sequence[Page], name: str, unit: str, unseen: int) -> Component:
    return html.Div(
        [
            html.Div(_brand(), className="navbar-brand"),
            html.Button(
                [html.Span("Search"), html.Kbd("Ctrl K")],
                id="open-palette",
                className="palette-button",
            ),
            html.Nav(
                [
                    *(_link(page.title, page.path) for page in pages if page.is_listed),
                    _link(saved_views.TITLE, saved_views.PATH),
                    _link(alerts.TITLE, alerts.PATH, alerts.count(unseen)),
                ],
                **attributes(aria_label="Pages"),
            ),
            html.Div(className="navbar-space"),
            html.Div(id="navbar-extra"),
            html.Div(
                [
                    html.A(
                        [html.Strong(name), html.Span(unit.capitalize())],
                        href="/account",
                        title="Your account",
                        className="who",
                        style={"color": "inherit", "textDecoration": "none"},
                    ),
                    dmc.ColorSchemeToggle(
                        lightIcon=html.Span(className="icon icon-sun"),
                        darkIcon=html.Span(className="icon icon-moon"),
                        variant="subtle",
                        color="gray",
                        **attributes(aria_label="Light or dark"),
                    ),
                    html.Form(
                        html.Button(
                            className="icon-button sign-out", **attributes(aria_label="Sign out")
                        ),
                        action="/logout",
                        method="POST",
                    ),
                ],
                className="navbar-foot",
            ),
        ],
        className="navbar-column",
    )


def _brand() -> Component:
    return dcc.Link(
        [html.Span(className="brand-mark"), html.Span("Playhead")], href="/", className="brand"
    )


def _link(title: str, path: str, beside: Component | None = None) -> Component:
    return dmc.NavLink(
        label=title, href=path, active="exact", className="page-link", rightSection=beside
    )
