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
NO_PRODUCT = ""
_LONGEST = 1000
"""Characters of a text that are read: names and descriptions are shorter, whatever else is not."""


class Label(NamedTuple):
    """What the texts of one band say; every field is empty where they do not."""

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
    """description, name, folder or the tag's name."""
    raw: str
    words: str
    """In lower case, its words between single underscores, one at either end."""
    described: bool
    """Written for the band, not for the file."""

    @property
    def why(self) -> str:
        return f"{self.source} {self.raw}"


class _Reading(NamedTuple):
    role: str
    band: str
    number: str = ""


class _Rule(NamedTuple):
    role: str
    band: str
    anywhere: str
    """What says it, in a file's name only at its end."""
    described: str = "(?!)"
    """What says it in a description alone."""

    def says(self, text: _Text) -> bool:
        if text.described:
            return bool(re.search(f"_(?:{self.anywhere}|{self.described})_", text.words))
        return bool(re.search(f"_(?:{self.anywhere})_$", _shorn(text.words)))


_PAIR = r"(?:_[a-z]w\d)?_(?:vv|vh|hh|hv)"
_RULES = (
    _Rule("quality", "udm2", r"udm2"),
    _Rule("quality", "landsat-c2", r"qa_pixel|pixel_quality"),
    _Rule("quality", "landsat-c1", r"pixel_qa"),
    _Rule("quality", "bqa", r"bqa"),
    _Rule("quality", "scl", r"scl|scene_?classification(?:_map)?"),
    _Rule("quality", "qa60", r"qa_?60"),
    _Rule("quality", "fmask", r"fmask"),
    _Rule(
        "quality",
        "cloud-probability",
        r"(?:msk_)?cldprb|cld_?prob|clp|cloud_?prob(?:ability)?|oa_s2cloudless_prob|s2cloudless_prob",
        "probability|cld",
    ),
    _Rule("quality", "clear-probability", r"cs_cdf", "cs"),
    _Rule("quality", "clear-mask", r"clear_?(?:sky_?)?mask|cloud_?free_mask", "clear(?:_?sky)?"),
    _Rule("none", "snow probability", r"(?:msk_)?snwprb"),
    _Rule("none", "a data mask", r"data_?mask|valid_?mask|(?:oa_)?nbart?_contiguity|contiguity"),
    _Rule("none", "another mask", r"(?:water|land|snow|swath|urban|crop|forest|flood)_?mask"),
    _Rule("quality", "mask", r"clm|cloud_?(?:shadow_?)?mask|ql_quality_cloud(?:shadow)?", "clouds?"),
    _Rule("none", "quality flags", r"ql_[a-z_]+|qa_radsat|radsat_qa|msk_[a-z0-9_]+|(?:edg|sat|mg2)_r\d"),
    _Rule(
        "none",
        "the layover and shadow map",
        r"layover_?(?:shadow_?)?(?:mask|map)?|ls_ma(?:p|sk)|rtc_s1(?:_[a-z0-9]+){7}_mask",
    ),
    _Rule("quality", "", r"(?:clm|qlt)_r\d|sr_cloud_qa|udm|qai?|qa_?[12]0|quality|[a-z0-9]+_mask|mask"),
    _Rule("none", "the incidence angle", r"[a-z]*incidence_?angle(?:_?from_?ellipsoid)?|inc_map(?:_ell)?|angle|lia"),
    _Rule(
        "none",
        "an angle",
        r"[sv][za]a|(?:sun|solar|view|viewing|sensor|satellite|mean|relative|azimuthal|incident|exiting)"
        r"_(?:[a-z]+_)?(?:zenith|azimuth|angles?|view|incident|exiting|slope)(?:_[a-z0-9]+)?",
    ),
    _Rule("none", "the coherence", rf"coh(?:erence)?(?:_[a-z]w\d)?(?:_[vh][vh])?|corr", "coh"),
    _Rule("none", "the interferometric phase", rf"(?:unw_|wrapped_)?phase(?:_ifg)?(?:{_PAIR})?|[iq]_ifg{_PAIR}", "ifg"),
    _Rule("none", "one part of a complex number", rf"[iq]{_PAIR}"),
    _Rule("none", "a polarimetric parameter", r"entropy|anisotropy|alpha_(?:angle|mean)|pol_[a-z]+"),
    _Rule("none", "the noise", r"nesz"),
    _Rule("none", "the scattering area", r"(?:scattering_?|[0-9a-f]{4}_)area|gamma_?sigma_?ratio|rtc_anf[a-z0-9_]*", "area"),
    _Rule("none", "the number of looks", r"number_of_looks"),
    _Rule("none", "the elevation", r"dem|dsm|dtm|elevation|srtm(?:_[a-z0-9]+)?|slope|aspect"),
    _Rule("none", "the surface temperature", r"st_(?:b\d+|[a-z]+)|lwir(?:1[12])?|lst|[a-z]*temperature|bt_band\d+"),
    _Rule("none", THERMAL, r"tirs?_?\d?|thermal(?:_[a-z0-9]+)*"),
    _Rule("none", "the aerosol", r"(?<!coastal_)(?:sr_)?(?:qa_)?aerosol(?:_[a-z]+)?|aot|sr_atmos_opacity|atmos_opacity"),
    _Rule("none", "the water vapour column", r"wvp"),
    _Rule("none", "an index", r"nd[vwms]i[a-z0-9]*|ndmi|evi|nbr|mndwi|m?savi|gndvi|lai|fapar"),
    _Rule(
        "none",
        "a picture",
        r"tci|pvi|visual|rgb_ratio|sar_urban|[0-9a-f]{4}_rgb|l2a_(?:true|false)_colou?r",
        "(?:true|false|natural)_colou?r",
    ),
)
"""In the order in which they are asked, before any name of a band."""

_COLOURS = (
    (r"(?:coastal|ultra)(?:_?(?:aerosol|blue))?", "coastal"),
    (r"green_?i", "greeni"),
    (r"(?:vegetation_)?red_?edge_?0?2|re_?2", "rededge2"),
    (r"(?:vegetation_)?red_?edge_?0?3|re_?3", "rededge3"),
    (r"(?:vegetation_)?red_?edge(?:_?0?1)?|re_?1", "rededge1"),
    (r"nir_?0?8a?|nir_?2|nir_?narrow|narrow_?nir", "nir08"),
    (r"nir_?0?9|water_?vapou?r|vapou?r", "vapour"),
    (r"(?:broad_?)?nir(?:_?1)?|near_?infra_?red|near_ir", "nir"),
    (r"swir_?1(?:_?6)?|short_?wave_infra_?red_1", "swir1"),
    (r"swir_?22?|short_?wave_infra_?red_2", "swir2"),
    (r"swir_?3", "swir3"),
    (r"infra_?red|short_?wave", ""),
    (r"pan(?:chromatic)?", "pan"),
    *((name, name) for name in ("cirrus", "blue", "green", "yellow", "red")),
)
_COLOUR = re.compile("|".join(f"_({pattern})(?=_)" for pattern, _ in _COLOURS))
_NUMBERS = (re.compile(r"_b0?(\d{1,2}a?)(?=_)"), re.compile(r"_b(?:and)?_?0?(\d{1,2}a?)(?=_)"))
_GENERIC = re.compile(r"^_(?:band|layer)_?\d+_$")
_POLARISATION = re.compile(r"_(vv|vh|hh|hv)(?=_)")
_QUOTIENT = re.compile(r"_(?:ratio|quotient)_|_[vh][vh]_(?:over|div|divided_by)_[vh][vh]_")
_CALIBRATION = re.compile(r"_(?:(sig)(?:ma)?|(gam)(?:ma)?|(beta)|([σγβ]))_?(?:0|nought|naught)(?=_)")
_CALIBRATIONS = {"sig": "sigma0", "σ": "sigma0", "gam": "gamma0", "γ": "gamma0"}
_LEVEL = re.compile(
    r"_(?:[a-z]{3})?(l1[bc]|l2a)(?=_)|_(l1(?:tp|gt|gs)|l2s[pr])_|_level_?(1c|2a)_|_(slc)_|_(rtc)\d{0,2}_"
    r"|_(grd)[hmf]?_|_(toa)r?(?=_)|_(sr)(?=_)"
)
_DECIBEL = re.compile(r"_(?:db|decibels?)_")
_QUANTITY = r"(?:(amp(?:l|litude)?)|(linear|power|intensity))"
_BESIDE = r"(?:vv|vh|hh|hv|(?:sigma|gamma|beta)_?0)"
_QUANTITIES = re.compile(rf"_{_QUANTITY}_")
_QUANTITIES_OF_A_NAME = re.compile(
    rf"_{_QUANTITY}(?:_{_BESIDE}_|_$)|_{_BESIDE}_{_QUANTITY}_"
)
"""A power station is no unit: in names they stand beside the band, or last."""
_SHORN = re.compile(
    r"(?:_(?:r?\d{1,3}m|clip(?:ped)?|crop(?:ped)?|cog|raw|v\d+|subset|\d{6,10}(?:t\d{6})?"
    r"|\d{1,2}[a-z]{3}\d{4}|\d{4}_\d\d_\d\d))+_$"
)
_EXTENSIONS = re.compile(r"(?:\.(?:tiff?|jp2|img|vrt|nc|dat|hdr|png|jpe?g|zip|tar|safe|dim|data))+$", re.I)
_COPY = re.compile(r" ?\(\d+\)$")
_LENGTH = re.compile(
    r"(?<![\w.])(?:(\d{1,5}(?:\.\d{1,9})?) {0,2}(?:-|–|to) {0,2})?(\d{1,5}(?:\.\d{1,9})?) {0,2}"
    r"(nm|nano ?met|um\b|[µμ]m|micro)",
    re.IGNORECASE,
)
_BARE_LENGTH = re.compile(r"(?:wavelength\W{1,3}|(?<![\w.]))(\d{1,5}\.\d{1,9})(?![\w.])", re.I)
_BAND_TAGS = re.compile(
    r"(?:band_?|long_?|short_?|standard_?)?name|description|polari[sz]ation|title", re.I
)
_IDENTITY = re.compile(r"product|scene|granule|spacecraft|platform|satellite|sensor|mission|level", re.I)


def label(
    file_name: str,
    description: str = "",
    tags: Mapping[str, str] = {},
    band_tags: Mapping[str, str] = {},
) -> Label:
    """Return what a file's name, a band's description and the tags of both say of the band.

    Folders before the name are read for the product alone. A file of several bands has one name:
    there what begins with "name" in `why` is said of the file, not of the band.
    """
    name, folders = _name(file_name)
    described = [_text("description", description, name)] if description.strip() else []
    described += [
        _text(f"tag {key}", value, name) for key, value in band_tags.items() if _BAND_TAGS.fullmatch(key)
    ]
    identity = [
        _text(f"tag {key}", value, name) for key, value in tags.items() if _IDENTITY.search(key)
    ]
    texts = [*described, *identity, name, *folders]
    product, named_product = _product(texts)
    sensor = _sensor(product, texts)
    order = sorted([*described, name], key=lambda text: bool(_GENERIC.search(text.words)))
    length = wavelength(description, {**tags, **band_tags})
    reading, named = _reading(order, sensor, product, length)
    if reading.number == "8A" and not sensor:
        sensor = "Sentinel-2"
    role = reading.role or _role(product, sensor)
    settings = [*described, *_settings(tags, band_tags), name, *folders]
    level = KNOWN_PRODUCTS[product].level if product else ""
    level = level or _level(texts)
    source = named or named_product
    return Label(
        role,
        product,
        sensor,
        level,
        reading.band,
        reading.number,
        _unit(settings, role, product, level),
        _calibration(settings, product) if role == "radar" else "",
        source.why if source else "",
    )
