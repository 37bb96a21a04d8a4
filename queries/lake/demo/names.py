"""Invented names: titles, campaigns, vendors, search words. No title of the real world is meant."""

import re

import numpy as np


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text))


_FIRST = _words("""
Amber Ashen Bitter Borrowed Brass Broken Burning Cinder Cobalt Copper Crooked Distant Drowned Dusty
Eleventh Empty Fading Feral Fifth Flooded Forgotten Frozen Gilded Glass Golden Hidden Hollow Honest
Idle Iron Ivory Jagged Last Lonely Lucky Marble Midnight Mirrored Misplaced Narrow Nameless Ninth
Northern Opal Paper Patient Phantom Quiet Reckless Restless Rusted Salted Scarlet Second Silent
Silver Sleepless Slow Southern Static Stolen Stubborn Sunken Tangled Tender Thirsty Thorned Twin
Unfinished Unlit Untold Velvet Violet Wandering Waning Weightless Western Wicked Wild Winter Woven
""")
_SECOND = _words("""
Alibi Almanac Anchor Archive Atlas Aviary Ballad Barometer Bargain Beacon Bellows Bridge Canal
Caravan Carousel Cartographer Cathedral Chorus Circuit Clockmaker Compass Contract Corridor Courier
Current Daughter Debt Delta Detour District Dynasty Echo Embassy Engine Errand Estate Estuary
Exhibit Falcon Ferry Foundry Fracture Frequency Garden Gardener Glacier Granary Harbour Harvest
Heir Horizon Hourglass Hunter Inheritance Inlet Island Jubilee Kiln Labyrinth Lagoon Lantern Ledger
Lighthouse Loom Magistrate Marathon Meridian Metronome Migration Monsoon Mosaic Notary Oath Observer
Octave Orchard Orbit Parade Parlour Passenger Pavilion Pendulum Pilgrim Plateau Postcard Promise
Prophecy Quarry Quartet Quorum Railway Reef Regatta Relic Republic Reservoir Ritual Rooftop Saddle
Sanctuary Satellite Season Sentinel Shoreline Signal Silo Sisters Snowfield Solstice Sonata Spiral
Station Statute Summit Surgeon Tannery Tapestry Telegram Tenant Terminal Theorem Threshold Tide
Timber Toll Treaty Trellis Tribunal Tundra Turbine Umbrella Vault Verdict Viaduct Vigil Vineyard
Voyage Waltz Warden Watchman Waterway Weaver Whistle Witness Workshop Zenith
""")
_PLACES = _words("""
Aldmere Arvenna Bexhollow Brackwater Calderon Carrowmoor Cindervale Dunmarrow Eastlow Elverstone
Fennick Galloway Harrowgate Hesperia Ilmenau Junction Kestrel Korvala Larkspur Lindqvist Lowmoor
Marisol Merrowdown Nightingale Norhaven Oakenshaw Ostermark Palissade Quillfeather Ravensholt
Rivermouth Saltmarsh Ambrosio Sandgate Selkirk Silverlake Stonecross Tamarind Thornbury Umberfield
Valmora Vesper Wexcombe Wildmere Windrush Yarrow Zandberg
""")
_PATTERNS: tuple[str, ...] = (
    "The {second} of {place}",
    "{place} {second}",
    "{second} at {place}",
    "{first} {place}",
    "No {second} for {place}",
    "Beyond the {first} {second}",
    "{place} and the {first} {second}",
)

VENDORS = (
    "Harrowgate Effects", "Blue Kiln", "Parallax Row", "Seventh Reel", "Tidewater Sound",
    "Copperline Post", "Northlight Grading", "Babel & Sons",
)  # fmt: skip
UNMET = (
    "moonlit harbour", "the ferrymen", "seoul night kitchen", "iron orchid", "casa de sal",
    "winter league", "the glass tiger", "drift kings", "monsoon wedding planner", "detective ahn",
)  # fmt: skip
PEOPLE = (
    "ada merrow", "tomas quill", "ines calder", "yuki tanabe", "rahul desh", "femi adeyo",
    "lena voss", "mateo rios", "hana seo", "olu bright", "sofia lind", "karim haddou",
)  # fmt: skip


def titles(dice: np.random.Generator, n: int) -> list[str]:
    """`n` different names."""
    sizes = (len(_PATTERNS), len(_FIRST), len(_SECOND), len(_PLACES))
    found: dict[str, None] = {}
    while len(found) < n:
        picks = np.stack([dice.integers(0, size, n) for size in sizes], axis=1)
        rows: list[list[int]] = picks.tolist()
        for pattern, first, second, place in rows:
            name = _PATTERNS[pattern].format(
                first=_FIRST[first], second=_SECOND[second], place=_PLACES[place]
            )
            found.setdefault(name)
    return list(found)[:n]
