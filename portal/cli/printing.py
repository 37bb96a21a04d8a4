"""What commands print: tables with aligned columns, in bold headings where somebody looks."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def as_json(value: Any) -> None:  # noqa: ANN401  # whatever JSON takes
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[bool]) -> None:
    """Print rows under headings; columns marked in `right` hold numbers."""
    shown = [[_one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *shown, strict=True)]
    _write(_bold(_line(headings, widths, right)))
    for row in shown:
        _write(_line(row, widths, right))


def note(text: str) -> None:
    """Something beside the answer."""
    _write(f"{_DIM}{text}{_PLAIN}" if sys.stdout.isatty() else text)


def said(text: str) -> None:
    """Progress and advice: on stderr, so that an answer can be piped on."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = [
        cell.rjust(width) if is_number else cell.ljust(width)
        for cell, width, is_number in zip(cells, widths, right, strict=True)
    ]
    return "  ".join(parts).rstrip()


def _one_line(cell: str) -> str:
    """Control characters of a value must not reach the terminal."""
    return "".join(c if c.isprintable() else " " for c in cell)


def _bold(text: str) -> str:
    return f"{_BOLD}{text}{_PLAIN}" if sys.stdout.isatty() else text


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
