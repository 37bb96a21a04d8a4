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
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import polars as pl

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"


class Refused(Exception):
    """The portal did not answer; `hint` says what to ask or do instead."""

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint


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

    def _sent(self, path: str, body: bytes | None = None, form: str = JSON) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": form, "Content-Type": JSON}
        address = f"{self.url.rstrip('/')}/api/v1/{path}"
        request = Request(address, body, headers)  # noqa: S310  # http or https, see __post_init__
        try:
            with urlopen(request, timeout=self.timeout) as response:  # noqa: S310
                return response.read()
        except HTTPError as error:
            raise _refusal(error.code, error.read()) from None


def _refusal(status: int, body: bytes) -> Refused:
    try:
        error = json.loads(body)["error"]
        return Refused(status, error["code"], error["message"], error.get("hint", ""))
    except (ValueError, KeyError, TypeError):
        return Refused(status, "no_answer", f"The portal answered with status {status}.")
