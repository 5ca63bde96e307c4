"""Where places are: countries by a package's shapes, China's provinces and Xinjiang's prefectures.

Countries come from `countryinfo` (names in several languages, outlines at about 1:110,000,000).
Provinces and prefectures stand here by hand, each at its seat, to a tenth of a degree (11 km): the
map says in which of them something was bought, not at which address. No service is asked. What is
in no table here is not placed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

import msgspec

from sousveil.model import Json

MAX_KEPT = 10_000  # texts whose place is remembered: a page is asked for again and again
LEAST_NAME = 4  # letters of a country's name: shorter ones are codes and stand in many a word


@dataclass(frozen=True, slots=True)
class Place:
    """A place that the map can show."""

    name: str  # as the map writes it
    within: str  # the larger place; "" for a country
    latitude: float  # degrees
    longitude: float


Ring = tuple[tuple[float, float], ...]
"""Longitude and latitude of each corner."""


# English name, Chinese name without what every name of its kind ends in, latitude, longitude.
_PROVINCES = """
Beijing 北京 39.9 116.4|Tianjin 天津 39.1 117.2|Hebei 河北 38.0 114.5|Shanxi 山西 37.9 112.6
Inner-Mongolia 内蒙古 40.8 111.7|Liaoning 辽宁 41.8 123.4|Jilin 吉林 43.9 125.3
Heilongjiang 黑龙江 45.8 126.6|Shanghai 上海 31.2 121.5|Jiangsu 江苏 32.1 118.8
Zhejiang 浙江 30.3 120.2|Anhui 安徽 31.8 117.2|Fujian 福建 26.1 119.3|Jiangxi 江西 28.7 115.9
Shandong 山东 36.7 117.0|Henan 河南 34.8 113.6|Hubei 湖北 30.6 114.3|Hunan 湖南 28.2 112.9
Guangdong 广东 23.1 113.3|Guangxi 广西 22.8 108.3|Hainan 海南 20.0 110.3|Chongqing 重庆 29.6 106.6
Sichuan 四川 30.7 104.1|Guizhou 贵州 26.6 106.7|Yunnan 云南 25.0 102.7|Tibet 西藏 29.7 91.1
Shaanxi 陕西 34.3 108.9|Gansu 甘肃 36.1 103.8|Qinghai 青海 36.6 101.8|Ningxia 宁夏 38.5 106.2
Xinjiang 新疆 43.8 87.6
"""
_PREFECTURES = """
Ürümqi 乌鲁木齐 43.8 87.6|Karamay 克拉玛依 45.6 84.9|Turpan 吐鲁番 42.9 89.2|Hami 哈密 42.8 93.5
Changji 昌吉 44.0 87.3|Bortala 博尔塔拉 44.9 82.1|Bayingolin 巴音郭楞 41.8 86.1
Aksu 阿克苏 41.2 80.3
Kizilsu 克孜勒苏 39.7 76.2|Kashgar 喀什 39.5 76.0|Hotan 和田 37.1 79.9|Ili 伊犁 43.9 81.3
Tacheng 塔城 46.7 83.0|Altay 阿勒泰 47.8 88.1|Shihezi 石河子 44.3 86.0
"""
# Other names under which texts know them.
_ALSO = {
    "Tibet": ("Xizang",),
    "Ürümqi": ("Urumqi", "Wulumuqi"),
    "Kashgar": ("Kashi", "Kaxgar"),
    "Hotan": ("Hetian", "Khotan"),
    "Turpan": ("Turfan",),
    "Hami": ("Kumul",),
    "Ili": ("Yining", "Ghulja"),
}


def placed(texts: Iterable[str]) -> Place | None:
    """Return the most exact place that one of the texts names, the first text first; or None."""
    return next(filter(None, map(_placed, texts)), None)


@lru_cache(maxsize=MAX_KEPT)
def _placed(text: str) -> Place | None:
    low = text.casefold()
    for names in (_seats(), _countries()):
        found = [(low.rfind(name), place) for name, place in names.items() if _stands_in(name, low)]
        exact = [one for one in found if one[1].within == "Xinjiang"] or found
        if exact:
            return max(exact, key=lambda one: (one[0], one[1].name))[1]
    return None


def _stands_in(name: str, low: str) -> bool:
    if name not in low:
        return False
    return not name.isascii() or re.search(rf"\b{re.escape(name)}\b", low) is not None


@cache
def _seats() -> Mapping[str, Place]:
    """Return provinces and prefectures by each of their names, folded."""
    known: dict[str, Place] = {}
    for table, within in ((_PROVINCES, "China"), (_PREFECTURES, "Xinjiang")):
        for row in re.split(r"[|\n]", table.strip()):
            english, chinese, latitude, longitude = row.split()
            name = english.replace("-", " ")
            place = Place(name, within, float(latitude), float(longitude))
            for one in (name, chinese, *_ALSO.get(name, ())):
                known[one.casefold()] = place
    return known


@cache
def _countries() -> Mapping[str, Place]:
    known: dict[str, Place] = {}
    for country in _data():
        if len(country.get("latlng", ())) < 2:  # noqa: PLR2004  # latitude and longitude
            continue
        place = Place(country["name"], "", *map(float, country["latlng"][:2]))
        for name in (country["name"], country.get("nativeName", "")):
            if len(name) >= LEAST_NAME or (name and not name.isascii()):
                known.setdefault(name.casefold(), place)
    return known


@cache
def outlines() -> tuple[tuple[Ring, ...], ...]:
    """Return the outlines of countries, each of one or several rings."""
    return tuple(tuple(_rings(country)) for country in _data() if country.get("geoJSON"))


def _rings(country: Json) -> Iterator[Ring]:
    for feature in country["geoJSON"].get("features", ()):
        geometry = feature["geometry"]
        is_one = geometry["type"] == "Polygon"
        for polygon in [geometry["coordinates"]] if is_one else geometry["coordinates"]:
            for ring in polygon:
                corners = [(float(corner[0]), float(corner[1])) for corner in ring]
                yield tuple(one for one, other in pairwise([*corners, corners[0]]) if one != other)


@cache
def _data() -> tuple[Json, ...]:
    folder = files("countryinfo") / "data"
    found = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".json")),
        key=lambda entry: entry.name,
    )
    return tuple(msgspec.json.decode(entry.read_bytes()) for entry in found)
