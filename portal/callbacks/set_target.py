"""Read the targets of a metric, and set one: an editor's of the unit that owns the metric."""

from dataclasses import replace
from typing import Any

from flask import Flask

from portal.auth.gate import signed_in
from portal.callbacks.asked import Asked, asked
from portal.callbacks.named_metric import named_metric
from portal.components import format as written
from portal.components import sentence
from portal.components.target import grows
from portal.open_page import leaves_out, open_page
from portal.site import Site
from portal.store import targets
from portal.store.day import read_day
from portal.store.errors import Invalid
from portal.store.people import Person
from portal.store.store import Store
from portal.store.target import Target, TargetDraft, direction
from queries.condition import Condition
from queries.dataset import Dataset, Metric
from queries.errors import AccessDenied
from queries.where import Where
from queries.where_text import written as written_where

READ = "/-/targets/read"
SET = "/-/targets/set"
_PERCENT = 100


def register(server: Flask, site: Site, store: Store) -> None:
    """Add the routes to `server`."""

    @server.post(READ)
    def read_targets() -> dict[str, Any]:
        wanted = asked()
        person, (dataset, metric) = signed_in(), named_metric(wanted, site)
        return _described(person, dataset, metric, store, _scope(wanted, dataset, site))

    @server.post(SET)
    def set_target() -> dict[str, Any]:
        person, wanted = signed_in(), asked()
        dataset, metric = named_metric(wanted, site)
        unit, scope = metric.owner or dataset.owner, _scope(wanted, dataset, site)
        draft = replace(_draft(wanted, dataset, metric), scope=written_where(Where(scope)))
        targets.put(store, person, draft, unit, wanted.text("seen"))
        return _described(person, dataset, metric, store, scope)


def _scope(wanted: Asked, dataset: Dataset, site: Site) -> Condition | None:
    """The rows of the view in which it is asked; without a page all of them.

    Raises AccessDenied where its asker may not see every one of them.
    """
    path, access, scope = wanted.text("path"), signed_in().access, None
    if path:
        if path not in site.pages:
            raise Invalid("A target is set on a page of this portal.")
        opened = open_page(site.pages[path], wanted.text("search"), site.warehouse, access)
        scope = opened.scope_of(opened.context_of(dataset.name))
    if leaves_out(access, dataset, scope):
        raise AccessDenied(
            "Targets are of whole views, and you may see some rows of this one only.",
            "Filter by what you may see.",
        )
    return scope


def _draft(wanted: Asked, dataset: Dataset, metric: Metric) -> TargetDraft:
    text = wanted.text("value").strip()
    has_days = grows(metric) and bool(text)
    return TargetDraft(
        dataset=dataset.name,
        metric=metric.name,
        value=_value(text, metric) if text else None,
        valid_from=read_day(wanted.text("valid_from")),
        direction=direction(wanted.text("direction")),
        days=wanted.number("days") if has_days else None,
    )


def _value(text: str, metric: Metric) -> float:
    """Shares are written in per cent."""
    try:
        value = float(text.removesuffix("%").replace(",", "").strip())
    except ValueError:
        raise Invalid(f"“{text}” is no number.", "Write a number, for example 12.5.") from None
    return value / _PERCENT if metric.format == "percent" else value


def _described(
    person: Person, dataset: Dataset, metric: Metric, store: Store, scope: Condition | None
) -> dict[str, Any]:
    unit = metric.owner or dataset.owner
    found = targets.of_metric(store, dataset.name, metric.name, written_where(Where(scope)))
    return {
        "of": sentence.in_words(scope),
        "label": metric.label,
        "unit": "%" if metric.format == "percent" else metric.unit,
        "owner": unit,
        "grows": grows(metric),
        "direction": "at most" if metric.better == "down" else "at least",
        "may_set": targets.may_set(person, unit),
        "targets": [_line(target, metric) for target in found],
    }


def _line(target: Target, metric: Metric) -> dict[str, Any]:
    value = target.value
    days = f" in {target.days} {'day' if target.days == 1 else 'days'}" if target.days else ""
    factor = _PERCENT if metric.format == "percent" else 1
    text = f"{target.direction} {written.exact(value, metric)}{days}"
    return {
        "id": target.id,
        "text": "no target" if value is None else text,
        "entered": "" if value is None else f"{value * factor:.10g}",
        "direction": target.direction,
        "days": target.days,
        "valid_from": str(target.valid_from),
        "since": written.day(target.valid_from),
        "set_by": target.set_by,
        "set_on": written.day(target.created_at.date()),
    }
