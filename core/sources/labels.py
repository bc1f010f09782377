"""What names say of imagery: file names, band descriptions and tags as the field's providers write.

Nothing is opened, and pixels are not asked. What the texts do not say stays empty; where they can
be read in two ways, nothing is said. Descriptions and tags are believed before the file's name,
and a wavelength before any name of a band.
"""

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bandweave.sources.sensors import KNOWN_PRODUCTS, RANGES, SENSOR_NAMES, SENSORS, THERMAL

RATIO = "VV/VH"
OPACITY = "opacity"
_LONGEST = 1000
"""Characters of a text that are read; names and descriptions are shorter."""
_NEAR = 0.06
"""A band's wavelength is within 6 % of its centre."""


class Label(NamedTuple):
    """What the texts of one band say; a field is empty where they do not."""

    role: str = ""
    """optical, radar, quality, or none: known to be no image band."""
    product: str = ""
    """Key of `KNOWN_PRODUCTS`."""
    sensor: str = ""
    """Whose table counts the band numbers."""
    level: str = ""
    """As the product writes it: L1C, L2A, L1TP, L2SP, SR, TOA, GRD, RTC, SLC."""
    band: str = ""
    """red, nir, ..., VV, VH, HH, HV or VV/VH; of quality the coding; of none what it is."""
    number: str = ""
    """In the product's own counting, such as 8A."""
    unit: str = ""
    """reflectance, reflectance x 10000, percent, radiance, db, power, amplitude or number."""
    calibration: str = ""
    """sigma0, gamma0 or beta0."""
    why: str = ""
    """The text that named the band, else the product."""


class _Text(NamedTuple):
    source: str
    """description, name, folder or tag NAME."""
    raw: str
    words: str
    """In lower case, its words between single underscores, one at either end."""
    described: bool
    """Written for the band, not for the file."""

    @property
    def end(self) -> str:
        """The words without what exports append."""
        return _APPENDED.sub("_", self.words)


class _Reading(NamedTuple):
    role: str = ""
    band: str = ""
    number: str = ""


class _Known(NamedTuple):
    product: str
    sensor: str
    name: _Text


class _Rule(NamedTuple):
    role: str
    band: str
    anywhere: str
    """What says so; in a file's name at its end."""
    described: str = "(?!)"
    """What says so in a description alone."""

    def says(self, text: _Text) -> bool:
        if text.described:
            return bool(re.search(f"_(?:{self.anywhere}|{self.described})_", text.words))
        return bool(re.search(f"_(?:{self.anywhere})_$", text.end))


_PAIR = r"(?:_[a-z]w\d)?_[vh][vh](?:_[a-z0-9]+)*"
_ANGLED = r"(?:sun|solar|view|viewing|sensor|satellite|mean|relative|azimuthal|incident|exiting)"
_UDM2 = _Rule("quality", "udm2", r"udm2")
_RULES = (
    _Rule(
        "none",
        "a picture",
        r"tci|pvi|visual|rgb_ratio|sar_urban|[gs][pda][a-z]{4}_[0-9a-f]{4}_rgb"
        r"|l[12][ac]_(?:[a-z0-9]+_){0,3}(?:colou?r|urban|map|geology)",
        r"(?:true|false|natural)_colou?r",
    ),
    _UDM2,
    _Rule("quality", "landsat-c2", r"qa_pixel"),
    _Rule("quality", "landsat-c1", r"pixel_qa"),
    _Rule("quality", "bqa", r"bqa"),
    _Rule("quality", "scl", r"scl|scene_?classification(?:_map)?"),
    _Rule("quality", "qa60", r"qa_?60"),
    _Rule("quality", "fmask", r"fmask"),
    _Rule(
        "quality",
        "cloud-probability",
        r"(?:msk_)?cldprb|cld_?prob|clp|cloud_?prob(?:ability)?|s2cloudless_prob",
        r"probability|cld",
    ),
    _Rule("quality", "clear-probability", r"cs_cdf", r"cs"),
    _Rule("quality", "clear-mask", r"clear_?(?:sky_?)?mask|cloud_?free_?mask", r"clear(?:_?sky)?"),
    _Rule(
        "quality",
        "mask",
        r"clm|cloud_?(?:shadow_?)?mask|ql_quality_cloud(?:shadow)?",
        r"clouds?",
    ),
    _Rule("none", "the snow probability", r"(?:msk_)?snwprb"),
    _Rule("none", "a data mask", r"(?:data|valid)_?mask|(?:nbart?_)?contiguity"),
    _Rule("none", "another mask", r"(?:water|land|snow|swath|urban|crop|forest|flood)_?mask"),
    _Rule(
        "none",
        "quality flags",
        r"ql_[a-z_]+|qa_radsat|radsat_qa|msk_[a-z0-9_]+|(?:edg|sat|mg2)_r\d",
    ),
    _Rule(
        "none",
        "the layover and shadow map",
        r"layover_?(?:shadow_?)?(?:mask|map)?|ls_ma(?:p|sk)|rtc_s1(?:_[a-z0-9]+){9}_mask",
    ),
    _Rule(
        "quality",
        "",
        r"(?:clm|qlt)_r\d|sr_cloud_qa|udm|qai?|qa_?[12]0|quality|(?:[a-z0-9]+_)?mask",
    ),
    _Rule(
        "none",
        "the incidence angle",
        r"[a-z]*incidence_?angle(?:_?from_?ellipsoid)?|inc_map(?:_ell)?|angle|lia",
    ),
    _Rule(
        "none",
        "an angle of view or sun",
        rf"[sv][za]a|{_ANGLED}_(?:[a-z]+_)?(?:zenith|azimuth|angles?|view|slope|incident|exiting)"
        r"(?:_[a-z0-9]+)?",
    ),
    _Rule(
        "none",
        "the interferometric phase",
        rf"(?:unw_|wrapped_)?phase(?:_ifg)?(?:{_PAIR})?|[iq]_ifg{_PAIR}",
        r"ifg",
    ),
    _Rule("none", "the coherence", rf"coh(?:erence)?(?:{_PAIR})?|corr", r"coh(?:erence)?"),
    _Rule("none", "a part of a complex number", rf"[iq]{_PAIR}"),
    _Rule("none", "a polarimetric parameter", r"entropy|anisotropy|alpha_(?:angle|mean)"),
    _Rule("none", OPACITY, r"alpha(?:_band)?"),
    _Rule("none", "the noise", r"nesz"),
    _Rule(
        "none",
        "the scattering area",
        r"(?:scattering_?|[0-9a-f]{4}_)area|gamma_?sigma_?ratio|rtc_anf[a-z0-9_]*",
        r"area",
    ),
    _Rule("none", "the number of looks", r"number_of_looks"),
    _Rule("none", "the elevation", r"dem|dsm|dtm|elevation|srtm(?:_[a-z0-9]+)?|slope|aspect"),
    _Rule(
        "none",
        "the surface temperature",
        r"st_(?:b\d+|[a-z]+)|lst|[a-z]*temperature|bt_band\d+",
    ),
    _Rule("none", THERMAL, r"tirs?_?\d?|lwir(?:1[12])?|thermal(?:_[a-z0-9]+)*"),
    _Rule(
        "none",
        "the aerosol",
        r"(?<!coastal_)(?:sr_)?(?:qa_)?aerosol(?:_[a-z]+)?|aot|(?:sr_)?atmos_opacity",
    ),
    _Rule("none", "the water vapour column", r"wvp"),
    _Rule("none", "an index", r"ndvi|nd[wms]i|evi|nbr|mndwi|m?savi|gndvi|lai|fapar"),
)
"""In the order in which they are asked, before any name of a band."""

_COLOURS = (
    (r"(?:coastal|ultra)(?:_?(?:aerosol|blue))?", "coastal"),
    (r"green_?i", "greeni"),
    (r"red_?edge_?0?2|re_?2", "rededge2"),
    (r"red_?edge_?0?3|re_?3", "rededge3"),
    (r"red_?edge(?:_?0?1)?|re_?1", "rededge1"),
    (r"nir_?0?8a?|nir_?2|nir_?narrow|narrow_?nir", "nir08"),
    (r"nir_?0?9|(?:water_)?vapou?r", "vapour"),
    (r"(?:broad_?)?nir(?:_?1)?|near_?infra_?red(?:_1)?|near_ir", "nir"),
    (r"(?:swir|short_?wave_infra_?red)_?16?", "swir1"),
    (r"(?:swir|short_?wave_infra_?red)_?22?", "swir2"),
    (r"swir_?3", "swir3"),
    (r"infra_?red", ""),
    (r"pan(?:chromatic)?", "pan"),
    *((name, name) for name in ("cirrus", "blue", "green", "yellow", "red")),
)
_ANY_COLOUR = "|".join(f"({pattern})" for pattern, _ in _COLOURS)
_COLOUR = re.compile(f"_(?:{_ANY_COLOUR})(?=_)")
_LAST_COLOUR = re.compile(f"_(?:{_ANY_COLOUR})_$")
_NUMBERS = (re.compile(r"_b0?(\d{1,2}a?)(?=_)"), re.compile(r"_b(?:and)?_?0?(\d{1,2}a?)(?=_)"))
_GENERIC = re.compile(r"^_(?:band|layer)_?\d+_$")
_POLARISATION = re.compile(r"_(vv|vh|hh|hv)(?=_)")
_QUOTIENT = re.compile(r"_(?:ratio|quotient)_|_[vh][vh]_(?:over|div|divided_by)_[vh][vh]_")
_CALIBRATION = re.compile(r"_(?:(sig)(?:ma)?|(gam)(?:ma)?|(beta)|(σ)|(γ))_?(?:0|nought|naught)_")
_CALIBRATIONS = ("sigma0", "gamma0", "beta0", "sigma0", "gamma0")
_LEVELS = (
    re.compile(
        r"_(?:[a-z]{3})?(l1[bc]|l2a)_|_(l1(?:tp|gt|gs)|l2s[pr])_|_(slc)_|_(rtc)\d{0,2}_|_(grd)[hmf]?_"
    ),
    re.compile(r"_(toa)r?_|_(sr)_"),
)
_DECIBEL = re.compile(r"_(?:db|decibels?)_")
_QUANTITY = r"(?:(amp(?:l|litude)?)|(?:linear|power|intensity))"
_BESIDE = r"(?:vv|vh|hh|hv|(?:sigma|gamma|beta)_?0)"
_QUANTITIES = re.compile(f"_{_QUANTITY}_")
_QUANTITIES_IN_NAMES = re.compile(f"_{_QUANTITY}_(?:{_BESIDE}_|$)|_{_BESIDE}_{_QUANTITY}_")
"""A power station is no unit: in names they stand beside the band, or last."""
_HYP3_UNITS = {"p": "power", "a": "amplitude", "d": "db"}
_APPENDED = re.compile(
    r"(?:_(?:r?\d{1,3}m|clip(?:ped)?|crop(?:ped)?|cog|raw|v\d+|subset|\d{6,10}(?:t\d{6})?"
    r"|\d{1,2}[a-z]{3}\d{4}|\d{4}_\d\d_\d\d))+_$"
)
_EXTENSIONS = re.compile(
    r"(?:\.(?:tiff?|jp2|img|vrt|nc|dat|hdr|png|jpe?g|zip|tar|safe|dim|data)| ?\(\d+\))+$", re.I
)
_TO_BANDS = re.compile(r"_s1[a-d]_[a-z]w_grd[hmf]_(?:[a-z0-9]+_){6}(?:vv|vh|hh|hv|angle)_$")
"""Earth Engine joins an image's id and a band's name."""
_SHORTEST, _FARTHEST = 350.0, 15000.0
"""Wavelengths, in nanometres, that a text can mean."""
_LENGTH = re.compile(
    r"(?<![\w.])(?:(\d{1,5}(?:\.\d{1,9})?) ?(?:-|–|to) ?)?(\d{1,5}(?:\.\d{1,9})?) ?"
    r"(?:(nm|nano ?m)|um\b|[µμ]m|micro)",
    re.I,
)
_BARE_LENGTH = re.compile(
    r"(?<![\w.])(?:(\d{3,4}\.\d{1,9})|(?<=wavelength=)(\d{1,5}(?:\.\d{1,9})?))(?![\w.])", re.I
)
_WAVELENGTH = re.compile(r"wavelength(?!.*(?:unit|min|max))", re.I)
_WAVELENGTH_UNIT = re.compile(r"wavelength.*unit|.*wavelength_(?:um|nm)", re.I)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<month>0[1-9]|1[0-2]){}(?P<day>[0-2]\d|3[01])"
_DATES = (
    re.compile(rf"(?<!\d){_YEAR}{_DAY.format('')}(?!\d)", re.A),
    re.compile(rf"(?<!\d){_YEAR}(?P<sep>[-_.]){_DAY.format('(?P=sep)')}(?!\d)", re.A),
    re.compile(rf"(?<!\d)(?P<day>\d\d?)(?P<month>{'|'.join(_MONTHS)}){_YEAR}(?!\d)", re.A | re.I),
    re.compile(rf"(?<![a-z\d])a?{_YEAR}(?P<yearday>[0-3]\d\d)(?!\d)", re.A | re.I),
    re.compile(rf"(?<![a-z\d])l[cemot]\d\d{{6}}{_YEAR}(?P<yearday>[0-3]\d\d)(?!\d)", re.A | re.I),
)
_PRODUCED = re.compile(r"^S2[A-D]_(?:OPER|USER)_", re.I)
_SENSED = re.compile(rf"(?<=_[VS]){_YEAR}{_DAY.format('')}(?=T\d)", re.A | re.I)
_PROCESSED = re.compile(
    # Landsat; Sentinel-2; EnMAP; Digital Earth Australia; start and stop, or sensed and processed
    r"(L[CEMOT]\d\d_[A-Z0-9]{2,4}_\d{6}_\d{8})_\d{8}(?!\d)"
    r"|(MSIL\d[ABC]_\d{8}T\d{6}(?:_N\d{4})?(?:_R\d{3})?(?:_T\w{5})?)_\d{8}T\d{6}"
    r"|(DT\d{8,12}_\d{8}T\d{6}Z_\d{3}_V\d{6})_\d{8}T\d{6}Z"
    r"|(\bga_[a-z0-9]{2,6}_[a-z]{2,6}_\d-\d)-\d{8}(?!\d)"
    r"|(\d{8}T\d{6}Z?)[-_]\d{8}T\d{6}",
    re.A | re.I,
)
_LANDSAT_8 = datetime.date(2013, 3, 18)
"""Its first image; what is older is of Landsat 4 to 7."""
_OPTICAL_UNITS = (("percent", "_(?:percent|pct)_"), ("radiance", "_radiance_"))
_REFLECTANCES = ("L2A", "SR", "TOA")
_BAND_TAG = re.compile(
    r"(?:band_?|long_?|short_?|standard_?)?name|description|polari[sz]ation|title", re.I
)
_IDENTITY_TAG = re.compile(
    r"product|scene|granule|spacecraft|platform|satellite|sensor|mission|level", re.I
)
_UNIT_TAG = re.compile(r"units?|unittype|.*OUTPUT_BACKSCATTER_(?:EXPRESSION|NORMALI).*", re.I)


def label(
    file_name: str,
    description: str = "",
    tags: Mapping[str, str] = {},
    band_tags: Mapping[str, str] = {},
) -> Label:
    """Return what a file's name, a band's description and the tags of both say of the band.

    Folders before the name tell the product alone. A file of several bands has one name: where
    `why` begins with "name", what is said was said of the file, not of the band.
    """
    name, *folders = _names(file_name)
    described = [
        _text(source, words, name)
        for source, words in (
            ("description", description),
            *(
                (f"tag {key}", value)
                for key, value in band_tags.items()
                if _BAND_TAG.fullmatch(key)
            ),
        )
        if words.strip()
    ]
    identity = _tagged(tags, _IDENTITY_TAG)
    texts = [*described, *identity, name, *folders]
    product, said = _product(texts)
    sensor = _sensor(product, texts)
    length = wavelength(description, {**tags, **band_tags})
    reading, named = _reading(described, _Known(product, sensor, name), length)
    if reading.number == "8A":
        sensor = sensor or "Sentinel-2"
    role = reading.role or _role(product, sensor)
    settings = [*described, *_tagged({**tags, **band_tags}, _UNIT_TAG), name]
    level = _level(product, texts)
    source = named or said
    return Label(
        role,
        product,
        sensor,
        level,
        reading.band,
        reading.number,
        _unit(settings, role, product, level),
        _calibration(settings, product) if role == "radar" else "",
        f"{source.source} {source.raw}" if source else "",
    )


def wavelength(description: str, tags: Mapping[str, str] = {}) -> float | None:
    """Return a band's wavelength in nanometres (a range's middle) where its texts give one."""
    units = " ".join(value for key, value in tags.items() if _WAVELENGTH_UNIT.search(key))
    stated = [
        f"wavelength={value} {units}" for key, value in tags.items() if _WAVELENGTH.search(key)
    ]
    for text in (*stated, description[:_LONGEST]):
        if found := _LENGTH.search(text):
            low, high = float(found[1] or found[2]), float(found[2])
            factor = 1.0 if found[3] else 1000.0
            middle = (low + high) / 2 if _SHORTEST <= low * factor <= high * factor else high
            length = middle * factor
        elif found := _BARE_LENGTH.search(text):
            length = float(found[1] or found[2])
            length *= 1000 if length < _SHORTEST / 10 else 1
        else:
            continue
        if _SHORTEST <= length <= _FARTHEST:
            return length
    return None


def sensing_date(text: str) -> datetime.date | None:
    """Return the day of sensing that a name or description gives; None if none or several."""
    found = dates(text)
    return found[0] if len(found) == 1 else None


def dates(text: str) -> tuple[datetime.date, ...]:
    """Return the distinct days of sensing of a text in its order; days of processing are none.

    They are written yyyymmdd, yyyy-mm-dd, ddMonyyyy or yyyyddd (year and day of the year).
    """
    text = _PROCESSED.sub(lambda match: match[match.lastindex or 0], text[:_LONGEST])
    # old Sentinel-2 names: the day of production first, of sensing after V or S
    patterns = (_SENSED,) if _PRODUCED.search(text) else _DATES
    found = ((match.start(), _date(match)) for each in patterns for match in each.finditer(text))
    return tuple(dict.fromkeys(date for _, date in sorted(filter(lambda pair: pair[1], found))))


def _date(match: re.Match[str]) -> datetime.date | None:
    parts = match.groupdict()
    try:
        year = int(parts["year"])
        if "yearday" in parts:
            date = datetime.date(year, 1, 1) + datetime.timedelta(int(parts["yearday"]) - 1)
            return date if date.year == year else None
        month = parts["month"].lower()
        number = _MONTHS.index(month) + 1 if month in _MONTHS else int(month)
        return datetime.date(year, number, int(parts["day"]))
    except ValueError:
        return None


def _words(raw: str) -> str:
    spoken = raw.lower().replace("/", " over ").replace("%", " percent ")
    return "_" + "_".join(re.findall(r"[^\W_]+", spoken)) + "_"


def _names(file_name: str) -> list[_Text]:
    """Return the file's name and its folders', the nearest first."""
    parts = [part for part in re.split(r"[\\/]", file_name[-_LONGEST:]) if part] or [""]
    name = _Text("name", parts[-1], _words(_EXTENSIONS.sub("", parts[-1])), described=False)
    folders = [_Text("folder", part, _words(part), described=False) for part in parts[-2::-1]]
    return [name, *folders]


def _text(source: str, raw: str, name: _Text) -> _Text:
    raw = raw[:_LONGEST]
    words = _words(raw)
    # some writers describe a band by the file's name
    copied = name.words.count("_") > 2 and name.words in words
    return _Text(source, raw, words, described=not copied)


def _tagged(tags: Mapping[str, str], wanted: re.Pattern[str]) -> list[_Text]:
    return [
        _Text(f"tag {key}", value[:_LONGEST], _words(value[:_LONGEST]), described=True)
        for key, value in tags.items()
        if wanted.search(key)
    ]


def _product(texts: Iterable[_Text]) -> tuple[str, _Text | None]:
    found: list[tuple[str, _Text | None]] = []
    for text in texts:
        keys = (
            key for key, known in KNOWN_PRODUCTS.items() if re.search(known.pattern, text.words)
        )
        key = next(keys, "")
        if text.described and _TO_BANDS.search(text.words):
            key = "gee-s1"
        found += [(key, text)] if key else []
    # HLS names the product that it was made of in its tags
    return next((pair for pair in found if pair[0].startswith("hls")), (found or [("", None)])[0])


def _sensor(product: str, texts: Sequence[_Text]) -> str:
    known = KNOWN_PRODUCTS[product].sensor if product else ""
    if known == "PlanetScope" and any("_8b_" in text.words for text in texts):
        return "PlanetScope 8 bands"
    if known:
        return known
    for text in texts:
        found = {sensor for pattern, sensor in SENSOR_NAMES if re.search(pattern, text.words)}
        if len(found) == 1:
            return found.pop()
    if product == "landsat-c2l2":
        days = [day for text in texts for day in dates(text.raw)]
        return "Landsat 4-7" if any(day < _LANDSAT_8 for day in days) else "Landsat 8-9"
    return ""


def _role(product: str, sensor: str) -> str:
    if sensor == "Sentinel-1":
        return "radar"
    return "optical" if product or sensor else ""


def _level(product: str, texts: Sequence[_Text]) -> str:
    if product and KNOWN_PRODUCTS[product].level:
        return KNOWN_PRODUCTS[product].level
    for pattern in _LEVELS:
        for text in texts:
            if found := pattern.search(text.words):
                return found[found.lastindex or 0].upper()
    return ""


def _reading(
    described: Sequence[_Text], known: _Known, length: float | None
) -> tuple[_Reading, _Text | None]:
    """Return what names the band and the text that does."""
    texts = sorted([*described, known.name], key=lambda text: bool(_GENERIC.search(text.words)))
    if _UDM2.says(known.name):
        return _Reading(_UDM2.role, _UDM2.band), known.name
    for text in texts:
        if reading := _read(text, known):
            if length and reading.role in ("", "optical"):
                return _by_wavelength(length, known.sensor, reading.number), text
            return reading, text
    if length:
        return _by_wavelength(length, known.sensor, ""), (*described, known.name)[0]
    return _Reading(), None


def _read(text: _Text, known: _Known) -> _Reading | None:
    for rule in _RULES:
        if rule.says(text):
            return _Reading(rule.role, _coding(rule.band, known))
    number = _number(text)
    colour = _colour(text, known)
    polarised = _polarised(text, known) if not (number or colour) else None
    if polarised or not (number or colour):
        return polarised
    sensor = known.sensor or ("Sentinel-2" if number == "8A" else "")
    entry = SENSORS.get(sensor, {}).get(number)
    return _optical(colour or (entry.name if entry else ""), number)


def _optical(band: str, number: str) -> _Reading:
    role = "none" if band == THERMAL else "optical" if band else ""
    return _Reading(role, band, number)


def _by_wavelength(length: float, sensor: str, number: str) -> _Reading:
    table = SENSORS.get(sensor, {}).values()
    nearest = min(table, key=lambda band: abs(band.centre - length), default=None)
    if nearest and abs(nearest.centre - length) <= _NEAR * nearest.centre:
        return _optical(nearest.name, number)
    band = next((name for low, high, name in RANGES if low <= length < high), "")
    return _optical(band, number)


def _coding(band: str, known: _Known) -> str:
    """Return the coding of a quality band that several products name alike."""
    if band == "fmask":
        family = known.product.split("-")[0]
        return f"fmask-{family}" if family in ("hls", "odc") else ""
    if band == "bqa":
        if re.search(r"_01_(?:t\d|rt)_", known.name.words):
            return "landsat-c1-bqa"
        return "landsat-bqa" if re.search(r"_l[cot]8\d{13}", known.name.words) else ""
    if band == OPACITY and known.sensor == "Sentinel-1":
        return "a polarimetric parameter"
    return band


def _number(text: _Text) -> str:
    for pattern in _NUMBERS:
        found = set(pattern.findall(text.words))
        if found:
            return found.pop().upper() if len(found) == 1 else ""
    return ""


def _colour(text: _Text, known: _Known) -> str:
    matches = _COLOUR.finditer(text.words) if text.described else _LAST_COLOUR.finditer(text.end)
    found = {_COLOURS[(match.lastindex or 1) - 1][1] for match in matches}
    band = found.pop() if len(found) == 1 else ""
    if known.product == "odc-s2":
        return {"swir2": "swir1", "swir3": "swir2"}.get(band, band)
    if band == "nir08" and known.sensor.startswith("Landsat"):
        return "nir"
    # Digital Earth Australia counts Sentinel-2's from swir_2, Landsat's from swir_1
    unsure = band == "swir2" and "_nbar" in text.words and known.product != "odc-landsat"
    return "" if unsure or band == "swir3" else band


def _polarised(text: _Text, known: _Known) -> _Reading | None:
    if known.sensor not in ("", "Sentinel-1"):
        return None
    found = list(dict.fromkeys(_POLARISATION.findall(text.words)))
    if _QUOTIENT.search(text.words):
        pair = "/".join(found).upper() or RATIO
        return _Reading("radar", RATIO) if pair == RATIO else _Reading("none", f"the ratio {pair}")
    if not found:
        return None
    return _Reading("radar", found[0].upper() if len(found) == 1 else "")


def _unit(settings: Sequence[_Text], role: str, product: str, level: str) -> str:
    if role == "radar":
        return _radar_unit(settings, product)
    if role != "optical":
        return ""
    for text in settings:
        words = text.words if text.described else text.end
        for unit, pattern in _OPTICAL_UNITS:
            if re.search(pattern if text.described else f"{pattern}$", words):
                return unit
    if not product:
        return ""
    known = KNOWN_PRODUCTS[product]
    return known.raw_unit if known.raw_unit and level not in _REFLECTANCES else known.unit


def _radar_unit(settings: Sequence[_Text], product: str) -> str:
    if any(_DECIBEL.search(text.words) for text in settings):
        return "db"
    for text in settings:
        free = text.described or product == "copernicus-browser"
        pattern = _QUANTITIES if free else _QUANTITIES_IN_NAMES
        if found := pattern.search(text.words):
            return "amplitude" if found.lastindex else "power"
    if letters := _hyp3_letters(settings):
        return _HYP3_UNITS[letters[1]]
    if product == "copernicus-browser":
        return "power"
    return KNOWN_PRODUCTS[product].unit if product else ""


def _calibration(settings: Sequence[_Text], product: str) -> str:
    for text in settings:
        if found := _CALIBRATION.search(text.words):
            return _CALIBRATIONS[(found.lastindex or 1) - 1]
    if letters := _hyp3_letters(settings):
        return "gamma0" if letters[0] == "g" else "sigma0"
    return KNOWN_PRODUCTS[product].calibration if product else ""


def _hyp3_letters(texts: Iterable[_Text]) -> tuple[str, str] | None:
    """Return the letters of calibration and scale in a name of ASF HyP3."""
    for text in texts:
        if found := re.search(KNOWN_PRODUCTS["hyp3-rtc"].pattern, text.words):
            return found[1] or found[3], found[2] or found[4]
    return None
