"""A saved view: a page's URL with a name, kept by somebody and perhaps shared.

It holds no data. Whoever opens it asks the question anew, with their own rights.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import RowMapping

from portal.local_url import local_url
from portal.store.errors import Invalid
from portal.store.plain_text import plain

Visibility = Literal["private", "unit", "everyone", "link"]

LONGEST_NAME = 120
LONGEST_DESCRIPTION = 2_000
LONGEST_PATH = 300
LONGEST_QUERY = 7_500
LONGEST_DATA_VERSION = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person writes down: a name, and the path and query string it stands for.

    `data_version` pins the numbers; without it, the view shows the newest.
    """

    name: str
    path: str
    query: str = ""
    description: str = ""
    data_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A saved view as it is kept. `version` counts its edits, for `Conflict` to be noticed.

    `unit` is the owner's at the time of sharing: the unit that sees it when visibility says so.
    """

    id: str
    owner_id: str
    owner_name: str
    unit: str
    name: str
    description: str
    path: str
    query: str
    data_version: str | None
    visibility: Visibility
    link_hash: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    updated_by: str
    deleted_at: datetime | None

    @property
    def url(self) -> str:
        """Where it leads: the page in the state that was saved."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def draft(self) -> Draft:
        """The part that is edited: change it with `dataclasses.replace`."""
        return Draft(
            name=self.name,
            path=self.path,
            query=self.query,
            description=self.description,
            data_version=self.data_version,
        )


def checked(draft: Draft) -> dict[str, str | None]:
    """The columns of a draft. Raises Invalid with the reason it cannot be kept."""
    name = " ".join(plain(draft.name).split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(f"A name has 1 to {LONGEST_NAME} characters.")
    if "\0" in draft.query:
        raise Invalid("The text has a character that cannot be kept.")
    if len(draft.description) > LONGEST_DESCRIPTION:
        raise Invalid(f"A description has at most {LONGEST_DESCRIPTION:,} characters.")
    query = draft.query.removeprefix("?")
    if len(query) > LONGEST_QUERY:
        raise Invalid("This view has too many filters to be saved.", "Filter by something coarser.")
    url = f"{draft.path}?{query}" if query else draft.path
    if len(draft.path) > LONGEST_PATH or "?" in draft.path or local_url(url, "") != url:
        raise Invalid("A saved view can only lead to a page of this portal.")
    if len(draft.data_version or "") > LONGEST_DATA_VERSION:
        raise Invalid("This is not a data version.")
    return {
        "name": name,
        "description": plain(draft.description).strip(),
        "path": draft.path,
        "query": query,
        "data_version": draft.data_version or None,
    }


def saved_view(row: RowMapping) -> SavedView:
    """Read a row of saved views that carries the names of its owner and last editor."""
    return SavedView(**{name: row[name] for name in SavedView.__slots__})
