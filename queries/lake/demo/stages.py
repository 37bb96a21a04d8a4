"""Stages of post-production: what each takes, who does it, and what is planned for all of them.

Planned days run to the next planned event: from the end of a shoot to the delivery, and from that
to the launch.
"""

import numpy as np

STAGES = ("editorial", "vfx", "sound", "colour", "localisation", "qc", "delivery")
WORK_DAYS = np.array([12.0, 26, 8, 5, 14, 3, 1])
QUEUE_DAYS = np.array([2.0, 5, 3, 2.5, 5, 1.5, 0.7])
VENDORS_OF = ((2, 3), (0, 1, 3), (4, 5), (6, 5), (7, 5), (5, 2), (5, 3))
BETWEEN_EPISODES = 4
LAUNCH_AFTER = 75
_MARGIN = 1.25
_LAST_OF_MANY = 10


def planned_days(episodes: np.ndarray) -> np.ndarray:
    """From the end of a shoot to the delivery as a studio plans it before it knows the vendors.

    The usual work and queue of every stage one after another with a margin of a quarter for
    reworks and for what the shoot runs over; of a season, some days for the last of many to end.
    """
    first = 2 + _MARGIN * (WORK_DAYS + QUEUE_DAYS).sum()
    rest = BETWEEN_EPISODES * (episodes - 1) + np.where(episodes > 1, _LAST_OF_MANY, 0)
    return np.ceil(first + rest).astype(np.int64)
