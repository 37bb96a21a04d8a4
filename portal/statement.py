"""What an analysis says of its page in a sentence, with the chance of it where there is nothing.

A statement is one hypothesis of the page's findings. Its words are written where it is drawn; its
verb is never one of a cause unless its evidence is randomised or a quasi-experiment.
"""

from dataclasses import dataclass
from math import isnan, nan
from typing import Self

from queries.analyses.findings import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Reads `subject verb size (interval) against`, then a reason.

    `probability` is the p-value of all that the analysis tested together, where nothing is there:
    of one test its own; of many the q-value of the surest, which is Simes' (1986, Biometrika 73).
    `is_sure` says whether the analysis calls it by its own rule: both must hold for a finding.
    It is NaN of what was not tried. `silence` is what to say where it is none. `filters` is the
    choice that shows more of it.
    """

    subject: str
    verb: str
    size: str
    interval: str
    evidence: Evidence
    probability: float
    is_sure: bool
    against: str = ""
    reason: str = ""
    tone: str = "moved"
    silence: str = ""
    filters: tuple[str, str] | None = None

    @classmethod
    def untried(cls, why: str) -> Self:
        """Of an analysis that had too little to try anything; `why` is said."""
        return cls.unsaid(nan, why)

    @property
    def is_tried(self) -> bool:
        return not isnan(self.probability)

    @classmethod
    def unsaid(
        cls, probability: float, silence: str = "", evidence: Evidence = "descriptive"
    ) -> Self:
        """A hypothesis that was tried and that nothing is claimed of."""
        return cls(
            subject="",
            verb="",
            size="",
            interval="",
            evidence=evidence,
            probability=probability,
            is_sure=False,
            silence=silence,
        )
