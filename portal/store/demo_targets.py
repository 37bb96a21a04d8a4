"""The targets of the demo: some of all rows and one of a country, to be seen on pages."""

from datetime import date

from portal.store import demo_people, targets
from portal.store.demo_people import HOST
from portal.store.store import Store
from portal.store.target import TargetDraft

SINCE = date(2020, 1, 1)
DEMO_TARGETS = (
    (
        "ada",
        TargetDraft(dataset="playback", metric="good_play_rate", value=0.8, valid_from=SINCE),
    ),
    (
        "ada",
        TargetDraft(
            dataset="playback",
            metric="good_play_rate",
            value=0.75,
            valid_from=SINCE,
            scope="country = 'BR'",
        ),
    ),
    (
        "amara",
        TargetDraft(
            dataset="churn",
            metric="gross_churn",
            value=0.055,
            valid_from=SINCE,
            direction="at most",
        ),
    ),
)


def ensure(store: Store) -> None:
    """Set them where nobody has set any target yet."""
    if targets.every(store):
        return
    for name, draft in DEMO_TARGETS:
        person = demo_people.find(store, f"{name}@{HOST}")
        if person is not None:
            targets.put(store, person, draft, person.unit)
