"""What is sent and answered of notes."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from portal.api.bodies import Name, Refusal, Text


class WriteNote(BaseModel):
    """A note to a day, or to all from `day` to `end`: of a metric of a dataset, else of a page."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Text
    day: Name = Field(description="2026-02-03")
    end: str = Field("", max_length=20, description="the last day; the same if left out")
    path: str = Field("/", max_length=300, description="the page it is of")
    dataset: str = Field("", max_length=200)
    metric: str = Field("", max_length=200)
    country: str = Field("", max_length=2, description="the only one it is about, in two letters")
    visibility: Literal["private", "unit", "everyone"] = "private"


class EditNote(WriteNote):
    """The whole note as it is to be, and the version it was made from."""

    version: int


class Note(BaseModel):
    """A note as its reader may know it, and what they may do to it."""

    id: str
    text: str
    day: str
    end: str
    when: str
    path: str
    dataset: str
    metric: str
    country: str
    visibility: Literal["private", "unit", "everyone"]
    unit: str
    author: str
    is_mine: bool
    may_edit: bool
    may_delete: bool
    version: int
    written: str
    is_edited: bool


class NoteKept(BaseModel):
    """A note as it is now."""

    note: Note


class Notes(BaseModel):
    """Notes, the newest written first; where `is_cut`, ask about fewer days for the rest."""

    notes: list[Note]
    is_cut: bool


class NoteConflict(Refusal):
    """Somebody changed the note in between: nothing was written, and this is how it is now."""

    newest: Note
