"""Certify what a metric means, take that back, and list who certified what."""

from typing import Any

from flask import Flask

from portal.auth.gate import signed_in
from portal.callbacks.asked import Asked, asked
from portal.callbacks.named_metric import named_metric
from portal.components.certificate import described
from portal.site import Site
from portal.store import certificates
from portal.store.certificates import Definition
from portal.store.errors import Conflict, Invalid
from portal.store.store import Store
from queries.dataset import Dataset, Metric
from queries.fingerprint import fingerprint

LIST = "/-/certificates/list"
CERTIFY = "/-/certificates/certify"
TAKE_BACK = "/-/certificates/take-back"


def register(server: Flask, site: Site, store: Store) -> None:
    """Add the routes to `server`."""

    @server.post(LIST)
    def list_certificates() -> dict[str, Any]:
        return listed(site)

    @server.post(CERTIFY)
    def certify() -> dict[str, Any]:
        return {"certificate": certified(asked(), site, store)}

    @server.post(TAKE_BACK)
    def take_back() -> dict[str, Any]:
        taken_back(asked(), site, store)
        return {"certificate": None}


def listed(site: Site) -> dict[str, Any]:
    """Of the metrics that its asker may see, and the units whose metrics they certify."""
    person, held = signed_in(), site.certificates()
    datasets = site.warehouse.catalog().datasets
    owners = {m.owner or d.owner for d in datasets for m in d.metrics}
    found = {
        f"{dataset.name}.{metric.name}": described(metric, dataset, held)
        for dataset in datasets
        for metric in dataset.metrics
        if (dataset.name, metric.name) in held and not person.access.hides(metric, dataset)
    }
    units = sorted(owner for owner in owners if certificates.may_certify(person, owner))
    return {"certificates": found, "may_certify": units}


def certified(wanted: Asked, site: Site, store: Store) -> dict[str, Any] | None:
    """The present person stands for what they have read. Raises Denied, Invalid, Conflict."""
    dataset, metric = named_metric(wanted, site)
    definition = _defined(dataset, metric)
    if metric.status != "agreed":
        raise Invalid(f"{metric.label} is {metric.status}.", "What is agreed can be certified.")
    if wanted.text("fingerprint") != definition.fingerprint:
        raise Conflict(
            f"The definition of {metric.label} is another by now.",
            "Load the page anew and read it.",
        )
    certificates.certify(store, signed_in(), definition, wanted.text("seen"))
    return described(metric, dataset, site.certificates())


def taken_back(wanted: Asked, site: Site, store: Store) -> None:
    """The certificate that they saw counts no more. Raises Denied, Invalid, Conflict."""
    definition = _defined(*named_metric(wanted, site))
    certificates.take_back(store, signed_in(), definition, wanted.text("seen"))


def _defined(dataset: Dataset, metric: Metric) -> Definition:
    return Definition(
        dataset=dataset.name,
        metric=metric.name,
        fingerprint=fingerprint(metric, dataset),
        unit=metric.owner or dataset.owner,
    )
