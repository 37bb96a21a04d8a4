"""Read YAML that strangers wrote: plain data of a modest size, each key once.

Only `true` and `false` are booleans, so the country `NO` stays a country. Anchors and aliases
are refused (a few lines of them can unfold into gigabytes), and so are tags and repeated keys.
"""

import re
from collections.abc import Hashable
from typing import Any, cast

import yaml

from queries.errors import InvalidQuery

MAX_BYTES = 256_000
_CODE = "invalid_catalog"


_SCALARS = (
    ("null", r"^(?:null|~|)$", ("n", "~", "")),
    ("bool", r"^(?:true|false)$", ("t", "f")),
    ("int", r"^[-+]?[0-9]+$", tuple("-+0123456789")),
    ("float", r"^[-+]?[0-9]*\.[0-9]+(?:[eE][-+]?[0-9]+)?$", tuple("-+.0123456789")),
)


class _Loader(yaml.CSafeLoader):
    """YAML 1.2's core scalars only: null, true, false, integers, decimals, text."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # the library's way to say it
        first: [
            (f"tag:yaml.org,2002:{tag}", re.compile(pattern))
            for tag, pattern, firsts in _SCALARS
            if first in firsts
        ]
        for first in sorted({f for *_, firsts in _SCALARS for f in firsts})
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping, refused where a key is repeated (YAML itself keeps the last one)."""
        names = [str(key.value) for key, _ in node.value]
        repeated = next((name for i, name in enumerate(names) if name in names[:i]), None)
        if repeated is not None:
            raise _refused(f"“{repeated}” is written twice", node)
        return super().construct_mapping(node, deep=deep)


def _refused(problem: str, place: yaml.Node | yaml.Token) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=place.start_mark)


def parse_yaml(text: str, origin: str) -> dict[str, Any]:
    """The mapping the text holds. Raises InvalidQuery naming `origin` and the line."""
    if len(text.encode()) > MAX_BYTES:
        raise InvalidQuery(
            f"{origin} is larger than {MAX_BYTES // 1000} kB.", "Split it.", code=_CODE
        )
    try:
        for token in yaml.scan(text, yaml.CSafeLoader):
            if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
                raise _refused("anchors, aliases and tags are not allowed", token)
        found: Any = yaml.load(text, _Loader)  # noqa: S506  # a stricter CSafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise InvalidQuery(f"{origin}{line} is not YAML: {problem}.", code=_CODE) from error
    if not isinstance(found, dict):
        raise InvalidQuery(f"{origin} does not hold a list of fields.", code=_CODE)
    return {str(key): value for key, value in cast("dict[Any, Any]", found).items()}
