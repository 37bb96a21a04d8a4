"""Saved views to look at: the page that lists them, empty, and a view as its reader may know it."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from portal.components.attributes import attributes
from portal.store.errors import StoreError
from portal.store.people import Person
from portal.store.rights import Action, authorize
from portal.store.saved_view import SavedView

PATH = "/views"
TITLE = "Saved views"
INTRODUCTION = "Pages as somebody left them, with a name. Each opens with your own rights."


def saved_views_layout() -> Component:
    """The page; assets/saved fills it, so that saving and renaming never reload anything."""
    return html.Article(
        [
            html.Header(
                html.Div(
                    [
                        html.H1(TITLE),
                        html.P(INTRODUCTION),
                    ],
                    className="page-title",
                ),
                className="page-head",
            ),
            html.Div(id="saved-bar", className="saved-bar"),
            html.Div(id="saved-list", className="saved-list", **attributes(aria_live="polite")),
        ],
        className="page page-views",
    )


def described(view: SavedView, person: Person) -> dict[str, Any]:
    """What `person` may know of a view they may open, and what they may do to it."""
    return {
        "id": view.id,
        "name": view.name,
        "description": view.description,
        "path": view.path,
        "query": view.query,
        "data_version": view.data_version or "",
        "visibility": view.visibility,
        "unit": view.unit,
        "owner": view.owner_name,
        "is_mine": view.owner_id == person.id,
        "may_edit": _may(person, "edit", view),
        "may_delete": _may(person, "delete", view),
        "may_take_back": _may(person, "take back", view),
        "version": view.version,
        "updated": view.updated_at.isoformat(),
        "updated_by": view.updated_by,
        "deleted": view.deleted_at.isoformat() if view.deleted_at else "",
    }


def reader(person: Person) -> dict[str, Any]:
    """What a page has to know of whoever looks at it, to offer only what they may do."""
    return {"name": person.name, "unit": person.unit, "may_publish": person.may_publish}


def _may(person: Person, action: Action, view: SavedView) -> bool:
    try:
        authorize(person, action, view)
    except StoreError:
        return False
    return True
