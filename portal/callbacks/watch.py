"""Watch a metric, snooze it, stop; list what one watches and was told, and mark it seen."""

from datetime import date
from typing import Any

from flask import Flask

from portal.auth.gate import signed_in
from portal.callbacks.asked import Asked, asked
from portal.callbacks.named_metric import named_metric
from portal.components.alerts import described, watched
from portal.open_page import open_page
from portal.site import Site
from portal.store import alerts, subscriptions
from portal.store.day import read_day
from portal.store.errors import Invalid
from portal.store.store import Store
from portal.store.subscription import Watched
from portal.view import View
from queries.dataset import Dataset, Metric
from queries.period import Grain

LIST = "/-/alerts/list"
SEE = "/-/alerts/see"
SUBSCRIBE = "/-/alerts/subscribe"
SNOOZE = "/-/alerts/snooze"
END = "/-/alerts/end"
EXPLORE = "/explore"


def register(server: Flask, site: Site, store: Store) -> None:
    """Add the routes to `server`."""

    @server.post(LIST)
    def list_alerts() -> dict[str, Any]:
        return listed(site, store)

    @server.post(SEE)
    def see_alerts() -> dict[str, Any]:
        listed_ones = asked().fields.get("numbers")
        if not isinstance(listed_ones, list):
            raise Invalid("“numbers” has to be a list of alerts.")
        person = signed_in()
        named = [Asked({"number": n}).number("number") for n in listed_ones[: alerts.MOST_LISTED]]
        alerts.see(store, person, named)
        return {"unseen": alerts.unseen(store, person)}

    @server.post(SUBSCRIBE)
    def subscribe() -> dict[str, Any]:
        return {"subscription": subscribed(asked(), site, store)}

    @server.post(SNOOZE)
    def snooze() -> dict[str, Any]:
        wanted = asked()
        kept = subscriptions.snooze(store, signed_in(), wanted.text("id"), _until(wanted))
        return {"subscription": watched(kept, site.warehouse.catalog())}

    @server.post(END)
    def end() -> dict[str, Any]:
        kept = subscriptions.end(store, signed_in(), asked().text("id"))
        return {"subscription": watched(kept, site.warehouse.catalog())}


def listed(site: Site, store: Store) -> dict[str, Any]:
    """What the present person watches and was told."""
    person, catalog = signed_in(), site.warehouse.catalog()
    return {
        "alerts": [described(one) for one in alerts.of(store, person)],
        "subscriptions": [watched(one, catalog) for one in subscriptions.of(store, person)],
        "unseen": alerts.unseen(store, person),
    }


def subscribed(wanted: Asked, site: Site, store: Store) -> dict[str, Any]:
    """The present person watches what they name from now on. Raises Invalid, AccessDenied."""
    dataset, metric = named_metric(wanted, site)
    check_watchable(metric, dataset)
    draft = Watched(
        dataset=dataset.name, metric=metric.name, filters=filters_of(wanted, dataset, site)
    )
    kept = subscriptions.subscribe(store, signed_in(), draft)
    return watched(kept, site.warehouse.catalog())


def check_watchable(metric: Metric, dataset: Dataset) -> None:
    """Raises Invalid where nothing can be said of a single day of it."""
    if metric.parameters:
        raise Invalid(
            f"{metric.label} needs {', '.join(sorted(metric.parameters))} to be said.",
            "Watch a metric that is one number a day.",
        )
    finest = dataset.smallest_grain if metric.smallest_grain is None else metric.smallest_grain
    if finest is not Grain.DAY:
        raise Invalid(
            f"{metric.label} is of a {finest.value} at the finest, so no day of it can be out of "
            "line.",
            "Watch a metric that has a value every day.",
        )


def filters_of(wanted: Asked, dataset: Dataset, site: Site) -> str:
    """Those of the view in which it is asked, which the dataset can be filtered by."""
    path = wanted.text("path") or EXPLORE
    if path not in site.pages:
        raise Invalid("A metric is watched from a page of this portal.")
    search = wanted.text("search")
    opened = open_page(site.pages[path], search, site.warehouse, signed_in().access)
    assumed = {choice.name for choice in opened.assumed}
    chosen = (c for c in opened.view.choices if c.name not in assumed)
    kept = tuple(c for c in chosen if dataset.has_dimension(c.name))
    return View(choices=kept).to_url()


def _until(wanted: Asked) -> date | None:
    return read_day(text) if (text := wanted.text("until")) else None
