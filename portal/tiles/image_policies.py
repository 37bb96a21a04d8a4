"""What another rule for choosing images would have earned, on the log as it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.rankers import scope
from queries.analyses import offpolicy
from queries.model import Query, Result

_METRICS = ("image_policy_rate", "image_policy_lift")
_PARAMETER = "image_policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePolicies:
    """Every policy that the log has probabilities for: its replay value, and its lift over random.

    Replay counts rows drawn at random that happen to show the policy's image; the lift weighs all
    rows whose image had a chance to be another.
    """

    place: Place = field(default_factory=lambda: Place(span=6, height=200))
    metrics: tuple[str, ...] = ("image_policy_lift", "image_policy_rate")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (offpolicy.policies_question(scope(context), "art_targets"),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        asked = replace(context.question(_METRICS), compare=None)
        return tuple(
            replace(asked, metrics=tuple(m.bind({_PARAMETER: name}) for m in asked.metrics))
            for name in offpolicy.policies(results[0].frame)
        )

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """A row a policy."""
        names = offpolicy.policies(results[0].frame)
        frames = [
            result.frame.with_columns(pl.lit(name).alias("policy"))
            for name, result in zip(names, results[1:], strict=True)
        ]
        frame = pl.concat(frames) if frames else pl.DataFrame()
        kept = ["policy", *(c for c in frame.columns if c.startswith(_METRICS))]
        return (replace(results[0], frame=frame.select(kept) if frames else frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        names = offpolicy.policies(results[0].frame)
        if not names:
            return empty(
                "not_defined",
                "The log holds no probabilities of another rule for images.",
                "A policy is judged where each row says with what chance it would show the image.",
            )
        rate, lift = (context.metric(name) for name in _METRICS)
        columns: list[dict[str, Any]] = [
            {"label": "Rule", "is_text": True},
            {"label": "Over random images"},
            {"label": "95 %"},
            {"label": "Take rate, replayed"},
            {"label": "95 %"},
        ]
        rows: list[list[dict[str, str]]] = []
        for name, result in zip(names, results[1:], strict=True):
            row = result.frame.row(0, named=True) if result.frame.height else {}
            low, high = row.get(f"{lift.name}__low"), row.get(f"{lift.name}__high")
            tone = "good" if (low or 0) > 1 else "bad" if 0 < (high or 0) < 1 else "flat"
            rows.append(
                [
                    {"text": written.readable(name)},
                    {"text": written.number(row.get(lift.name), lift), "tone": tone},
                    {"text": written.interval(row, lift)},
                    {"text": written.number(row.get(rate.name), rate)},
                    {"text": written.interval(row, rate)},
                ]
            )
        table = {"columns": columns, "rows": rows, "more": 0}
        note = (
            "Randomised: images are drawn with known chances. Replayed: only rows drawn at random "
            "that show the image which the rule would have shown."
        )
        return Drawing(kind="table", content={"tables": [table]}, notes=(note,))
