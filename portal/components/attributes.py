"""HTML attributes with a dash in their name, which Dash takes as keywords of any name."""

from typing import Any


def attributes(**values: str) -> dict[str, Any]:
    """`attributes(aria_label="Menu")` for `aria-label`."""
    return {name.replace("_", "-"): value for name, value in values.items()}
