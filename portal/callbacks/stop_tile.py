"""Stop what is worked on for one tile of a request; the others of the page go on."""

from flask import Flask, abort, request

from portal.site import Site

PATH = "/-/stop"
_LONGEST = 100


def register(server: Flask, site: Site) -> None:
    """Add the route to `server`."""

    @server.post(PATH)
    def stop_tile() -> tuple[str, int]:
        asked = request.get_json()
        match asked:
            case {"request": str(name), "tile": str(tile)} if len(name + tile) <= _LONGEST:
                site.stops.stop(site.viewer().id, name, tile)
            case _:
                abort(400)
        return "", 204
