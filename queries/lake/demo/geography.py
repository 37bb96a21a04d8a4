"""Where members live: countries, their regions with real time zones, devices, prices and networks.

Shares are of accounts; devices are shares of streams on tv, web, phone and tablet.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

DEVICES = ("tv", "web", "phone", "tablet")
MARKETS = ("north america", "latin america", "europe", "asia pacific", "middle east and africa")


@dataclass(frozen=True, slots=True)
class Country:
    """A market. `per_usd` is the currency's units a dollar, `price` the local price level."""

    code: str
    market: str
    share: float
    currency: str
    per_usd: float
    price: float
    language: str
    devices: tuple[float, float, float, float]
    regions: tuple[tuple[str, str], ...]


# code | market | share | currency per dollar | price | language | tv web phone tablet | regions
_COUNTRIES = """
US|0|.285|USD|1|1|en|.81 .10 .06 .03|US-NY America/New_York,US-FL America/New_York,US-GA America/New_York,US-OH America/New_York,US-TX America/Chicago,US-IL America/Chicago,US-CO America/Denver,US-AZ America/Phoenix,US-CA America/Los_Angeles,US-WA America/Los_Angeles
CA|0|.045|CAD|1.37|1|en|.79 .12 .05 .04|CA-ON America/Toronto,CA-QC America/Toronto,CA-BC America/Vancouver,CA-AB America/Edmonton,CA-NL America/St_Johns
MX|1|.055|MXN|18.4|.66|es|.66 .14 .16 .04|MX-CMX America/Mexico_City,MX-JAL America/Mexico_City,MX-NLE America/Monterrey,MX-BCN America/Tijuana
BR|1|.085|BRL|5.4|.62|pt|.68 .15 .14 .03|BR-SP America/Sao_Paulo,BR-RJ America/Sao_Paulo,BR-MG America/Sao_Paulo,BR-BA America/Bahia,BR-AM America/Manaus
AR|1|.025|ARS|980|.5|es|.65 .16 .15 .04|AR-C America/Argentina/Buenos_Aires,AR-B America/Argentina/Buenos_Aires,AR-X America/Argentina/Cordoba
CO|1|.022|COP|4100|.52|es|.62 .17 .17 .04|CO-DC America/Bogota,CO-ANT America/Bogota,CO-VAC America/Bogota
GB|2|.072|GBP|.78|1.02|en|.80 .10 .05 .05|GB-LND Europe/London,GB-MAN Europe/London,GB-BIR Europe/London,GB-GLG Europe/London,GB-CRF Europe/London
IE|2|.008|EUR|.92|1.02|en|.78 .11 .06 .05|IE-D Europe/Dublin,IE-CO Europe/Dublin
DE|2|.058|EUR|.92|.98|de|.78 .13 .05 .04|DE-BE Europe/Berlin,DE-BY Europe/Berlin,DE-NW Europe/Berlin,DE-HH Europe/Berlin
FR|2|.050|EUR|.92|.95|fr|.76 .14 .06 .04|FR-IDF Europe/Paris,FR-ARA Europe/Paris,FR-PAC Europe/Paris,FR-OCC Europe/Paris
ES|2|.035|EUR|.92|.85|es|.72 .15 .08 .05|ES-MD Europe/Madrid,ES-CT Europe/Madrid,ES-AN Europe/Madrid,ES-CN Atlantic/Canary
IT|2|.032|EUR|.92|.85|it|.54 .22 .15 .09|IT-25 Europe/Rome,IT-62 Europe/Rome,IT-72 Europe/Rome
NL|2|.018|EUR|.92|.96|nl|.77 .13 .05 .05|NL-NH Europe/Amsterdam,NL-ZH Europe/Amsterdam
SE|2|.014|SEK|10.4|.97|sv|.76 .13 .06 .05|SE-AB Europe/Stockholm,SE-O Europe/Stockholm
PL|2|.020|PLN|3.9|.7|pl|.68 .18 .09 .05|PL-14 Europe/Warsaw,PL-12 Europe/Warsaw
TR|4|.018|TRY|33|.4|tr|.60 .19 .16 .05|TR-34 Europe/Istanbul,TR-06 Europe/Istanbul
ZA|4|.012|ZAR|18|.55|en|.62 .16 .17 .05|ZA-GP Africa/Johannesburg,ZA-WC Africa/Johannesburg
NG|4|.006|NGN|1500|.3|en|.42 .20 .34 .04|NG-LA Africa/Lagos,NG-FC Africa/Lagos
AE|4|.006|AED|3.67|.9|en|.66 .14 .14 .06|AE-DU Asia/Dubai,AE-AZ Asia/Dubai
IN|3|.040|INR|84|.33|hi|.46 .14 .34 .06|IN-MH Asia/Kolkata,IN-DL Asia/Kolkata,IN-KA Asia/Kolkata,IN-TN Asia/Kolkata
JP|3|.034|JPY|150|.8|ja|.62 .17 .15 .06|JP-13 Asia/Tokyo,JP-27 Asia/Tokyo,JP-23 Asia/Tokyo
KR|3|.024|KRW|1350|.8|ko|.58 .20 .17 .05|KR-11 Asia/Seoul,KR-26 Asia/Seoul
TH|3|.012|THB|35|.55|th|.35 .29 .30 .06|TH-10 Asia/Bangkok,TH-50 Asia/Bangkok
ID|3|.010|IDR|15800|.42|id|.38 .18 .39 .05|ID-JK Asia/Jakarta,ID-JI Asia/Jakarta,ID-BA Asia/Makassar
PH|3|.008|PHP|57|.42|en|.44 .18 .33 .05|PH-00 Asia/Manila,PH-CEB Asia/Manila
AU|3|.026|AUD|1.5|1|en|.78 .11 .06 .05|AU-NSW Australia/Sydney,AU-VIC Australia/Melbourne,AU-QLD Australia/Brisbane,AU-SA Australia/Adelaide,AU-WA Australia/Perth
NP|3|.004|NPR|134|.3|ne|.44 .18 .33 .05|NP-P3 Asia/Kathmandu,NP-P4 Asia/Kathmandu
"""  # noqa: E501 - a table
_NETWORKS = ("Telecom", "Broadband", "Mobile", "Cable")
_STEMS = (
    "Corvia", "Lumera", "Northlink", "Tessel", "Orbane", "Vantaro", "Halden", "Meridia", "Polaris",
    "Quanta", "Sierra", "Aurum", "Bellis", "Cadence", "Delphi", "Elmar", "Fairwind", "Glenmore",
    "Horizon", "Isara", "Junipero", "Kestrel", "Lakeside", "Marlow", "Nimbus", "Oakline", "Pinnar",
)  # fmt: skip


@dataclass(frozen=True)
class Geography:
    """Countries, and their regions (geos) and zones as arrays that indices point into."""

    countries: tuple[Country, ...]
    geos: tuple[str, ...]
    zones: tuple[str, ...]
    geo_country: np.ndarray
    geo_zone: np.ndarray
    geo_share: np.ndarray
    providers: tuple[str, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(c.code for c in self.countries)

    @property
    def market(self) -> np.ndarray:
        """Per country, the index of its market."""
        return np.array([MARKETS.index(c.market) for c in self.countries], np.int8)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted({c.language for c in self.countries}))

    @property
    def language(self) -> np.ndarray:
        """Per country, the index of its language."""
        return np.array([self.languages.index(c.language) for c in self.countries], np.int8)

    def index(self, code: str) -> int:
        return self.codes.index(code)


@cache
def geography() -> Geography:
    """The demo company's markets; the first region of a country is its biggest."""
    countries = tuple(_country(line) for line in _COUNTRIES.strip().splitlines())
    regions = [(i, *r) for i, c in enumerate(countries) for r in c.regions]
    zones = tuple(sorted({zone for _, _, zone in regions}))
    shares = np.concatenate([_shares(c) for c in countries])
    return Geography(
        countries=countries,
        geos=tuple(name for _, name, _ in regions),
        zones=zones,
        geo_country=np.array([i for i, _, _ in regions], np.int8),
        geo_zone=np.array([zones.index(z) for _, _, z in regions], np.int8),
        geo_share=shares / shares.sum(),
        providers=tuple(f"{s} {kind}" for s in _STEMS for kind in _NETWORKS),
    )


def _country(line: str) -> Country:
    code, market, share, currency, rate, price, language, devices, regions = line.split("|")
    tv, web, phone, tablet = (float(d) for d in devices.split())
    pairs = [r.split(" ") for r in regions.split(",")]
    return Country(
        code=code,
        market=MARKETS[int(market)],
        share=float(share),
        currency=currency,
        per_usd=float(rate),
        price=float(price),
        language=language,
        devices=(tv, web, phone, tablet),
        regions=tuple((name, zone) for name, zone in pairs),
    )


def _shares(country: Country) -> np.ndarray:
    weight = 1.0 / np.arange(2, len(country.regions) + 2) ** 0.6
    return country.share * weight / weight.sum()
