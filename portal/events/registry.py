"""Find the kinds of events: the modules of this package that have a `KIND`."""

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from portal.events.event import Kind

_PACKAGE = "portal.events"


@lru_cache(maxsize=1)
def kinds() -> dict[str, Kind]:
    """Every kind by name, in the order of the names."""
    modules = [
        import_module(f"{_PACKAGE}.{m.name}")
        for m in iter_modules(import_module(_PACKAGE).__path__)
    ]
    found = (m.KIND for m in modules if hasattr(m, "KIND"))
    return {kind.name: kind for kind in sorted(found, key=lambda kind: kind.name)}
