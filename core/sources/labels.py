"""What names say of imagery: file names, band descriptions and tags as the field's providers write.

Nothing is opened, and pixels are not asked. What the texts do not say stays empty; where they can
be read in two ways, nothing is said. Descriptions and tags are believed before the file's name,
and a wavelength before any name of a band.
"""

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from bandweave.sources.sensors import (
    CODE_LETTERS,
    CODES,
    KNOWN_PRODUCTS,
    PLANET,
    PRODUCT_NAMES,
    RANGES,
    S1,
    S2,
    SENSOR_NAMES,
    SENSORS,
)

RATIO = "VV/VH"
OPACITY = "opacity"
BROWSER = "copernicus-browser"
"""A product whose largest whole number is 1."""
ANGLE, MASK, PHASE = "the incidence angle", "another mask", "a phase or polarimetric parameter"
COHERENCE, ELEVATION, AID = "the coherence", "the elevation", "an aid of processing"
PICTURE, THERMAL = "a picture", "the surface temperature or thermal infrared"
_LONGEST = 1000
"""Characters of a text that are read; names and descriptions are shorter."""


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
    product_why: str = ""
    """The text that named the product."""
    unit_why: str = ""
    """The text that named the unit, else the product it belongs to."""


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


_PAIR = r"(?:_[a-z]w\d)?_[vh][vh](?:_[a-z0-9]+)*"
_VIEW = r"(?:sun|solar|view|viewing|sensor|satellite|mean|relative|azimuthal|incident|exiting)"
_NRB = r"[no]rb(?:_[a-z0-9]+){4}"
_CLEAR = r"clear(?:_?sky)?|(?<!_s2_)cloud_?(?:free|less)|(?:not?|non)_?cloud(?:s|y)?"
_RULES = (
    ("none", PICTURE, r"tci|pvi|visual|rgb_ratio|sar_urban"),
    ("none", PICTURE, r"l[12][ac]_(?:[a-z0-9]+_){0,3}(?:colou?r|urban|map|geology)"),
    ("none", PICTURE, r"rtc\d\d_g_[a-z]{3,6}_[0-9a-f]{4}_rgb"),
    ("quality", "landsat-c2", r"qa_pixel"),
    ("quality", "landsat-c1", r"pixel_qa"),
    ("quality", "", r"(?:sur_refl_)?state_?(?:qa|1km|500m)(?:_\d)?"),
    ("quality", "bqa", r"bqa"),
    ("quality", "scl", r"scl|scene_?classification(?:_map)?"),
    ("quality", "qa60", r"qa_?60"),
    ("quality", "fmask-odc", r"oa_fmask"),
    ("quality", "fmask", r"fmask"),
    ("quality", "cloud-probability", r"(?:msk_)?cldprb|s2cloudless_prob|clp"),
    ("quality", "clear-probability", rf"(?:{_CLEAR})_?prob(?:ability)?"),
    ("quality", "cloud-probability", r"(?:cld|cloud)_?prob(?:ability)?"),
    ("quality", "clear-probability", r"cs_cdf"),
    ("quality", "theia-clm", r"clm_r\d"),
    ("quality", "clear-mask", rf"(?:{_CLEAR})_?mask"),
    ("quality", "mask", r"clm|cloud_?(?:shadow_?)?mask|ql_quality_cloud(?:shadow)?"),
    ("none", PICTURE, rf"{_NRB}_cc_[gs]_l(?:in|og)"),
    ("none", "a data mask", rf"{_NRB}_dm"),
    ("none", ANGLE, rf"{_NRB}_[el]i"),
    ("none", AID, rf"{_NRB}_(?:np_[vh][vh]|lc|gs|id|w[mn]|sg)"),
    ("none", "a count of images", r"[vh][vh]_count"),
    ("none", "the spread of values", r"[vh][vh]_(?:std_?(?:dev)?|var(?:iance)?)"),
    ("none", "a data mask", r"(?:data|valid)_?mask|(?:nbart?_)?contiguity"),
    ("none", MASK, r"(?:water|land|snow|swath|urban|crop|forest|flood)_?mask"),
    ("none", MASK, r"ql_[a-z_]+|qa_radsat|radsat_qa|msk_[a-z0-9_]+|(?:edg|sat|mg2)_r\d"),
    (
        "none",
        "layover and shadow",
        rf"layover_?(?:shadow_?)?(?:mask|map)?(?:{_PAIR})?|ls_ma(?:p|sk)",
    ),
    ("none", MASK, r"(?:sur_refl_)?qc_\d+k?m(?:_\d)?|brdf_albedo\w+"),
    ("none", "layover and shadow", r"rtc_s1(?:_[a-z0-9]+){9}_mask"),
    ("none", ANGLE, r"[a-z]*incidence_?angle(?:_?from_?ellipsoid)?|angle"),
    ("none", ANGLE, r"inc_map(?:_ell)?"),
    ("none", "an angle of view or sun", r"[sv][za]a|sur_refl_(?:[sv]zen|raz)"),
    ("none", "an angle of view or sun", rf"{_VIEW}_?(?:[a-z]+_)?(?:zenith|azimuth)[a-z0-9_]*"),
    ("none", "an angle of view or sun", rf"{_VIEW}_(?:angles?|view|slope)|azimuthal_[a-z]+"),
    (
        "none",
        COHERENCE,
        rf"coh(?:erence)?\d{{0,3}}(?:{_PAIR})?|(?<=^_)ccd(?=_$)|[0-9a-f]{{4}}_corr",
    ),
    ("none", PHASE, rf"(?:unw_|wrapped_)?phase(?!_preserving)(?:{_PAIR})?|[iq]{_PAIR}"),
    ("none", PHASE, rf"ifg(?:{_PAIR})?"),
    ("none", PHASE, r"entropy|anisotropy"),
    ("none", OPACITY, r"alpha(?:_band)?"),
    ("none", ELEVATION, r"d[est]m|elevation"),
    ("none", AID, rf"(?:nesz|enl|noise)(?:{_PAIR})?|(?:scattering_?|[0-9a-f]{{4}}_)area"),
    (
        "none",
        AID,
        r"gamma_?sigma_?ratio|rtc_anf\w*|number_of_looks|time_?delta|\w*terrain_shadow",
    ),
    (
        "none",
        "an aid of processing",
        r"(?:num_observations|obscov|iobs_res|q_scan|orbit_pnt|granule_pnt)\w*",
    ),
    ("none", "the day of sensing", r"day_?of_?year|sur_refl_day_of_year|doy"),
    ("none", THERMAL, r"st_(?:b\d+|atran|cdist|drad|emis|emsd|qa|trad|urad)"),
    ("none", THERMAL, r"lwir(?:1[12])?|thermal(?:_infra_?red)?(?:_?\d)?|[a-z]*temperature"),
    ("none", "the aerosol", r"(?<!coastal_)(?:sr_)?(?:qa_)?aerosol(?:_[a-z]+)?|aot"),
    ("none", "the aerosol", r"(?:sr_)?atmos_opacity"),
    ("none", "the water vapour column", r"wvp"),
    ("none", "an index", r"nd[vwm]i|evi|nbr"),
    ("quality", "", r"qlt_r\d|udm|qai?|qa_?[12]0"),
    ("quality", "", r"(?:[a-z0-9]+_)?mask"),
)
"""Role, what it is, and what says so; asked in this order before any name of a band."""
_RULES_OF_DESCRIPTIONS = (
    ("none", PICTURE, r"(?:true|false|natural)_colou?r"),
    ("quality", "cloud-probability", r"probability|cld"),
    ("quality", "clear-probability", r"cs"),
    ("quality", "clear-mask", _CLEAR),
    ("quality", "mask", r"clouds?"),
    ("quality", "", r"quality"),
)
"""Asked after them; in a file's name such a word may be a place or a remark."""

_COHERENCE = re.compile(r"_(?:coh(?:erence)?\d{0,3}|ccd)_|_[vh][vh]_cc_|_cc_[vh][vh]_")
_ASIDE = "use|using|with|without|no(?!_?data)|not|by|for|from|to|at|on|after"
"""What comes behind is not the band, but how it was made."""
_DONE = (
    r"(?!(?:noise_)?(?:correct(?:ed|ion)|normali[sz](?:ed|ation)|compensated|removed|reduced"
    r"|subtracted|flattened|free|controlled|checked|screened|applied)_)"
)
_NEVER_POLARISED = ("clear-mask", "mask", ELEVATION)

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
_COLOUR, _LAST_COLOUR = (re.compile(f"_(?:{_ANY_COLOUR}){end}") for end in ("(?=_)", "_$"))
_NUMBERS = (r"_b0?(\d{1,2}a?|3n)(?=_)", r"_b(?:and)?_?0?(\d{1,2}a?|3n)(?=_)")
_GENERIC = re.compile(r"^_(?:band|layer)_?\d+_$")
_POLARISATION = re.compile(r"_(vv|vh|hh|hv)(?=_)")
_MODE = re.compile(r"vv ?[+&] ?vh|hh ?[+&] ?hv")
"""How an image was taken, which says nothing of a band."""
_QUOTIENT = re.compile(r"_(?:ratio|quotient)_|_[vh][vh]_(?:over|div|divided_by)_[vh][vh]_")
_CALIBRATION = re.compile(r"_(sig(?:ma)?|gam(?:ma)?|beta|[σγβ])_?(?:0|nought|naught)(?:rtc)?_")
_CALIBRATIONS = {"s": "sigma0", "σ": "sigma0", "g": "gamma0", "γ": "gamma0"}
_LEVELS = (
    r"_(?:[a-z]{3})?(l1[bc]|l2a)_|_(l1(?:tp|gt|gs)|l2s[pr])_|_(slc)_|_(rtc)\d{0,2}_|_(grd)[hmf]?_",
    r"_(toa)r?_|_(sr)_",
)
_AMPLITUDE = r"(amp(?:l|litude)?)(?=_)"
_QUANTITY = r"(amp(?:l|litude)?|linear|power|intensity)(?=_)"
_BESIDE = r"(?:vv|vh|hh|hv|(?:sigma|gamma|beta)_?0)"
_QUANTITY_IN_NAMES = f"_{_BESIDE}_{_QUANTITY}|_{_QUANTITY}(?=_(?:{_BESIDE}_|$))|_{_AMPLITUDE}"
"""A power station is no unit: in names it stands beside the band or last, amplitude anywhere."""
_APPENDED = re.compile(
    r"(?:_(?:r?\d{1,3}m|clip(?:ped)?|crop(?:ped)?|cog|raw|v\d+|subset|\d{6,10}(?:t\d{6})?"
    r"|\d{1,2}[a-z]{3}\d{4}|(?:19|20)\d\d(?:_\d\d_\d\d)?))+_$"
)
_EXTENSIONS = re.compile(
    r"(?:\.(?:tiff?|jp2|img|vrt|nc|dat|hdr|png|jpe?g|zip|tar|safe|dim|data)| ?\(\d+\))+$", re.I
)
_TO_BANDS = re.compile(r"_s1[a-d]_[a-z]w_grd[hmf]_(?:[a-z0-9]+_){5,6}(?:vv|vh|hh|hv|angle)_$")
"""Earth Engine joins an image's id and a band's name."""
_SHORTEST, _FARTHEST = 350.0, 15000.0
_NEAR = 0.06
"""A band's wavelength lies within 6 % of its centre."""
_NUMBER = r"\d{1,5}(?:\.\d{1,9})?"
_LENGTH = re.compile(
    rf"(?<![\w.])(?:({_NUMBER}) ?(?:-|–|to) ?)?({_NUMBER}) ?(?:(nm|nano ?m)|um\b|[µμ]m|micro)", re.I
)
_BARE_LENGTH = re.compile(
    rf"(?<![\w.])(\d{{3,4}}\.\d{{1,9}}|(?<=wavelength=){_NUMBER})(?![\w.])", re.I
)
_COLOURED_LENGTH = re.compile(r"(?:blue|green|red|edge|nir)[ _-]?(\d{3})(?:nm)?(?![\w.])", re.I)
_WAVELENGTH = re.compile(r"wavelength(?!.*(?:unit|min|max))", re.I)
_WAVELENGTH_UNIT = re.compile(r"wavelength.*unit", re.I)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR, _YEARDAY = r"(?P<year>(?:19|20)\d\d)", r"(?P<yearday>[0-3]\d\d)(?!\d)"
_MONTH, _DAY = r"(?P<month>0[1-9]|1[0-2])", r"(?P<day>[0-2]\d|3[01])"
_DATES = (
    rf"(?<!\d){_YEAR}(?P<between>[-_.]?){_MONTH}(?P=between){_DAY}(?!\d)",
    rf"(?<!\d)(?P<day>\d\d?)(?P<month>{'|'.join(_MONTHS)}){_YEAR}(?!\d)",
    # ASTER: the version of the product comes first
    rf"(?<=_00[1-4]){_MONTH}{_DAY}{_YEAR}(?=\d{{6}}_\d{{14}}_)",
    rf"(?:(?<=\.)|(?<![a-z\d])(?:a|l[cemot]\d{{7}})){_YEAR}{_YEARDAY}",
)
_PRODUCED = re.compile(r"(?:^|[\\/])S2[A-D]_(?:OPER|USER)_", re.I)
_SENSED = rf"(?<=_[vs]){_YEAR}{_MONTH}{_DAY}(?=t\d)"
_PROCESSED = re.compile(
    # Landsat; Sentinel-2; EnMAP; Digital Earth Australia; start and stop, or sensed and processed
    r"(L[CEMOT]\d\d_[A-Z0-9]{2,4}_\d{6}_\d{8})_\d{8}(?!\d)"
    r"|(MSIL\d[ABC]_\d{8}T\d{6}(?:_N\d{4})?(?:_R\d{3})?(?:_T\w{5})?)_\d{8}T\d{6}"
    r"|(DT\d{8,12}_\d{8}T\d{6}Z_\d{3}_V\d{6})_\d{8}T\d{6}Z"
    r"|(\bga_[a-z0-9]{2,6}_[a-z]{2,6}_\d-\d)-\d{8}(?!\d)"
    r"|(\d{8}T\d{6}Z?)[-_]\d{8}T\d{6}",
    re.A | re.I,
)
LANDSAT_8 = datetime.date(2013, 3, 18)
"""Its first image; what is older is of Landsat 4 to 7."""
_YEAR_ALONE = re.compile(r"(?<!\d)(?:19[89]|20[0-4])\d(?!\d)")
_BAND_TAG = re.compile(
    r"^(?:(?:band_?|long_?|short_?|standard_?)?name|description|polari[sz]ation|title)$", re.I
)
_PRODUCT_TAG = re.compile(
    r"product|scene|granule|spacecraft|platform|satellite|sensor|mission|level", re.I
)
_UNIT_TAG = re.compile(r"^units?$|^unittype$|OUTPUT_BACKSCATTER_(?:EXPRESSION|NORMALI)", re.I)


def label(
    file_name: str,
    description: str = "",
    tags: Mapping[str, str] = {},
    band_tags: Mapping[str, str] = {},
) -> Label:
    """Return what a file's name, a band's description and the tags of both say of the band.

    Folders before the name tell the product, those of Sentinel-1 unit and calibration too. A file
    of several bands has one name: where `why` begins with "name", what is said was said of the
    file, not of the band.
    """
    name, *folders = _names(file_name)
    described = [_text("description", description, name)] if description.strip() else []
    described += _tagged(band_tags, _BAND_TAG, name)
    texts = [*described, *_tagged(tags, _PRODUCT_TAG, name), name, *folders]
    product, said = _product(texts)
    known = _Known(product, _sensor(product, texts), name)
    length = wavelength(description, {**tags, **band_tags})
    reading, named = _reading(described, known, length)
    sensor = known.sensor or (S2 if reading.number == "8A" else "")
    around = [f for f in folders if S1 in _sensors(f) and (not said or said in folders)]
    settings = (
        _tagged(band_tags, _UNIT_TAG, name),
        [*described, *_tagged(tags, _UNIT_TAG, name), name],
        around,
    )
    calibration = _calibration(chain(*settings), product)
    role = reading.role or _role(product, sensor) or ("radar" if calibration else "")
    if {role, _role(product, sensor)} == {"optical", "radar"}:
        product = sensor = ""
    level = _level(product, texts)
    units = {"radar": _radar_unit, "optical": _optical_unit}
    unit, measured = units[role](settings, product, level) if role in units else ("", None)
    return Label(
        role,
        product,
        sensor,
        level,
        reading.band,
        reading.number,
        unit,
        calibration if role == "radar" else "",
        _said(named or said),
        _said(said),
        _said(measured or said) if unit else "",
    )


def _said(text: _Text | None) -> str:
    return f"{text.source} {text.raw}" if text else ""


def wavelength(description: str, tags: Mapping[str, str] = {}) -> float | None:
    """Return a band's wavelength in nanometres (a range's middle) where its texts give one."""
    stated = {key[:_LONGEST]: text[:_LONGEST] for key, text in tags.items()}
    units = " ".join(text for key, text in stated.items() if _WAVELENGTH_UNIT.search(key))
    # a file's tag may list those of all its bands
    single = [
        f"wavelength={text} {units}"
        for key, text in stated.items()
        if _WAVELENGTH.search(key) and len(re.findall(_NUMBER, text)) == 1
    ]
    for text in (*single, description[:_LONGEST]):
        if found := _LENGTH.search(text):
            low, high = float(found[1] or found[2]), float(found[2])
            factor = 1.0 if found[3] else 1000.0
            ranged = _SHORTEST <= low * factor <= high * factor
            length = factor * ((low + high) / 2 if ranged else high)
        elif found := _BARE_LENGTH.search(text) or _COLOURED_LENGTH.search(text):
            length = float(found[1]) * (1000 if float(found[1]) < _SHORTEST / 10 else 1)
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
    # old names of Sentinel-2 give the day of production first, that of sensing after V or S
    patterns = (_SENSED,) if _PRODUCED.search(text) else _DATES
    matches = [match for pattern in patterns for match in re.finditer(pattern, text, re.A | re.I)]
    found = map(_date, sorted(matches, key=lambda match: match.start()))
    return tuple(dict.fromkeys(date for date in found if date))


def latest(text: str) -> datetime.date | None:
    """Return the last day that a text gives, of a year without days its last; None without both."""
    years = [datetime.date(int(year), 12, 31) for year in _YEAR_ALONE.findall(text[:_LONGEST])]
    return max(dates(text) or years, default=None)


def _date(match: re.Match[str]) -> datetime.date | None:
    parts = match.groupdict()
    year = int(parts["year"])
    try:
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
    spoken = _MODE.sub(" dual ", spoken)
    return "_".join(["", *re.findall(r"[^\W_]+", spoken), ""])


def _names(file_name: str) -> list[_Text]:
    """Return the file's name and its folders', the nearest first."""
    parts = [part for part in re.split(r"[\\/]", file_name[-_LONGEST:]) if part] or [""]
    name = _Text("name", parts[-1], _words(_EXTENSIONS.sub("", parts[-1])), described=False)
    return [name, *(_Text("folder", part, _words(part), described=False) for part in parts[-2::-1])]


def _text(source: str, raw: str, name: _Text) -> _Text:
    words = _words(raw[:_LONGEST])
    # some writers describe a band by the file's name
    copied = name.words.count("_") > 2 and name.words in words
    return _Text(source, raw[:_LONGEST], words, described=not copied)


def _tagged(tags: Mapping[str, str], wanted: re.Pattern[str], name: _Text) -> list[_Text]:
    named = ((key[:_LONGEST], text) for key, text in tags.items())
    return [_text(f"tag {key}", text, name) for key, text in named if wanted.search(key)]


def _product(texts: Iterable[_Text]) -> tuple[str, _Text | None]:
    """Return the first product named that no text before it contradicts, and the text."""
    found: list[tuple[str, _Text | None]] = []
    before: set[str] = set()
    for text in texts:
        keys = (key for pattern, key in PRODUCT_NAMES if re.search(pattern, text.words))
        earth_engine = text.described and _TO_BANDS.search(text.words)
        key = "gee-s1" if earth_engine else next(keys, "")
        sensors = before | (_sensors(text) if key == "sentinel-2" else set())
        if key and not any(_contradicts(sensor, key) for sensor in sensors):
            found.append((key, text))
        before |= _sensors(text)
    # tags of HLS name the product that it was made of
    return next((pair for pair in found if pair[0].startswith("hls")), (found or [("", None)])[0])


def _sensor(product: str, texts: Sequence[_Text]) -> str:
    known = KNOWN_PRODUCTS[product].sensor if product else ""
    if known == PLANET and any("_8b_" in text.words for text in texts):
        return f"{PLANET} 8 bands"
    for text in () if known else texts:
        found = {name for name in _sensors(text) if not product or not _contradicts(name, product)}
        if len(found) == 1:
            return found.pop()
    if known or not ("landsat" in product or any("_landsat_" in text.words for text in texts)):
        return known
    days = [day for text in texts if text.source != "folder" and (day := latest(text.raw))]
    return "Landsat 4-7" if days and max(days) < LANDSAT_8 else ""


def _contradicts(sensor: str, product: str) -> bool:
    known = KNOWN_PRODUCTS[product].sensor
    return sensor != known if known else "landsat" in product and "Landsat" not in sensor


def _sensors(text: _Text) -> set[str]:
    return {name for pattern, name in SENSOR_NAMES if re.search(pattern, text.words)}


def _role(product: str, sensor: str) -> str:
    if sensor == S1:
        return "radar"
    return "optical" if product or sensor else ""


def _level(product: str, texts: Sequence[_Text]) -> str:
    if product and KNOWN_PRODUCTS[product].level:
        return KNOWN_PRODUCTS[product].level
    found = (re.search(pattern, text.words) for pattern in _LEVELS for text in texts)
    return next((match[match.lastindex or 0].upper() for match in found if match), "")


def _reading(
    described: Sequence[_Text], known: _Known, length: float | None
) -> tuple[_Reading, _Text | None]:
    """Return what names the band and the text that does."""
    texts = sorted([*described, known.name], key=lambda text: bool(_GENERIC.search(text.words)))
    if "_udm2_" in known.name.words:
        return _Reading("quality", "udm2"), known.name
    measured = _Text("wavelength", f"{length:g} nm", "", described=True) if length else None
    for text in texts:
        if told := _told(text, known):
            return told, text
        if reading := _optical(text, known, length):
            return reading, text if text.described else measured or text
        if reading := _polarised(text, known):
            return reading, text
    if length:
        return _by_wavelength(length, known.sensor, ""), measured
    return _Reading(), None


def _told(text: _Text, known: _Known) -> _Reading | None:
    """Return a quality band or what is no image band."""
    rules = (*_RULES, *_RULES_OF_DESCRIPTIONS) if text.described else _RULES
    polarised = _POLARISATION.search(text.words)
    if (polarised or known.sensor == S1) and _COHERENCE.search(text.words):
        return _Reading("none", COHERENCE)
    words, end = (text.words, "") if text.described else (text.end, "$")
    named = polarised or (text.described and _COLOUR.search(words))
    if named:
        before, after = words[: named.end()], words[named.end() :]
        words = before + re.sub(f"_(?:{_ASIDE if text.described else 'use'})_.*", "_", after)
    for role, band, pattern in rules:
        if text.described and polarised and band in _NEVER_POLARISED:
            continue
        if named and pattern is _CLEAR:
            continue
        done = _DONE if named and band != PHASE else ""
        if re.search(f"_(?:{pattern})_{done}{end}", words):
            return _Reading(role, _coding(band, known))
    return None


def _coding(band: str, known: _Known) -> str:
    """Return the coding of a quality band that several products name alike."""
    if band == "fmask":
        family = known.product.split("-")[0]
        return f"fmask-{family}" if family in ("hls", "odc") else ""
    if band == "bqa":
        if re.search(r"_01_(?:t\d|rt)_", known.name.words):
            return "landsat-c1-bqa"
        return "landsat-bqa" if re.search(r"_l[cot]8\d{13}", known.name.words) else ""
    return PHASE if band == OPACITY and known.sensor == S1 else band


def _optical(text: _Text, known: _Known, length: float | None) -> _Reading | None:
    number, colour = _number(text), _colour(text, known)
    if text.described and not number and _POLARISATION.search(text.words):
        return None
    sensor = known.sensor or (S2 if number == "8A" else "")
    if length and (number or colour):
        return _by_wavelength(length, sensor, number)
    entry = SENSORS.get(sensor, {}).get(number)
    band = colour or (entry.name if entry else "")
    return _named(band, number) if number or colour else None


def _named(band: str, number: str) -> _Reading:
    if band == "thermal":
        return _Reading("none", THERMAL, number)
    return _Reading("optical" if band else "", band, number)


def _by_wavelength(length: float, sensor: str, number: str) -> _Reading:
    table = SENSORS.get(sensor, {}).values()
    nearest = min(table, key=lambda band: abs(band.centre - length), default=None)
    if nearest and abs(nearest.centre - length) <= _NEAR * nearest.centre:
        return _named(nearest.name, number)
    return _named(next((name for low, high, name in RANGES if low <= length < high), ""), number)


def _number(text: _Text) -> str:
    for pattern in _NUMBERS:
        if found := set(re.findall(pattern, text.words, re.A)):
            return found.pop().upper() if len(found) == 1 else ""
    return ""


def _colour(text: _Text, known: _Known) -> str:
    matches = _COLOUR.finditer(text.words) if text.described else _LAST_COLOUR.finditer(text.end)
    found = {_COLOURS[(match.lastindex or 1) - 1][1] for match in matches}
    band = found.pop() if len(found) == 1 else ""
    if known.product == "odc-s2":
        return {"swir2": "swir1", "swir3": "swir2"}.get(band, band)
    if known.product == "force-s2" and band == "nir" and "_broad" not in text.words:
        return "nir08"
    if band == "nir08" and "landsat" in f"{known.sensor} {known.product}".lower():
        return "nir"
    # Digital Earth Australia counts Sentinel-2's from swir_2, Landsat's from swir_1
    unsure = band == "swir2" and "_nbar" in text.words and known.product != "odc-landsat"
    return "" if unsure or band == "swir3" else band


def _polarised(text: _Text, known: _Known) -> _Reading | None:
    if known.sensor not in ("", S1) and not text.described:
        return None
    found = list(dict.fromkeys(_POLARISATION.findall(text.words)))
    if _QUOTIENT.search(text.words):
        if not found and (re.search(_NUMBERS[1], text.words) or _COLOUR.search(text.words)):
            return None
        crossed = re.search(r"_cross_?(?:pol[a-z]*_)?(?:ratio|quotient)_", text.words)
        pair = "/".join(found).upper() or ("VH/VV" if crossed else RATIO)
        return _Reading("radar", RATIO) if pair == RATIO else _Reading("none", f"the ratio {pair}")
    return _Reading("radar", found[0].upper() if len(found) == 1 else "") if found else None


def _optical_unit(
    settings: Sequence[Sequence[_Text]], product: str, level: str
) -> tuple[str, _Text | None]:
    """Return the unit and the text that says so; none where the product does."""
    for text in chain(*settings):
        words, end = (text.words, "") if text.described else (text.end, "$")
        if found := re.search(f"_(percent|radiance)_{end}", words):
            return found[1], text
    if product in ("planetscope", "enmap") and level not in ("L2A", "SR", "TOA"):
        return "radiance", None
    return KNOWN_PRODUCTS[product].unit if product else "", None


def _radar_unit(
    settings: Sequence[Sequence[_Text]], product: str, _level: str
) -> tuple[str, _Text | None]:
    """Return the unit and the text that says so; none where the product does."""
    for texts in settings:
        for text in texts:
            if re.search("_(?:db(?:x?10+)?|decibels?)_", text.words):
                return "db", text
        for text in texts:
            free = text.described or product == "copernicus-browser"
            if unit := _quantity(text, f"_{_QUANTITY}" if free else _QUANTITY_IN_NAMES):
                return unit, text
        for text in texts:
            if unit := _coded(text, "unit"):
                return unit, text
    if product == "copernicus-browser":
        return "power", None
    return KNOWN_PRODUCTS[product].unit if product else "", None


def _quantity(text: _Text, pattern: str) -> str:
    """Return the unit by the last such word of a name, the first of a sentence."""
    said = [found[found.lastindex or 0] for found in re.finditer(pattern, text.words)]
    exact = [word for word in said if word != "linear"] or said
    if not exact:
        return ""
    return "amplitude" if exact[0 if " " in text.raw else -1].startswith("amp") else "power"


def _coded(text: _Text, what: str) -> str:
    """Return the unit or calibration that letters in a product's name stand for."""
    found = (re.search(pattern, text.words) for pattern in CODES)
    return next((CODE_LETTERS[match[what]] for match in found if match), "")


def _calibration(settings: Iterable[_Text], product: str) -> str:
    for text in settings:
        if found := _CALIBRATION.search(text.words):
            return _CALIBRATIONS.get(found[1][0], "beta0")
        if coded := _coded(text, "calibration"):
            return coded
    return KNOWN_PRODUCTS[product].calibration if product else ""
