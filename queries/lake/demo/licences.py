"""Licences: what each window costs, since when it runs, and the few that cost too much.

A window's fee goes by what is watched of the title in the country, so an hour costs about the same
everywhere, give or take how a deal was struck. Originals have no fee and no end.
"""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

import numpy as np
import pyarrow as pa

from queries.lake.demo.arrow import coded, known, lists
from queries.lake.demo.catalogue import FOREVER
from queries.lake.demo.dice import dice as stream
from queries.lake.demo.geography import geography
from queries.lake.demo.world import World

_YEAR = 365
_HOURS_A_YEAR = 0.5 * 1.6 * _YEAR
_USD_AN_HOUR = 0.12
_DEAL_SPREAD, _COUNTRY_SPREAD = 0.3, 0.2
_UNKNOWN_FEE = 0.04
_SOON = 45


def availability(of: World) -> dict[str, object]:
    """The table: title x country x licence window, the one that runs on the world's days."""
    titles, places = of.titles, geography()
    title, country = np.nonzero(titles.closes >= titles.opens)
    opens, closes = titles.opens[title, country], titles.closes[title, country]
    is_original = titles.original[title]
    is_known = (stream(of.seed, "fees").random(titles.count) >= _UNKNOWN_FEE)[title]
    starts = np.where(closes == FOREVER, opens, np.maximum(opens, _renewed(closes)))
    years = (closes - starts + 1) / _YEAR
    fee = np.where(is_original, 0.0, np.round(_yearly_fee(of)[title, country] * years, 2))
    spoken = [sorted({"en", lang}) for lang in places.languages]
    language = places.language[country]
    offsets = np.array([0, *np.cumsum([len(s) for s in spoken])])
    return {
        "title_id": title + 1,
        "country": coded(country.astype(np.int8), places.codes),
        "window_start": of.clock.dates(starts),
        "window_end": known(of.clock.dates(closes), closes != FOREVER),
        "licence_usd": known(fee, is_original | is_known),
        "audio_langs": _language_lists(spoken, offsets, language),
        "subtitle_langs": _language_lists(spoken, offsets, language),
    }


def dear_titles(of: World) -> np.ndarray:
    """Titles whose licence ends soon and costs too much: the most watched of them, by index."""
    titles, days = of.titles, of.clock.days
    soon = (titles.closes >= days) & (titles.closes < days + _SOON)
    is_gone = soon.sum(axis=1) >= (titles.closes >= days).sum(axis=1)
    is_licensed = ~titles.original & soon.any(axis=1) & is_gone
    is_priced = stream(of.seed, "fees").random(titles.count) >= _UNKNOWN_FEE
    share = np.where(is_licensed & is_priced, of.popular.share, -1.0)
    return np.argsort(-share, kind="stable")[: of.plan.dear_titles]


def _yearly_fee(of: World) -> np.ndarray:
    """US dollars a year, by title and country."""
    places, dice = geography(), stream(of.seed, "availability")
    countries = np.array([c.share for c in places.countries])
    hours = of.size.accounts * _HOURS_A_YEAR * np.outer(of.popular.share, countries)
    deal = np.exp(dice.normal(0, _DEAL_SPREAD, (of.titles.count, 1)))
    local = np.exp(dice.normal(0, _COUNTRY_SPREAD, hours.shape))
    fee = _USD_AN_HOUR * hours * deal * local
    fee[dear_titles(of)] *= of.plan.dear_factor
    return fee


def _renewed(closes: np.ndarray) -> np.ndarray:
    """When a licence was last renewed: whole years before its end, before the first day."""
    return closes + 1 - _YEAR * np.ceil((closes + 1) / _YEAR).astype(np.int64)


def _language_lists(
    spoken: list[list[str]], offsets: np.ndarray, language: np.ndarray
) -> pa.ListArray:
    """One list a row, gathered from the few different ones."""
    few = lists(offsets, pa.array([s for group in spoken for s in group]))
    return few.take(pa.array(language))
