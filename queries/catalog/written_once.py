"""Near copies of a metric are written once: an entry of `metrics` may stand for several.

Such an entry has `each`, a list of parameters, and `metrics`, whose texts name them in braces:

    - each: [{k: 5}, {k: 20}]
      metrics:
        - {name: "hit_rate_{k}", formula: "sum(hits_{k}) / sum(rows)"}

It becomes all of its metrics for the first parameters, then for the next, before anything else is
read. A name in braces that is no parameter is refused, as is a parameter that no text names.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard, cast

from queries.catalog.reading import CODE, check_known
from queries.errors import InvalidQuery

MOST_COPIES = 50
_NAMED = re.compile(r"\{([a-z_]+)\}")
_FIELDS = ("each", "metrics")


def unfolded(fields: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """The fields of a dataset with every metric by itself. Raises InvalidQuery naming `origin`."""
    metrics = fields.get("metrics")
    if not isinstance(metrics, list):
        return dict(fields)
    found: list[Any] = []
    for entry in cast("list[Any]", metrics):
        if isinstance(entry, dict) and "each" in entry:
            found += _copies(cast("dict[str, Any]", entry), f"{origin}: metrics of each")
        else:
            found.append(entry)
    return {**fields, "metrics": found}


def _copies(entry: Mapping[str, Any], place: str) -> list[Any]:
    for name in entry:
        check_known(name, _FIELDS, place)
    each, metrics = entry["each"], entry.get("metrics")
    if not _is_list_of_fields(each) or not _is_list_of_fields(metrics):
        raise InvalidQuery(
            f"{place} are no lists of fields.",
            "Write each: [{k: 5}, {k: 20}], and metrics: as anywhere.",
            code=CODE,
        )
    if len(each) > MOST_COPIES:
        raise InvalidQuery(f"{place} are more than {MOST_COPIES}.", code=CODE)
    return [copy for given in each for copy in _copy(metrics, given, place)]


def _copy(metrics: Sequence[object], given: Mapping[str, Any], place: str) -> list[Any]:
    named: set[str] = set()

    def put(value: object) -> Any:  # noqa: ANN401  # whatever YAML holds
        if isinstance(value, str):
            for name in _NAMED.findall(value):
                check_known(name, given, f"{place}: parameters")
                named.add(name)
            return _NAMED.sub(lambda found: str(given[found[1]]), value)
        if isinstance(value, list):
            return [put(one) for one in cast("list[Any]", value)]
        if isinstance(value, dict):
            return {k: put(one) for k, one in cast("dict[str, Any]", value).items()}
        return value

    copies = [put(metric) for metric in metrics]
    idle = [name for name in given if name not in named]
    if idle:
        raise InvalidQuery(f"{place}: no text names the parameter “{idle[0]}”.", code=CODE)
    return copies


def _is_list_of_fields(value: object) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and all(
        isinstance(one, dict) for one in cast("list[Any]", value)
    )
