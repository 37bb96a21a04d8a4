"""Artwork: the image that should represent a title, for whom, and what makes an image work."""

from portal.page import Page, Place, Section
from portal.tiles import Breakdown, Findings, Headline, Heat
from portal.tiles.artwork import Gallery, ImageWinners
from portal.tiles.image_effects import ExploringCost, ImageEffects
from portal.tiles.image_looks import LooksByTaste
from portal.tiles.image_pair import OPTIONS, ImagePairOptions, ImagesCompared
from portal.tiles.image_policies import ImagePolicies
from portal.tiles.image_tastes import TasteGallery, TasteWinners
from portal.tiles.packaging_tests import PackagingTests
from portal.view import View
from queries.catalog import Catalog


def sections(_catalog: Catalog, view: View) -> tuple[Section, ...]:
    """All titles to pick from, or the images of those picked."""
    which = _IMAGES if view.values("title") else _TITLES
    return (_FINDINGS, _TOP, which, _TASTES, _WHY, _RULES, _TESTS)


_FINDINGS = Section(tiles=(Findings(changes=False),))
_TOP = Section(
    tiles=(
        Headline(metric="take_fraction"),
        Headline(metric="exploration_regret", has_line=False),
        Headline(metric="effective_images", has_line=False),
        Headline(metric="click_bait_index"),
    )
)
_TITLES = Section(
    tiles=(
        ImageWinners(
            place=Place(
                title="Which title has a better image?",
                note="The likeliest best image of a title against the one in use",
                span=12,
                height=460,
            )
        ),
        TasteWinners(
            place=Place(
                title="Does the best image differ by taste?",
                note="By what accounts watched most before; the titles seen most",
                span=12,
                height=420,
                dataset="image_tastes",
            )
        ),
    )
)
_IMAGES = Section(
    tiles=(
        Gallery(
            place=Place(
                title="Which image should represent it?",
                note="Ordered by the probability of being the best of its title",
                span=12,
                height=400,
            )
        ),
        ImagePairOptions(),
        ImagesCompared(
            place=Place(
                title="Which of two?",
                note="Take rate with images weighted to equal chance, and whether it only baits",
                span=12,
                height=240,
            )
        ),
        Heat(
            metric="image_take_rate",
            rows="artwork",
            columns="country",
            most_columns=12,
            with_text=True,
            place=Place(
                title="For whom?",
                note="Take rate by image and country; grey: under 200 rows",
                span=12,
                height=240,
            ),
        ),
        TasteGallery(
            place=Place(
                title="And for which taste?",
                note="Images by taste cluster, the likeliest best in colour",
                span=12,
                height=460,
                dataset="image_tastes",
            )
        ),
    )
)
_TASTES = Section(
    title="By taste cluster",
    tiles=(
        Breakdown(
            metrics=(
                "take_fraction",
                "accounts",
                "exploration_regret",
                "click_bait_index",
            ),
            by="taste",
            place=Place(
                title="How images do",
                note="By the genre watched most before; regret in plays of random images",
                span=12,
                height=420,
                dataset="image_tastes",
            ),
        ),
        LooksByTaste(
            place=Place(
                title="Does the same look work for everybody?",
                note="Effects of an image’s look by taste cluster, in points of the take rate",
                span=12,
                height=620,
                dataset="image_tastes",
            )
        ),
    ),
)
_WHY = Section(
    title="What makes an image work?",
    tiles=(
        ImageEffects(
            place=Place(
                title="Composition and context",
                note="Within titles, randomised rows only, 95 % interval",
                span=6,
                height=320,
            )
        ),
        Heat(
            metric="image_take_rate",
            rows="genre",
            columns="shot_type",
            with_text=True,
            place=Place(
                title="By genre and shot",
                note="Take rate, images weighted to equal chance; genres differ by titles too",
                span=6,
                height=320,
            ),
        ),
    ),
)
_RULES = Section(
    title="Which rule should choose images?",
    tiles=(
        ImagePolicies(
            place=Place(
                title="What would another rule earn?",
                note="On the log as it is, by rules it has probabilities for",
                span=6,
                height=260,
            )
        ),
        ExploringCost(
            place=Place(
                title="What does exploring cost?",
                note="Plays that random images had less than the best of each title, 95 % band",
                span=6,
                height=260,
            ),
        ),
    ),
)
_TESTS = Section(
    title="Packaging tests",
    tiles=(
        PackagingTests(
            place=Place(
                title="Which packaging wins?",
                note="Tests whose split is right; all weeks of the archive",
                span=12,
                height=460,
                dataset="packaging",
            )
        ),
    ),
)

PAGE = Page(
    path="/artwork",
    title="Artwork",
    question="Which image should represent a title, for whom, and what makes an image work?",
    unit="product",
    datasets=("impressions", "image_tastes", "packaging"),
    filters=("title", "country", "device", "genre", "plan", "taste", "is_sensitive"),
    options=OPTIONS,
    arrange=sections,
    arranged_by=("title",),
    period="last 168 days",
    compare="none",
    order=23,
)
