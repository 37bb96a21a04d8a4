"""Inputs: what a page supposes, as fields that change options of its URL.

A field that is empty keeps what the page supposes by itself, which stands in it as a placeholder.
"""

import math
from dataclasses import dataclass
from typing import Any

from portal.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One option: a number with its bounds, or one of `choices` (value and label)."""

    name: str
    label: str
    unit: str = ""
    about: str = ""
    usual: str = ""
    low: float = 0.0
    high: float = math.inf
    choices: tuple[tuple[str, str], ...] = ()

    def number(self, view: View, usual: float) -> tuple[float, str]:
        """The number the view says, or the usual one with why what it says cannot be taken."""
        text = view.option(self.name)
        if not text:
            return usual, ""
        try:
            value = float(text.replace(",", "").replace("\u2009", "").replace(" ", ""))
        except ValueError:
            return usual, f"{self.label}: “{text}” is no number; {_plain(usual)} is taken."
        if not (self.low <= value <= self.high and math.isfinite(value)):
            bounds = f"{_plain(self.low)} to {_plain(self.high)}"
            return usual, f"{self.label}: {text} is not in {bounds}; {_plain(usual)} is taken."
        return value, ""

    def content(self, view: View, usual: str = "") -> dict[str, Any]:
        """The field as the browser draws it."""
        shown: dict[str, Any] = {
            "name": self.name,
            "label": self.label,
            "unit": self.unit,
            "about": self.about,
            "value": view.option(self.name),
            "usual": usual or self.usual,
        }
        if self.choices:
            shown |= {"choices": self.choices, "value": usual or view.option(self.name)}
        return shown


def _plain(value: float) -> str:
    """Six digits, and never a power of ten."""
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.6g}"  # noqa: PLR2004 - six digits
