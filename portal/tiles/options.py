"""Options: what a page may be asked besides its filters, as controls that change the URL."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.view import View
from queries.errors import InvalidQuery
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A name of the URL, and the texts it may have. The first is meant where it has none.

    A change of it leaves out what it `clears`: options whose texts depend on it.
    """

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]
    clears: tuple[str, ...] = ()

    def read(self, view: View) -> str:
        """What the view says of it. Raises InvalidQuery for a text that is none of the choices."""
        text = view.option(self.name) or self.choices[0][0]
        if text not in dict(self.choices):
            known = ", ".join(value for value, _ in self.choices if value)
            raise InvalidQuery(
                f"“{text}” is nothing that {self.name} can be.",
                f"It may be {known}, or be left out.",
            )
        return text


def controls(options: Sequence[Option], context: Context, said: str = "") -> Drawing:
    """Options as controls. One that the URL gives a text beyond the known ones shows that text."""
    drawn = [
        {
            "name": option.name,
            "label": option.label,
            "value": context.view.option(option.name),
            "choices": [{"value": value, "label": label} for value, label in option.choices],
            "clears": list(option.clears),
        }
        for option in options
    ]
    return Drawing(kind="options", content={"options": drawn, "said": said})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Controls whose texts are known without asking."""

    options: tuple[Option, ...]
    place: Place = field(default_factory=lambda: Place(span=12, height=44, is_bare=True))
    metrics: tuple[str, ...] = ()

    def questions(self, context: Context) -> tuple[Query, ...]:  # noqa: ARG002  # one protocol
        return ()

    def draw(
        self,
        results: Sequence[Result],  # noqa: ARG002  # one protocol
        context: Context,
    ) -> Drawing:
        return controls(self.options, context)
