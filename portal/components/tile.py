"""A tile without its answer: heading, a place of the right height, and a foot.

assets/ fills the body and the foot, so that a new answer costs no layout of the page.
"""

from dash import html

from portal.components import format as written
from portal.components.attributes import attributes
from portal.page import Tile
from queries.dataset import Dataset, Metric
from queries.distribution import Over, why_not
from queries.estimation import Estimation


def tile_frame(name: str, tile: Tile, dataset: Dataset) -> html.Section:
    place = tile.place
    if place.is_bare:
        return _bare_frame(name, tile, dataset)
    title = place.title or dataset.metric(tile.metrics[0]).label
    return html.Section(
        [
            html.Header(
                [
                    html.Div(
                        [html.H3(title), html.P(written.kept(place.note)) if place.note else None],
                        className="tile-heading",
                    ),
                    html.Button(
                        className="icon-button tile-menu",
                        **attributes(aria_label=f"What to do with “{title}”", aria_haspopup="menu"),
                    ),
                ],
                className="tile-head",
            ),
            html.Div(className="tile-body is-empty"),
            html.Footer(className="tile-foot"),
        ],
        id=name,
        className="tile",
        style={"--span": place.span, "--height": f"{place.height}px"},
        **attributes(aria_busy="true", data_title=title, **_asked(tile, dataset)),
    )


def _asked(tile: Tile, dataset: Dataset) -> dict[str, str]:
    """What its marks are of: where a menu leads from one of them, and where it cannot."""
    name = next(iter(tile.metrics), "")
    metric = next((m for m in dataset.metrics if m.name == name), None)
    overs: tuple[Over, ...] = ("units", "rows")
    is_spread = metric is not None and not all(why_not(metric, dataset, over) for over in overs)
    asked = {"data_dataset": dataset.name, "data_metric": name}
    asked |= {} if is_spread else {"data_spread": "none"}
    return asked | ({} if _may_be_explained(metric, dataset) else {"data_change": "none"})


def _may_be_explained(metric: Metric | None, dataset: Dataset) -> bool:
    """Whether there is a change to look into: not of rows that overlap, nor of one thing's own.

    What is worked out over all that overlaps has one; its groups make no parts, which is said.
    """
    if metric is None:
        return False
    if isinstance(formula := metric.formula, Estimation):
        has_one = formula.spans(dataset.exclusive) or not dataset.exclusive
        return has_one and not formula.asked and formula.groups_by(dataset.time.name)
    return metric.kind != "model" and not dataset.exclusive


def _bare_frame(name: str, tile: Tile, dataset: Dataset) -> html.Section:
    place = tile.place
    return html.Section(
        html.Div(className="tile-body is-empty"),
        id=name,
        className="tile is-bare",
        style={"--span": place.span, "--height": f"{place.height}px"},
        **attributes(aria_busy="true", data_title=place.title, **_asked(tile, dataset)),
    )
