"""The portal from a notebook: `Playhead("https://playhead.example", token).ask(...)`.

    playhead = Playhead("http://localhost:8050", "playhead_…")
    playhead.ask("playback", "hours_viewed", by=["country", "week"], period="last 8 weeks")

The numbers, intervals and refusals are those of the pages. Needs nothing but Polars.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, TypedDict, Unpack
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

import polars as pl

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"


class Refused(Exception):
    """The portal did not answer; `hint` says what to ask or do instead.

    `newest` is a note as somebody else has changed it, where that is why nothing was written.
    """

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.newest: dict[str, Any] | None = None


class Asked(TypedDict, total=False):
    """What may be said of a question beside its dataset and metrics."""

    by: Sequence[str]
    where: str
    period: str
    compare: str
    parameters: Mapping[str, str]
    calculate: Sequence[str]
    order: str
    limit: int
    interval: bool
    version: str


class AskedRows(TypedDict, total=False):
    """What may be said of rows beside their dataset."""

    where: str
    period: str
    limit: int
    skip: int
    version: str


class AskedChange(TypedDict, total=False):
    """What may be said of a change beside its dataset and metric."""

    by: str
    where: str
    period: str
    compare: str
    version: str


class AskedSpread(AskedChange, total=False):
    """What may be said of a distribution: `by` a dimension, its `group` `against` another."""

    over: str
    group: str
    against: str


class NoteOf(TypedDict, total=False):
    """What a note is of beside its day, and who may see it."""

    end: str
    path: str
    dataset: str
    metric: str
    country: str
    visibility: str


class NoteChange(NoteOf, total=False):
    """What may be changed of a note."""

    text: str
    day: str


@dataclass(frozen=True, slots=True)
class Playhead:
    """A portal, asked as the owner of the token. `timeout` is in seconds."""

    url: str
    token: str = field(repr=False)
    timeout: float = 60.0

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise ValueError(f"“{self.url}” is not the address of a portal.")

    def ask(self, dataset: str, *metrics: str, **question: Unpack[Asked]) -> pl.DataFrame:
        """The rows of an answer. Raises Refused."""
        return pl.read_ipc_stream(BytesIO(self._asked(dataset, metrics, question, ARROW)))

    def answer(self, dataset: str, *metrics: str, **question: Unpack[Asked]) -> dict[str, Any]:
        """The same with the total, dates, data version and definitions, as plain values."""
        return json.loads(self._asked(dataset, metrics, question, JSON))

    def rows(self, dataset: str, **question: Unpack[AskedRows]) -> pl.DataFrame:
        """The rows behind a number, newest first. Raises Refused."""
        body = json.dumps({"dataset": dataset, **question}).encode()
        return pl.read_ipc_stream(BytesIO(self._sent("rows", body, ARROW)))

    def explain(self, dataset: str, metric: str, **question: Unpack[AskedChange]) -> dict[str, Any]:
        """The parts that groups make of a change, with their intervals. Raises Refused."""
        return self._told("explain", {"dataset": dataset, "metric": metric, **question})

    def distribution(
        self, dataset: str, metric: str, **question: Unpack[AskedSpread]
    ) -> dict[str, Any]:
        """How a number is spread, of one side or of two. Raises Refused."""
        return self._told("distribution", {"dataset": dataset, "metric": metric, **question})

    def notes(self, first: str = "", last: str = "") -> dict[str, Any]:
        """The `notes` of some days that you may see; `is_cut` where there are more of them."""
        days = {name: day for name, day in (("first", first), ("last", last)) if day}
        return json.loads(self._sent(f"notes?{urlencode(days)}"))

    def note(self, note_id: str) -> dict[str, Any]:
        """A note as it is now. Raises Refused."""
        return json.loads(self._sent(_note(note_id)))["note"]

    def write_note(self, text: str, day: str, **of: Unpack[NoteOf]) -> dict[str, Any]:
        """A new note, yours alone unless `visibility` says else. Raises Refused."""
        return self._told("notes", {"text": text, "day": day, **of})["note"]

    def edit_note(self, note: Mapping[str, Any], **changes: Unpack[NoteChange]) -> dict[str, Any]:
        """The note with these changes. Refused with `newest` where somebody was faster."""
        whole = {name: note[name] for name in (*NoteChange.__annotations__, "version")}
        return self._told(_note(note["id"]), whole | changes, "PUT")["note"]

    def remove_note(self, note: Mapping[str, Any]) -> dict[str, Any]:
        """Delete a note that nobody has changed since; `restore_note` brings back one of yours."""
        path = f"{_note(note['id'])}?{urlencode({'version': note['version']})}"
        return json.loads(self._sent(path, method="DELETE"))["note"]

    def restore_note(self, note: Mapping[str, Any]) -> dict[str, Any]:
        """A deleted note of yours, back again; within 30 days."""
        return json.loads(self._sent(f"{_note(note['id'])}/restore", b""))["note"]

    def datasets(self) -> list[dict[str, Any]]:
        """What can be asked of."""
        return json.loads(self._sent("datasets"))["datasets"]

    def dataset(self, name: str) -> dict[str, Any]:
        """The metrics and dimensions of a dataset."""
        return json.loads(self._sent(f"datasets/{quote(name, safe='')}"))

    def _asked(self, dataset: str, metrics: Sequence[str], question: Asked, form: str) -> bytes:
        named = {("with" if name == "parameters" else name): v for name, v in question.items()}
        body = {"dataset": dataset, "metrics": metrics, **named}
        return self._sent("ask", json.dumps(body).encode(), form)

    def _told(self, path: str, body: Mapping[str, object], method: str = "POST") -> dict[str, Any]:
        return json.loads(self._sent(path, json.dumps(body).encode(), method=method))

    def _sent(
        self, path: str, body: bytes | None = None, form: str = JSON, method: str | None = None
    ) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": form, "Content-Type": JSON}
        address = f"{self.url.rstrip('/')}/api/v1/{path}"
        # http or https, see __post_init__
        request = Request(address, body, headers, method=method)  # noqa: S310
        try:
            with urlopen(request, timeout=self.timeout) as response:  # noqa: S310
                return response.read()
        except HTTPError as error:
            raise _refusal(error.code, error.read()) from None


def _note(note_id: str) -> str:
    return f"notes/{quote(note_id, safe='')}"


def _refusal(status: int, body: bytes) -> Refused:
    try:
        answer = json.loads(body)
        error = answer["error"]
        refused = Refused(status, error["code"], error["message"], error.get("hint", ""))
        refused.newest = answer.get("newest")
    except (ValueError, KeyError, TypeError):
        return Refused(status, "no_answer", f"The portal answered with status {status}.")
    return refused
