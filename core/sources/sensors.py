"""What is published of sensors and products: whose band has which number, who writes which names.

Patterns of names read text in lower case whose words stand between single underscores.
"""

from collections.abc import Mapping
from typing import NamedTuple

S1, S2, PLANET = "Sentinel-1", "Sentinel-2", "PlanetScope"
X10000 = "reflectance x 10000"


class SensorBand(NamedTuple):
    """A band of a sensor: its name in a scene and its centre in nanometres."""

    name: str
    centre: float


class KnownProduct(NamedTuple):
    """What is known of a product once its name is recognised; empty where it varies."""

    label: str
    source: str
    sensor: str = ""
    unit: str = ""
    """Of its reflectance or backscatter."""
    level: str = ""
    calibration: str = ""


def _table(text: str) -> Mapping[str, SensorBand]:
    rows = (row.split() for row in text.split(","))
    return {number: SensorBand(name, float(centre)) for number, name, centre in rows}


SENSORS: Mapping[str, Mapping[str, SensorBand]] = {
    # USGS, Landsat 8-9 Collection 2 Level 2 Science Product Guide (LSDS-1619)
    "Landsat 8-9": _table(
        "1 coastal 443, 2 blue 482, 3 green 561, 4 red 655, 5 nir 865, 6 swir1 1609, 7 swir2 2201, "
        "8 pan 590, 9 cirrus 1373, 10 thermal 10895, 11 thermal 12005"
    ),
    # USGS, Landsat 4-7 Collection 2 Level 2 Science Product Guide (LSDS-1618)
    "Landsat 4-7": _table(
        "1 blue 485, 2 green 560, 3 red 660, 4 nir 835, 5 swir1 1650, 6 thermal 11450, "
        "7 swir2 2220, 8 pan 710, 61 thermal 11450, 62 thermal 11450"
    ),
    # USGS, Landsat 1-5 MSS Collection 2 Level 1 Data Format Control Book (LSDS-1416)
    "Landsat 4-5 MSS": _table("1 green 550, 2 red 650, 3 rededge2 750, 4 nir 950"),
    "Landsat 1-3 MSS": _table("4 green 550, 5 red 650, 6 rededge2 750, 7 nir 950"),
    # ESA, Sentinel-2 Products Specification Document (S2-PDGS-TAS-DI-PSD)
    S2: _table(
        "1 coastal 443, 2 blue 490, 3 green 560, 4 red 665, 5 rededge1 705, 6 rededge2 740, "
        "7 rededge3 783, 8 nir 842, 8A nir08 865, 9 vapour 945, 10 cirrus 1375, 11 swir1 1610, "
        "12 swir2 2190"
    ),
    # Planet, PlanetScope Product Specification: Dove-R and SuperDove
    PLANET: _table("1 blue 490, 2 green 565, 3 red 665, 4 nir 865"),
    f"{PLANET} 8 bands": _table(
        "1 coastal 443, 2 blue 490, 3 greeni 531, 4 green 565, 5 yellow 610, 6 red 665, "
        "7 rededge1 705, 8 nir 865"
    ),
    # NASA, MODIS Surface Reflectance User's Guide; band 5 (1240) has no name
    "MODIS": _table("1 red 645, 2 nir 858.5, 3 blue 469, 4 green 555, 6 swir1 1640, 7 swir2 2130"),
    # NASA, ASTER Users' Handbook; of the five bands near 2200 the one of other sensors' swir2
    "ASTER": _table("1 green 556, 2 red 661, 3N nir 807, 4 swir1 1656, 6 swir2 2209"),
}
"""Bands of sensors by the number that their products use."""

RANGES = (
    (425, 455, "coastal"),
    (455, 525, "blue"),
    (525, 585, "green"),
    (585, 625, "yellow"),
    (625, 690, "red"),
    (690, 720, "rededge1"),
    (720, 760, "rededge2"),
    (760, 800, "rededge3"),
    (800, 900, "nir"),
    (930, 960, "vapour"),
    (1360, 1400, "cirrus"),
    (1550, 1700, "swir1"),
    (2080, 2350, "swir2"),
    (3000, 15000, "thermal"),
)
"""Wavelengths in nanometres, from and below, and their names where no sensor is known."""

_FIRST = r"^_(?:\d{8}_|\d{4}_\d\d_\d\d_)?"
"""At the beginning, or after a date that stands there."""
SENSOR_NAMES = (
    (rf"_l[co]0?[89](?:_|\d{{13}})|_landsat_?[89]_|_ga_ls[89]c?_|{_FIRST}l[89]_", "Landsat 8-9"),
    (r"_(?:ls|lnd)0?[89]_|_sr_b(?:and)?6_|_st_b10_|_sr_(?:qa_)?aerosol_", "Landsat 8-9"),
    (r"_l[et]0?[4-7](?:_|\d{13})|_landsat_?[4-7]_|_ga_ls[457][te]?_", "Landsat 4-7"),
    (
        rf"_(?:ls|lnd)0?[457]_|{_FIRST}(?:l[457]|tm)_|_st_b6_|_sr_(?:atmos_opac|cloud_qa)",
        "Landsat 4-7",
    ),
    (r"_etm7?_|_tm[45]_|_landsat_tm_|_tm_(?:19|20)\d\d_", "Landsat 4-7"),
    (r"_lm0?[45](?:_|\d{13})", "Landsat 4-5 MSS"),
    (r"_lm0?[1-3](?:_|\d{13})", "Landsat 1-3 MSS"),
    (r"_modis_", "MODIS"),
    (r"_ast_(?:l1|0)|_aster_(?!gdem_)", "ASTER"),
    (r"_s2[a-d]_|_sen2[a-d]_|_sentinel_?2[a-d]?_", S2),
    (rf"_s1[a-d]_|{_FIRST}s1_(?!s2_)|_sentinel_?1[a-d]?_", S1),
)
"""Sensors by what names them."""

KNOWN_PRODUCTS: Mapping[str, KnownProduct] = {
    "hls-s30": KnownProduct("HLS S30", "NASA, HLS User Guide v2.0", S2, X10000, "SR"),
    "hls-l30": KnownProduct("HLS L30", "NASA, HLS User Guide v2.0", "Landsat 8-9", X10000, "SR"),
    "opera-rtc": KnownProduct("OPERA RTC-S1", "JPL D-108758", S1, "power", "RTC", "gamma0"),
    "hyp3-rtc": KnownProduct("HyP3 RTC", "ASF, HyP3 RTC Product Guide", S1, "", "RTC"),
    "s1-nrb": KnownProduct("Sentinel-1 NRB", "ESA, CEOS-ARD NRB", S1, "", "NRB"),
    "pyrosar": KnownProduct("pyroSAR", "pyroSAR documentation, file naming", S1, "power"),
    "s1gbm": KnownProduct("S1GBM, dB x 10", "doi:10.1038/s41597-021-01059-7", S1, "db"),
    "bigearthnet-s1": KnownProduct("BigEarthNet-S1", "doi:10.1109/MGRS.2021.3089174", S1, "db"),
    "s1-rtc-pc": KnownProduct("Sentinel-1 RTC", "Planetary Computer", S1, "power", "RTC", "gamma0"),
    "s1-slc": KnownProduct("complex Sentinel-1", "ESA, S1-RS-MDA-52-7441", S1, "", "SLC"),
    "s1-grd": KnownProduct("raw Sentinel-1", "ESA, S1-RS-MDA-52-7441", S1, "amplitude", "GRD"),
    # COPERNICUS/S1_GRD is dB, S1_GRD_FLOAT power
    "gee-s1": KnownProduct("Earth Engine's Sentinel-1", "Earth Engine Data Catalog", S1, "", "GRD"),
    "snap": KnownProduct("SNAP", "ESA, SNAP Sentinel-1 Toolbox", S1, "power"),
    # whole numbers are scaled: 255 or 65535 is 1
    "copernicus-browser": KnownProduct(
        "Copernicus Browser", "Sentinel Hub, sample types", "", "reflectance"
    ),
    "theia-s2": KnownProduct("Sentinel-2 of Theia", "CNES, MAJA product format", S2, X10000),
    "odc-s2": KnownProduct("DEA Sentinel-2", "Geoscience Australia, ga_s2am_ard_3", S2, X10000),
    "odc-landsat": KnownProduct("DEA Landsat", "Geoscience Australia, ga_ls8c_ard_3", "", X10000),
    # radiance is x 100 there
    "planetscope": KnownProduct("PlanetScope", "Planet, Product Specification", PLANET, X10000),
    "enmap": KnownProduct("EnMAP", "DLR, EN-PCV-ICD-2009-2", "EnMAP", X10000),
    "modis": KnownProduct("MODIS", "NASA, MOD09 and MCD43 User's Guides", "MODIS", X10000),
    # number x 0.001
    "aster-l2": KnownProduct("ASTER surface reflectance", "LP DAAC, AST_07 and AST_07XT", "ASTER"),
    "force-s2": KnownProduct("FORCE Sentinel-2", "FORCE, Level 2 output format", S2, X10000),
    "force-landsat": KnownProduct("FORCE Landsat", "FORCE, Level 2 output format", "", X10000),
    # number x 0.0000275 - 0.2
    "landsat-c2l2": KnownProduct("Landsat Collection 2 Level 2", "USGS, LSDS-1619"),
    "landsat-c1-sr": KnownProduct("Landsat Collection 1", "USGS, LSDS-1368", "", X10000, "SR"),
    "landsat-toa": KnownProduct(
        "Earth Engine's Landsat", "Earth Engine Data Catalog", "", "reflectance", "TOA"
    ),
    "landsat-level-1": KnownProduct("Landsat Level 1", "USGS, LSDS-1574", "", "number"),
    "sentinel-2": KnownProduct("Sentinel-2", "ESA, S2-PDGS-TAS-DI-PSD", S2, X10000),
}
"""Products by key, with what their documents say."""

_DAY, _TIME, _POL = r"\d{8}", r"\d{8}t\d{6}", r"(?:vv|vh|hh|hv)"
_HYP3 = (
    rf"_s1[a-d]_[a-z0-9]{{2}}_(?:{_TIME}_[sd][vh][pro]_rtc\d\d_g|rt\d\d_{_TIME}_[gs])"
    r"_(?P<calibration>[gs])(?P<unit>[pda])[a-z]{1,4}_"
)
CODES = (_HYP3, rf"_{_POL}_(?P<calibration>[gs])_(?P<unit>lin|log)_")
"""Letters in names that say calibration and unit."""
CODE_LETTERS = {
    **{"g": "gamma0", "s": "sigma0"},
    **{"p": "power", "a": "amplitude", "d": "db", "lin": "power", "log": "db"},
}
PRODUCT_NAMES = (
    (r"_hls_?s30_", "hls-s30"),
    (r"_hls_?l30_", "hls-l30"),
    (r"_opera_l2_rtc_s1_", "opera-rtc"),
    (_HYP3, "hyp3-rtc"),
    (rf"_s1[a-d]_[a-z0-9]{{2}}_[no]rb_(?:_?1s[a-z]{{2}}_)?{_TIME}_", "s1-nrb"),
    (rf"_s1[a-d]?_[a-z0-9]{{2}}_[ad]_{_DAY}(?:t\d{{6}})?_", "pyrosar"),
    (r"_s1gbm_", "s1gbm"),
    (rf"_s1[ab]_iw_grdh_1sdv_{_TIME}_\d\d[a-z]{{3}}_\d+_\d+_", "bigearthnet-s1"),
    (rf"_iw_{_POL}_rtc_$|_{_TIME}_{_TIME}_\d{{6}}_[0-9a-f]{{6}}_rtc_", "s1-rtc-pc"),
    (rf"_s1[a-d]_[a-z0-9]{{2,3}}_slc_{_POL}_", "s1-slc"),
    (rf"_s1[a-d]_[a-z0-9]{{2}}_grd_{_POL}_|^_[ei]w_{_POL}_$", "s1-grd"),
    (r"_copernicus_s1_grd_", "gee-s1"),
    (rf"^_(?:sigma0|gamma0|beta0|intensity|amplitude)_(?:[a-z]w\d_)?(?:ratio_)?{_POL}_", "snap"),
    (r"_(?:(?:orb|nr|tnr|thm|bdr|bnr|cal|deb|ml|spk|tf|tc|stack|coh)_){2}", "snap"),
    (r"_\d{4}_\d\d_\d\d_(?:\d\d_\d\d_)?sentinel_[12]_", "copernicus-browser"),
    (rf"_sentinel2[a-d]_{_DAY}_\d{{6}}_\d{{3}}_l2a_", "theia-s2"),
    (r"_ga_s2[a-c]?m?_|_nbart?_(?:red_edge_\d|nir_[12]|swir_3)_", "odc-s2"),
    (r"_ga_ls\d?[cet]?_|_nbart?_(?:nir|swir_1|panchromatic)_", "odc-landsat"),
    (rf"_{_DAY}_\d{{6}}_(?:[0-9a-f]{{2,4}}_){{1,3}}[123][ab]_", "planetscope"),
    (r"_analyticms_|_analytic_[348]b_", "planetscope"),
    (r"_enmap01_", "enmap"),
    (r"_m[oy]d09[a-z]|_mcd43a|_sur_refl_|_nadir_reflectance_band", "modis"),
    (r"_ast_07(?:xt)?_", "aster-l2"),
    (r"_level2_sen2[a-d]_", "force-s2"),
    (r"_level2_lnd\d\d_", "force-landsat"),
    (r"_l[cteo]\d\d_l2s[pr]_|_s[rt]_b\d{1,2}_|_sr_qa_aerosol_|_landsat_c2_?l2_", "landsat-c2l2"),
    (r"_sr_band\d|_pixel_qa_|_radsat_qa_|_c01_t\d_sr_", "landsat-c1-sr"),
    (r"_c0[12]_t\d_toa_", "landsat-toa"),
    (r"_l[cteom]\d\d_l1(?:tp|gt|gs)_|_l[cteom]\d{14}[a-z]{3}\d\d_", "landsat-level-1"),
    (
        rf"_msil[12][abc]_|{_FIRST}s2[a-d]?_(?!s1_)|_sentinel_?2[a-d]?_",
        "sentinel-2",
    ),
    (rf"(?:^|_{_TIME})_t\d\d[a-z]{{3}}_|_t\d\d[a-z]{{3}}_{_TIME}_|_copernicus_s2_", "sentinel-2"),
)
"""Products by what names them; of several in one text, the first here counts."""
