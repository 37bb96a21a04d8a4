"""A note: what somebody knows about a day, or a few, of a page or of a metric.

It is words and nothing else: a reader sees it as text, whatever was typed.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from sqlalchemy import RowMapping

from portal.local_url import local_url
from portal.store.errors import Invalid
from portal.store.plain_text import plain

Audience = Literal["private", "unit", "everyone"]

LONGEST_TEXT = 500
LONGEST_NAME = 120
LONGEST_PATH = 300
MOST_DAYS = 3_660


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDraft:
    """What a person writes down. Both days are included.

    With a `metric` it shows wherever that metric of `dataset` is drawn over time, else on the page
    at `path`. `country` is the one it is about, in two letters; empty: all.
    """

    text: str
    first_day: date
    last_day: date
    path: str
    dataset: str = ""
    metric: str = ""
    country: str = ""
    visibility: Audience = "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note as it is kept. `version` counts its edits; `unit` is the author's when they wrote."""

    id: str
    author_id: str
    author_name: str
    unit: str
    text: str
    first_day: date
    last_day: date
    path: str
    dataset: str
    metric: str
    country: str
    visibility: Audience
    version: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


def audience(text: str) -> Audience:
    """Raises Invalid where it names none."""
    for known in get_args(Audience):
        if text == known:
            return known
    raise Invalid("A note is seen by nobody else, by a unit or by everyone.")


def checked(draft: NoteDraft) -> dict[str, str | date]:
    """The columns of a draft. Raises Invalid with the reason it cannot be kept."""
    text = plain(draft.text).strip()
    if not text or len(text) > LONGEST_TEXT:
        raise Invalid(f"A note has 1 to {LONGEST_TEXT} characters.")
    days = (draft.last_day - draft.first_day).days
    if not 0 <= days <= MOST_DAYS:
        raise Invalid("A note is of one day, or of a first and a later last one.")
    if len(draft.path) > LONGEST_PATH or local_url(draft.path, "") != draft.path:
        raise Invalid("A note is of a page of this portal.")
    if max(len(draft.dataset), len(draft.metric)) > LONGEST_NAME:
        raise Invalid("There is no metric of such a name.")
    if bool(draft.metric) != bool(draft.dataset):
        raise Invalid("A metric is named with its dataset.")
    is_code = draft.country.isascii() and draft.country.isalpha()
    if draft.country and not (is_code and len(draft.country) == len("US")):
        raise Invalid("A country is named by its two letters.")
    return {
        "text": text,
        "first_day": draft.first_day,
        "last_day": draft.last_day,
        "path": draft.path,
        "dataset": draft.dataset,
        "metric": draft.metric,
        "country": draft.country.upper(),
        "visibility": draft.visibility,
    }


def note(row: RowMapping) -> Note:
    """Read a row of notes that carries the name of its author."""
    return Note(**{name: row[name] for name in Note.__slots__})
