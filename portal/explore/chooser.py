"""Chooser: which dataset is explored, what it holds, and the parameters its metrics wait for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing
from portal.explore.askable import others, why_not
from portal.explore.choices import PARAMETER, chosen, parameter_options
from portal.explore.shelves import shelves
from portal.page import Place
from queries.dataset import Dataset
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """It asks nothing: what it says stands in the catalog and in the URL."""

    place: Place = field(default_factory=lambda: Place(span=12, height=112, is_bare=True))
    metrics: tuple[str, ...] = ()

    def questions(self, context: Context) -> tuple[Query, ...]:  # noqa: ARG002  # one protocol
        return ()

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:  # noqa: ARG002
        plain = context.dataset
        context, choices = chosen(context)
        parameters = [
            {
                "option": option,
                "name": option.removeprefix(PARAMETER),
                "value": context.view.option(option),
            }
            for option in parameter_options(plain)
        ]
        content = {
            "dataset": _described(plain, context),
            "metrics": choices.names,
            "parameters": parameters,
            "shelves": shelves(choices),
        }
        return Drawing(kind="chooser", content=content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """The dimensions without a leaderboard, each with why it cannot be opened, if so."""

    place: Place = field(default_factory=lambda: Place(span=12, height=40, is_bare=True))
    metrics: tuple[str, ...] = ()

    def questions(self, context: Context) -> tuple[Query, ...]:  # noqa: ARG002  # one protocol
        return ()

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:  # noqa: ARG002
        context, choices = chosen(context)
        listed = [
            {
                "name": d.name,
                "label": d.label,
                "description": d.description,
                "why": why_not(d, choices.metrics, context.dataset),
            }
            for d in others(context.dataset)
        ]
        return Drawing(kind="others", content={"dimensions": listed})


def _described(dataset: Dataset, context: Context) -> dict[str, Any]:
    first, latest = context.extent.first, context.extent.latest
    days = f"{written.day(first)} – {written.day(latest)}" if first and latest else "Not loaded"
    basis = "" if dataset.entity else "published totals, no interval"
    return {
        "name": dataset.name,
        "label": dataset.label,
        "description": dataset.description,
        "grain": dataset.grain,
        "owner": dataset.owner,
        "days": days,
        "basis": basis,
    }
