"""`playhead serve`: the portal on this machine, saying where it is as soon as it answers."""

import os
from threading import Thread
from time import sleep
from typing import Annotated
from urllib.error import URLError
from urllib.request import urlopen

import typer

from portal import serve as server
from portal.cli import home, printing
from portal.settings import Settings

app = typer.Typer(add_completion=False)

_ATTEMPTS = 240
_PAUSE_S = 0.25


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen at.")] = 0,
) -> int:
    """Serve the portal until Ctrl+C."""
    settings = home.settings()
    if host:
        os.environ["HOST"] = host
    if port:
        os.environ["HOST"] = host or "127.0.0.1"
        os.environ["PORT"] = str(port)
    place = server.Place.from_environment(os.environ, settings)
    shown = "localhost" if place.host in ("127.0.0.1", "0.0.0.0") else place.host  # noqa: S104
    Thread(target=_announce, args=(f"http://{shown}:{place.port}", settings), daemon=True).start()
    printing.said("Starting the portal ...")
    return server.main()


def _announce(address: str, settings: Settings) -> None:
    for _ in range(_ATTEMPTS):
        try:
            with urlopen(f"{address}/healthz", timeout=2):  # noqa: S310  # our own address
                break
        except (URLError, OSError):
            sleep(_PAUSE_S)
    else:
        return
    printing.said(f"\n  Playhead is at {settings.public_url or address}\n")
    if settings.is_demo:
        printing.said("  Sign in by a click as any of seven people: one a unit, and an admin.")
    else:
        printing.said("  Sign in as somebody added with: playhead user add EMAIL --role admin")
    printing.said("  Ctrl+C stops it.\n")
