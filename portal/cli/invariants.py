"""`playhead invariants`: what must hold of the tables, and the rows that break it."""

from typing import Annotated

import typer

from portal.cli import home, printing
from portal.parts import open_lake
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import UnknownField
from queries.health import outcomes
from queries.lake.invariants import declared

app = typer.Typer(add_completion=False)
MOST_ROWS = 20


@app.command()
def invariants(
    name: Annotated[str, typer.Argument(help="Show rows that break this one.")] = "",
) -> None:
    """List what must hold of the tables, with how many rows break it."""
    settings = home.settings()
    snapshot = open_lake(settings).snapshot()
    if not name:
        found = outcomes(snapshot)
        rows = [
            (o.invariant.name, o.invariant.table, o.problem or f"{o.broken:,}", o.invariant.label)
            for o in sorted(found, key=lambda o: (not o.fails, o.invariant.table))
        ]
        printing.table(("invariant", "table", "broken by", ""), rows, (False, False, True, False))
        return
    if name not in declared():
        raise UnknownField("invariant", name, declared())
    invariant = declared()[name]
    engine = DuckDBEngine(spill=settings.cache / "spill", seconds=600)
    try:
        frame = engine.rows(invariant.broken, invariant.inputs, snapshot, MOST_ROWS)
    finally:
        engine.close()
    printing.note(f"{invariant.label} The first {frame.height} rows that break it:")
    shown = [[str(value) for value in row] for row in frame.iter_rows()]
    printing.table(frame.columns, shown, [kind.is_numeric() for kind in frame.dtypes])
