"""What somebody is looking at: the only state a page has, and all of its query string.

Everything is kept as it was written, so a link can be read and typed by hand and comes back
letter for letter; `portal.context` gives it a meaning against the lake. A name that the page
does not offer is ignored.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, Self
from urllib.parse import parse_qsl, urlencode

Operation = Literal["in", "not in", "between", "contains", "missing", "not missing"]

PERIOD = "period"
COMPARE = "compare"
GRAIN = "grain"
VERSION = "v"
CLOCK = "clock"
EVENTS = "events"
METRIC = "metric"
RESERVED = (PERIOD, COMPARE, GRAIN, CLOCK, EVENTS, VERSION)

_MAX_TEXT = 400


@dataclass(frozen=True, slots=True, order=True)
class Choice:
    """A filter as written: a dimension's name, what it does, and the texts it compares with.

    In a URL: `country=US&country=BR`, `country.not=KR`, `title.contains=love`,
    `genre.missing=yes`, `hour.from=18&hour.to=22` (either end may be left open).
    """

    name: str
    operation: Operation
    values: tuple[str, ...] = ()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        match self.operation:
            case "in":
                return tuple((self.name, value) for value in self.values)
            case "not in":
                return tuple((f"{self.name}.not", value) for value in self.values)
            case "contains":
                return ((f"{self.name}.contains", self.values[0]),)
            case "missing":
                return ((f"{self.name}.missing", "yes"),)
            case "not missing":
                return ((f"{self.name}.missing", "no"),)
            case "between":
                ends = zip(("from", "to"), self.values, strict=True)
                return tuple((f"{self.name}.{end}", value) for end, value in ends if value)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Equal views show equal pages. An empty text means the page's own default.

    `events` names the kinds of events that are marked on axes of time, `none` for no mark.
    """

    period: str = ""
    compare: str = ""
    grain: str = ""
    clock: str = ""
    events: str = ""
    version: str = ""
    choices: tuple[Choice, ...] = ()
    options: tuple[tuple[str, str], ...] = field(default=())

    @classmethod
    def from_url(
        cls, query: str, dimensions: Collection[str] = (), options: Collection[str] = ()
    ) -> Self:
        """Read a query string, keeping the filters and the options that the page offers."""
        pairs = [
            (name, value[:_MAX_TEXT].strip())
            for name, value in parse_qsl(query.removeprefix("?"))
            if value.strip()
        ]
        last = dict(pairs)
        return cls(
            period=last.get(PERIOD, ""),
            compare=last.get(COMPARE, ""),
            grain=last.get(GRAIN, ""),
            clock=last.get(CLOCK, ""),
            events=last.get(EVENTS, ""),
            version=last.get(VERSION, ""),
            choices=_choices(pairs, frozenset(dimensions) - frozenset((*RESERVED, *options))),
            options=_options(pairs, frozenset(options) - {*RESERVED}),
        )

    def to_url(self) -> str:
        """The query string that `from_url` reads back; readable, without defaults."""
        times = ((PERIOD, self.period), (COMPARE, self.compare), (GRAIN, self.grain))
        pinned = ((CLOCK, self.clock), (EVENTS, self.events), (VERSION, self.version))
        pairs = [
            *((name, text) for name, text in times if text),
            *(pair for choice in self.choices for pair in choice.pairs),
            *self.options,
            *((name, text) for name, text in pinned if text),
        ]
        return urlencode(pairs, safe=":,/@")

    def option(self, name: str, default: str = "") -> str:
        return dict(self.options).get(name, default)

    def every(self, name: str) -> tuple[str, ...]:
        """All that is said for an option that may be repeated, in the order it was said."""
        return tuple(text for option, text in self.options if option == name)

    def values(self, name: str) -> tuple[str, ...]:
        """The values that `name` is filtered to; empty where it is not."""
        kept = (c.values for c in self.choices if (c.name, c.operation) == (name, "in"))
        return next(kept, ())

    def without(self, name: str) -> Self:
        """The view before values of one dimension were picked; what is excluded stays excluded.

        Rankings look through it, so that the values one did not pick stay in sight.
        """
        kept = tuple(c for c in self.choices if (c.name, c.operation) != (name, "in"))
        return replace(self, choices=kept)


def _options(
    pairs: Iterable[tuple[str, str]], names: Collection[str]
) -> tuple[tuple[str, str], ...]:
    found = dict.fromkeys(pair for pair in pairs if pair[0] in names)
    return tuple(sorted(found, key=lambda pair: pair[0]))


def _choices(pairs: Iterable[tuple[str, str]], names: Collection[str]) -> tuple[Choice, ...]:
    texts: dict[tuple[str, str], set[str]] = {}
    for key, value in pairs:
        name, _, how = key.rpartition(".") if "." in key else (key, "", "")
        if name in names:
            texts.setdefault((name, how), set()).add(value)
    found: list[Choice] = []
    for (name, how), values in texts.items():
        ordered = tuple(sorted(values))
        match how:
            case "":
                found.append(Choice(name, "in", ordered))
            case "not":
                found.append(Choice(name, "not in", ordered))
            case "contains":
                found.append(Choice(name, "contains", ordered[-1:]))
            case "missing" if ordered[-1] in ("yes", "no"):
                found.append(Choice(name, "missing" if ordered[-1] == "yes" else "not missing"))
            case "from" | "to":
                ends = [max(texts.get((name, end), {""})) for end in ("from", "to")]
                found.append(Choice(name, "between", (ends[0], ends[1])))
            case _:
                continue
    return tuple(sorted(set(found)))
