"""Where people live and where the shops stand: cities of three countries with their postcodes, streets and shops."""

from dataclasses import dataclass
from random import Random

from demo.generator.randomness import weighted
from demo.generator.word_lists import words


@dataclass(frozen=True, slots=True)
class City:
    """A city, how its postcodes begin, the area code of its reserved telephone range, and its shops."""

    country: str
    name: str
    postcodes: tuple[str, ...]
    area_code: str
    shops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address."""

    street: str
    postcode: str
    city: City


def pick_city(country: str, *, rng: Random) -> City:
    """A city of the country, the greater ones more often."""
    cities = CITIES[country]
    return cities[int(len(cities) * rng.random() ** 1.5)]


def pick_country(rng: Random) -> str:
    """A country where the retailer sells."""
    return weighted((("GB", 0.45), ("DE", 0.30), ("FR", 0.25)), rng=rng)


def new_address(city: City, *, rng: Random) -> Address:
    """A home in the city."""
    return Address(street=_street(city.country, rng=rng), postcode=_postcode(city, rng=rng), city=city)


def other_home(address: Address, *, rng: Random) -> Address:
    """A different home, mostly in the same city."""
    city = address.city if rng.random() < 0.7 else pick_city(address.city.country, rng=rng)
    return new_address(city, rng=rng)


def _street(country: str, *, rng: Random) -> str:
    number = rng.randrange(1, 190)
    name = rng.choice(_STREET_NAMES[country])
    if country == "GB":
        flat = f"Flat {rng.randrange(1, 30)}, " if rng.random() < 0.15 else ""
        return f"{flat}{number} {name} {rng.choice(_GB_ENDINGS)}"
    if country == "DE":
        return f"{name} {number}{rng.choice(('', '', '', '', 'a', 'b'))}"
    return f"{number}{rng.choice(('', '', '', '', ' bis'))} {rng.choice(_FR_BEGINNINGS)} {name}"


def _postcode(city: City, *, rng: Random) -> str:
    start = rng.choice(city.postcodes)
    if city.country == "GB":
        return f"{start} {rng.randrange(1, 10)}{rng.choice(_GB_UNIT)}{rng.choice(_GB_UNIT)}"
    missing = 5 - len(start)
    return start + (f"{rng.randrange(10**missing):0{missing}d}" if missing else "")


def _cities(country: str, table: str) -> tuple[City, ...]:
    rows = (line.split("|") for line in table.strip().splitlines())
    return tuple(
        City(
            country,
            name,
            tuple(postcodes.split()),
            area_code,
            tuple(f"{country}-{code}-{n}" for n in range(1, int(shops) + 1)),
        )
        for name, postcodes, area_code, code, shops in rows
    )


CITIES = {
    "GB": _cities(
        "GB",
        """
London|N1 N16 E8 E17 SE15 SE22 SW9 SW16 W12 NW5|020|LON|3
Manchester|M1 M14 M20 M21|0161|MAN|2
Birmingham|B5 B13 B29 B30|0121|BIR|2
Leeds|LS6 LS7 LS8|0113|LEE|1
Glasgow|G11 G12 G41|0141|GLA|1
Bristol|BS3 BS5 BS7|0117|BRI|1
Liverpool|L8 L15 L17|0151|LIV|1
Edinburgh|EH3 EH6 EH10|0131|EDI|1
Sheffield|S7 S10 S11|0114|SHE|1
Nottingham|NG3 NG7|0115|NOT|1
Cardiff|CF10 CF24|029|CAR|1
Newcastle upon Tyne|NE2 NE6|0191|NEW|1
Leicester|LE2 LE3|0116|LEI|1
Belfast|BT7 BT9|028|BEL|1
Reading|RG1 RG4|0118|REA|1
""",
    ),
    "DE": _cities(
        "DE",
        """
Berlin|101 104 109 120 121 131 133|030|BER|3
Hamburg|200 203 221 222|040|HAM|2
München|803 804 806 815|089|MUN|2
Köln|506 507 508 509 510|0221|COL|1
Frankfurt am Main|603 604 605|069|FRA|1
""",
    ),
    "FR": _cities(
        "FR",
        """
Paris|75003 75005 75010 75011 75012 75013 75014 75015 75017 75018 75019 75020|01|PAR|3
Lyon|69001 69003 69004 69007 69008|04|LYO|1
Marseille|13001 13004 13005 13008 13012|04|MAR|1
Toulouse|31000 31200 31300 31400|05|TOU|1
Nantes|44000 44100 44200 44300|02|NAN|1
Bordeaux|33000 33100 33200 33800|05|BOR|1
Lille|59000 59160 59800|03|LIL|1
Strasbourg|67000 67100 67200|03|STR|1
Rennes|35000 35200 35700|02|REN|1
Besançon|25000|03|BES|1
""",
    ),
}
_GB_UNIT = "ABDEFGHJLNPQRSTUWXYZ"
_GB_ENDINGS = ("Road", "Road", "Street", "Street", "Lane", "Avenue", "Close", "Gardens", "Terrace", "Way")
_FR_BEGINNINGS = ("rue", "rue", "rue", "avenue", "boulevard", "impasse", "allée", "place")
_STREET_NAMES = {"GB": words("british_streets"), "DE": words("german_streets"), "FR": words("french_streets")}
