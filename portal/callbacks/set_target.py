"""Read the targets of a metric, and set one: an editor's of the unit that owns the metric."""

from datetime import date
from typing import Any

from flask import Flask

from portal.auth.gate import signed_in
from portal.callbacks.asked import Asked, asked
from portal.components import format as written
from portal.components.target import grows
from portal.site import Site
from portal.store import targets
from portal.store.errors import Invalid
from portal.store.people import Person
from portal.store.store import Store
from portal.store.target import Target, TargetDraft, direction
from queries.dataset import Dataset, Metric
from queries.errors import AccessDenied, UnknownField

READ = "/-/targets/read"
SET = "/-/targets/set"
_PERCENT = 100


def register(server: Flask, site: Site, store: Store) -> None:
    """Add the routes to `server`."""

    @server.post(READ)
    def read_targets() -> dict[str, Any]:
        person, (dataset, metric) = signed_in(), _named(asked(), site)
        return _described(person, dataset, metric, store)

    @server.post(SET)
    def set_target() -> dict[str, Any]:
        person, wanted = signed_in(), asked()
        dataset, metric = _named(wanted, site)
        unit = metric.owner or dataset.owner
        targets.put(store, person, _draft(wanted, dataset, metric), unit, wanted.text("seen"))
        return _described(person, dataset, metric, store)


def _named(wanted: Asked, site: Site) -> tuple[Dataset, Metric]:
    """The metric that is asked about. One that its asker may not see has no targets to tell."""
    try:
        dataset = signed_in().access.discreet(site.warehouse.dataset(wanted.text("dataset")))
        metric = dataset.metric(wanted.text("metric"))
    except UnknownField as error:
        raise Invalid(error.message, error.hint) from None
    if signed_in().access.hides(metric, dataset):
        raise AccessDenied(
            f"You do not have access to {metric.label}.", f"Ask {dataset.owner} for access."
        )
    return dataset, metric


def _draft(wanted: Asked, dataset: Dataset, metric: Metric) -> TargetDraft:
    text = wanted.text("value").strip()
    has_days = grows(metric) and bool(text)
    return TargetDraft(
        dataset=dataset.name,
        metric=metric.name,
        value=_value(text, metric) if text else None,
        valid_from=_day(wanted.text("valid_from")),
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


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"“{text}” is no day.", "Write it as 2026-02-28.") from None


def _described(person: Person, dataset: Dataset, metric: Metric, store: Store) -> dict[str, Any]:
    unit = metric.owner or dataset.owner
    return {
        "label": metric.label,
        "unit": "%" if metric.format == "percent" else metric.unit,
        "owner": unit,
        "grows": grows(metric),
        "direction": "at most" if metric.better == "down" else "at least",
        "may_set": targets.may_set(person, unit),
        "targets": [
            _line(target, metric) for target in targets.of_metric(store, dataset.name, metric.name)
        ],
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
