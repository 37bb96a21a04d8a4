"""A certificate: somebody of the owning unit stands for what a metric means, as it is now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate as it is kept; of a metric the newest counts.

    It holds while the definition has this `fingerprint` (`queries.fingerprint`). An empty one
    takes the certificate before it back.
    """

    id: str
    dataset: str
    metric: str
    fingerprint: str
    unit: str
    certified_by: str
    created_at: datetime


def certificate(row: RowMapping) -> Certificate:
    """Read a row of certificates that carries the name of who gave it."""
    return Certificate(**{name: row[name] for name in Certificate.__slots__})
