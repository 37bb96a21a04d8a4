"""The API at /api/v1: questions of the portal, notes, alerts and certificates, for programs.

Signed in by a bearer token, which the gate reads; the owner's access narrows every answer.
"""

from flask import Flask

from portal.api import alerts, certificates, notes, routes
from portal.site import Site
from portal.store.store import Store


def register(server: Flask, site: Site, store: Store) -> None:
    """Add the API to `server`, behind its gate and with its errors."""
    routes.register(server, site.warehouse, site.certificates)
    notes.register(server, site, store)
    alerts.register(server, site, store)
    certificates.register(server, site, store)


__all__ = ["register"]
