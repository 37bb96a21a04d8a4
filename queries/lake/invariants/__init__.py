"""What must hold across rows and tables, declared: one YAML file an invariant beside this module.

A file gives one SELECT of the rows that break it, over the tables it names as inputs. Keys and the
checks of contracts are invariants too, without a file: what a contract promises on arrival is held
again of what the lake has. They are run on every load, where derived tables are built, and never
stop one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from queries.lake import contract

DETAILS = "invariants"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """`broken` is DuckDB's SQL for the rows of `table` that break it, over the `inputs`."""

    name: str
    table: str
    label: str
    inputs: tuple[str, ...]
    broken: str

    @property
    def fingerprint(self) -> str:
        return blake2b(repr((self.inputs, self.broken)).encode(), digest_size=8).hexdigest()

    def built_from(self, versions: Mapping[str, int]) -> dict[str, Any]:
        """What is written down beside a result, to tell later what it is a result of."""
        return {
            "definition": self.fingerprint,
            "versions": {name: versions.get(name) for name in self.inputs},
        }


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    label: str
    inputs: tuple[str, ...] = Field(min_length=1)
    broken: str


@cache
def declared() -> Mapping[str, Invariant]:
    """Every invariant by name: keys, checks of contracts, and the files of this folder."""
    found = [i for table in contract.tables().values() for i in _of_contract(table)]
    found += [_read(f.name, f.read_text(encoding="utf-8")) for f in _files()]
    return {i.name: i for i in found}


def _files() -> list[Any]:
    found = [f for f in files(__name__).iterdir() if f.name.endswith(".yaml")]
    return sorted(found, key=lambda f: f.name)


def _read(file: str, text: str) -> Invariant:
    written = _Written.model_validate(yaml.safe_load(text))
    return Invariant(name=file.removesuffix(".yaml"), **written.model_dump())


def _of_contract(table: contract.Table) -> list[Invariant]:
    key = ", ".join(f'"{c}"' for c in table.key)
    unique = Invariant(
        name=f"{table.name}_key",
        table=table.name,
        label=f"No two rows have the same {' and '.join(table.key)}.",
        inputs=(table.name,),
        broken=f'SELECT {key}, count(*) AS copies FROM "{table.name}"'
        f" GROUP BY {key} HAVING count(*) > 1",
    )
    checks = [
        Invariant(
            name=f"{table.name}_{check.code}",
            table=table.name,
            label=f"Never: {check.reason}",
            inputs=(table.name,),
            broken=f'SELECT * FROM "{table.name}" WHERE NOT ({check.holds})',
        )
        for check in table.checks
    ]
    return [unique, *checks]
