"""A day as somebody writes it."""

from datetime import date

from portal.store.errors import Invalid


def read_day(text: str) -> date:
    """Raises Invalid where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"“{text}” is no day.", "Write it as 2026-02-28.") from None
