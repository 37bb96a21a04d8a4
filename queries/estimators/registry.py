"""Find an estimator by its name, which is the name of its module."""

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from queries.errors import UnknownField
from queries.estimators.estimator import Estimator

_PACKAGE = "queries.estimators"


@lru_cache(maxsize=1)
def estimators() -> dict[str, Estimator]:
    """Every estimator by name."""
    modules = {
        m.name: import_module(f"{_PACKAGE}.{m.name}")
        for m in iter_modules(import_module(_PACKAGE).__path__)
    }
    return {name: m.ESTIMATOR for name, m in modules.items() if hasattr(m, "ESTIMATOR")}


def estimator(name: str) -> Estimator:
    """Raises UnknownField, with the nearest name, where there is none."""
    found = estimators()
    if name not in found:
        raise UnknownField("estimator", name, found)
    return found[name]
