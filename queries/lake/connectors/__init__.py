"""Connectors, one module each: how the files of one publisher become rows of the lake."""

from collections.abc import Mapping

from queries.lake.connector import Connector
from queries.lake.connectors import (
    bls_wages,
    file,
    kuairand,
    netflix_engagement,
    netflix_top10,
    open_bandit,
    puffer,
    upworthy,
    viewing_activity,
)
from queries.lake.errors import UnknownConnector


def connectors() -> Mapping[str, Connector]:
    """Every connector by its name."""
    modules = (
        netflix_top10,
        netflix_engagement,
        kuairand,
        open_bandit,
        puffer,
        upworthy,
        bls_wages,
        viewing_activity,
        file,
    )
    return {m.CONNECTOR.name: m.CONNECTOR for m in modules}


def connector(name: str) -> Connector:
    """Raises UnknownConnector, with the nearest name."""
    found = connectors()
    if name not in found:
        raise UnknownConnector("connector", name, found)
    return found[name]
