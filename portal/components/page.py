"""Lay out a page: its question, room for its filters, and the frame of each tile."""

from typing import Any

import dash_mantine_components as dmc
import orjson
from dash import html
from dash.development.base_component import Component

from portal.components.attributes import attributes
from portal.components.tile import tile_frame
from portal.page import Page, Section, dataset_name, tile_name
from portal.view import RESERVED, View
from queries.catalog import Catalog


def page_layout(page: Page, view: View, catalog: Catalog) -> Component:
    """The page as it stands before the first answer."""
    return html.Article(
        [
            html.Header(
                [
                    html.Div([html.H1(page.title), html.P(page.question)], className="page-title"),
                    html.Div(className="page-actions", id="page-actions"),
                ],
                className="page-head",
            ),
            html.Div(className="bar", id="bar"),
            html.Div(className="notices", id="notices", role="status"),
            *(
                _section(page, number, section, catalog)
                for number, section in enumerate(page.arranged(catalog, view))
            ),
        ],
        className=f"page page{page.path.replace('/', '-').rstrip('-')}",
        **attributes(data_page=orjson.dumps(_facts(page, catalog)).decode()),
    )


def missing_page(path: str) -> Component:
    return html.Article(
        [
            html.H1("There is no such page"),
            html.P(f"Nothing lives at {path}."),
            dmc.Anchor("Go to Pulse", href="/"),
        ],
        className="page page-missing",
    )


def _section(page: Page, number: int, section: Section, catalog: Catalog) -> Component:
    frames = [
        tile_frame(tile_name(number, position), tile, catalog.dataset(dataset_name(page, tile)))
        for position, tile in enumerate(section.tiles)
    ]
    return html.Section(
        [
            html.H2(section.title) if section.title else None,
            html.P(section.note, className="section-note") if section.note else None,
            html.Div(frames, className="tiles"),
        ],
        className="section",
    )


def _facts(page: Page, catalog: Catalog) -> dict[str, Any]:
    """What assets/ needs to know of the page to read and to write its URL."""
    datasets = [catalog.dataset(name) for name in page.datasets]
    dimensions = {d.name: d for dataset in datasets for d in dataset.dimensions}
    return {
        "path": page.path,
        "title": page.title,
        "period": page.period,
        "compare": page.compare,
        "grain": page.grain,
        "smallest": datasets[0].smallest_grain if datasets else "",
        "filters": [name for name in page.filters if name in dimensions],
        "options": page.options,
        "reserved": RESERVED,
        "arrangedBy": page.arranged_by,
        "hasClocks": page.has_clocks,
        "compares": page.compares,
        "hasPeriod": page.has_period,
        "dimensions": [
            {"name": d.name, "label": d.label, "kind": d.kind, "role": d.role, "is_wide": d.is_wide}
            for d in dimensions.values()
            if d.kind != "date"
        ],
    }
