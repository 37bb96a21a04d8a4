"""How big the demo company is. Counts of plays and impressions follow from accounts and days."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """One size of the world.

    `accounts` are all that ever signed up, about half of them are members on a day. One of
    `page_every` visits logs its home page. Events are made in blocks of `block` accounts and
    written in files of `file_days` days.
    """

    name: str
    accounts: int
    days: int
    titles: int
    productions: int
    page_every: int
    block: int
    file_days: int

    @property
    def blocks(self) -> tuple[range, ...]:
        """The accounts of each block, counted from 0."""
        starts = range(0, self.accounts, self.block)
        return tuple(range(s, min(s + self.block, self.accounts)) for s in starts)


SIZES = {
    "S": Size(
        name="S", accounts=3_000, days=84, titles=1_000, productions=60,
        page_every=11, block=3_000, file_days=28,
    ),
    "M": Size(
        name="M", accounts=22_200, days=180, titles=6_000, productions=140,
        page_every=11, block=3_700, file_days=18,
    ),
    "L": Size(
        name="L", accounts=720_000, days=180, titles=8_000, productions=140,
        page_every=95, block=12_000, file_days=10,
    ),
}  # fmt: skip
