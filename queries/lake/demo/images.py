"""Images of titles, how well each draws, and which the rule in use shows."""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from dataclasses import dataclass

import numpy as np

from queries.lake.demo.arrow import coded
from queries.lake.demo.catalogue import IMAGES, Catalogue
from queries.lake.demo.clock import Clock
from queries.lake.demo.dice import dice as stream
from queries.lake.demo.planted import Planted
from queries.lake.demo.popularity import Popularity

USUAL = np.array([0.55, 0.15, 0.15, 0.15])
SHOTS = ("close_up", "medium", "wide")
EXPRESSIONS = ("joy", "fear", "neutral", "surprise", "sadness")
OBJECTS = ("person", "car", "city", "sea", "animal", "weapon", "food", "forest")


@dataclass(frozen=True)
class Images:
    """Per title and image: its shot, and the factor on the chance that somebody clicks it."""

    shot: np.ndarray
    draw: np.ndarray
    best: np.ndarray
    winner_title: int
    winner_image: int

    def usual(self) -> np.ndarray:
        """Per title, the mean factor under the rule in use."""
        return self.draw @ USUAL

    def even(self) -> np.ndarray:
        """Per title, the mean factor where images are shown by equal chance."""
        return self.draw.mean(1)


def images(titles: Catalogue, popular: Popularity, plan: Planted, seed: int) -> Images:
    """Images differ a little; close-ups draw more; one image of one title is planted to win."""
    dice = stream(seed, "images")
    shape = (titles.count, IMAGES)
    shot = dice.choice(len(SHOTS), shape, p=[0.4, 0.35, 0.25]).astype(np.int8)
    draw = np.exp(dice.normal(0, 0.08, shape)) * np.where(shot == 0, plan.close_up_lift, 1.0)
    adult = np.where(titles.family | (titles.release > -91), 0, popular.daily.sum(0))  # noqa: PLR2004
    title = int(np.argsort(-adult, kind="stable")[1])
    draw[title] = [1.0, 0.95, plan.winning_lift, 1.02]
    return Images(shot, draw.astype(np.float32), draw.argmax(1).astype(np.int8), title, 2)


def artwork_id(title: np.ndarray, image: np.ndarray) -> np.ndarray:
    return (title.astype(np.int64) + 1) * 10 + image + 1


def artwork_table(found: Images, titles: Catalogue, clock: Clock, seed: int) -> dict[str, object]:
    """Columns of `artworks`, with composition and context as an image analysis would give."""
    dice = stream(seed, "artworks")
    n = titles.count * IMAGES
    title, image = (
        np.repeat(np.arange(titles.count), IMAGES),
        np.tile(np.arange(IMAGES), titles.count),
    )
    shot = found.shot.ravel()
    close, wide = shot == 0, shot == 2  # noqa: PLR2004 - index of wide in SHOTS
    face = np.where(
        close, dice.beta(6, 5, n), np.where(wide, dice.beta(1, 20, n), dice.beta(2, 8, n))
    )
    some = {
        name: dice.beta(5, 4, n) for name in ("brightness", "contrast", "sharpness", "saturation")
    }
    made = np.minimum(titles.release[title] * 86_400 - 40 * 86_400, clock.end_s - 1)
    objects = dice.integers(0, len(OBJECTS), (n, 2))
    return {
        "artwork_id": artwork_id(title, image),
        "title_id": title + 1,
        "source": coded(np.where(image == 0, 0, 1).astype(np.int8), ("designed", "frame")),
        "locale": coded(np.zeros(n, np.int8), ("en",)),
        "created_ts": clock.timestamps(made),
        "frame_s": np.where(image == 0, 0, dice.integers(60, 3000, n)),
        **some,
        "motion_blur": dice.beta(1, 9, n),
        "thirds_score": dice.random(n),
        "symmetry": dice.beta(3, 5, n),
        "depth_of_field": dice.beta(3, 3, n),
        "face_area": face,
        "text_area": np.where(image == 0, dice.beta(2, 12, n), 0.0),
        "faces_n": np.where(wide, dice.integers(0, 3, n), 1 + dice.integers(0, 3, n)),
        "expression": coded(dice.integers(0, len(EXPRESSIONS), n).astype(np.int8), EXPRESSIONS),
        "shot_type": coded(shot, SHOTS),
        "main_cast": dice.random(n) < 0.7,  # noqa: PLR2004 - frames with the leads
        "objects": [
            [OBJECTS[a], OBJECTS[b]] if a != b else [OBJECTS[a]] for a, b in objects.tolist()
        ],
        "sensitive": dice.random(n) < 0.03,  # noqa: PLR2004 - rarely
    }
