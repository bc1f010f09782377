"""What is published of sensors and products: whose band has which number, and who writes what."""

from collections.abc import Mapping
from typing import NamedTuple

X10000 = "reflectance x 10000"
THERMAL = "thermal infrared"
"""What no reflectance can be made of."""


class SensorBand(NamedTuple):
    """A band of a sensor: its name in a scene and its centre in nanometres."""

    name: str
    centre: float


def _table(text: str) -> Mapping[str, SensorBand]:
    rows = (row.split() for row in text.split(","))
    return {
        number: SensorBand(name.replace("thermal", THERMAL), float(centre))
        for number, name, centre in rows
    }


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
    # ESA, Sentinel-2 Products Specification Document (S2-PDGS-TAS-DI-PSD)
    "Sentinel-2": _table(
        "1 coastal 443, 2 blue 490, 3 green 560, 4 red 665, 5 rededge1 705, 6 rededge2 740, "
        "7 rededge3 783, 8 nir 842, 8A nir08 865, 9 vapour 945, 10 cirrus 1375, 11 swir1 1610, "
        "12 swir2 2190"
    ),
    # Planet, PlanetScope Product Specification: Dove-R and SuperDove
    "PlanetScope": _table("1 blue 490, 2 green 565, 3 red 665, 4 nir 865"),
    "PlanetScope 8 bands": _table(
        "1 coastal 443, 2 blue 490, 3 greeni 531, 4 green 565, 5 yellow 610, 6 red 665, "
        "7 rededge1 705, 8 nir 865"
    ),
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
    (3000, 15000, THERMAL),
)
"""Names of wavelengths (nm, lower bound included) where no sensor is known."""

SENSOR_NAMES = (
    (r"_l[co]0?[89](?:_|\d{13})|_landsat_?[89]_|_ga_ls[89]c?_|^_l[89]_|_lnd0[89]_", "Landsat 8-9"),
    (r"_l[et]0?[4-7](?:_|\d{13})|_landsat_?[4-7]_|_ga_ls[457][te]?_|_lnd0[457]_", "Landsat 4-7"),
    (r"_lm0?[1-5](?:_|\d{13})|_landsat_?[1-3]_", "Landsat 1-5 MSS"),
    (
        r"_s2[a-d]_|^_s2_(?!s1_)|_sentinel_?2[a-d]?_|_sen2[a-d]_|_msil[12][abc]_|_ga_s2"
        r"|_t\d\d[a-z]{3}_\d{8}t",
        "Sentinel-2",
    ),
    (r"_s1[a-d]_|^_s1_(?!s2_)|_sentinel_?1[a-d]?_|_s1gbm_", "Sentinel-1"),
)
"""Sensors by what says them; text in lower case, its words between single underscores."""


class KnownProduct(NamedTuple):
    """What is known of a product once its name is recognised."""

    label: str
    pattern: str
    """Its name: lower case, words between single underscores."""
    source: str
    sensor: str = ""
    level: str = ""
    unit: str = ""
    raw_unit: str = ""
    """Of levels below surface or top-of-atmosphere reflectance."""
    calibration: str = ""


_POLARISED = r"(?:vv|vh|hh|hv)"
KNOWN_PRODUCTS: Mapping[str, KnownProduct] = {
    "hls-s30": KnownProduct(
        "HLS S30: Sentinel-2 as Landsat sees it",
        r"_hls_?s30_",
        "NASA, HLS User Guide v2.0",
        "Sentinel-2",
        unit=X10000,
    ),
    "hls-l30": KnownProduct(
        "HLS L30: Landsat on Sentinel-2's tiles",
        r"_hls_?l30_",
        "NASA, HLS User Guide v2.0",
        "Landsat 8-9",
        unit=X10000,
    ),
    "opera-rtc": KnownProduct(
        "OPERA RTC-S1",
        r"_opera_l2_rtc_s1_",
        "JPL D-108758, OPERA RTC-S1 Product Specification",
        "Sentinel-1",
        "RTC",
        "power",
        calibration="gamma0",
    ),
    "hyp3-rtc": KnownProduct(
        "ASF HyP3 RTC",
        r"_s1[a-d]_[a-z0-9]{2}_\d{8}t\d{6}_[sd][vh][pro]_rtc\d\d_g_([gs])([pda])[uw][nf][ec][dm]_"
        r"|_s1[a-d]_[a-z0-9]{2}_rt\d\d_\d{8}t\d{6}_[gs]_([gs])([pda])[a-z]_",
        "ASF, HyP3 RTC Product Guide, naming convention",
        "Sentinel-1",
        "RTC",
    ),
    "pyrosar": KnownProduct(
        "pyroSAR",
        r"_s1[a-d]?_[a-z0-9]{2}_[ad]_\d{8}(?:t\d{6})?_",
        "pyroSAR documentation, file naming",
        "Sentinel-1",
        unit="power",
    ),
    "s1gbm": KnownProduct(
        "Sentinel-1 Global Backscatter Model, dB x 10",
        r"_s1gbm_",
        "Bauer-Marschallinger et al. 2021, doi:10.1038/s41597-021-01059-7",
        "Sentinel-1",
        unit="db",
    ),
    "bigearthnet-s1": KnownProduct(
        "BigEarthNet-S1",
        r"_s1[ab]_iw_grdh_1sdv_\d{8}t\d{6}_\d\d[a-z]{3}_\d+_\d+_",
        "Sumbul et al. 2021, doi:10.1109/MGRS.2021.3089174",
        "Sentinel-1",
        "GRD",
        "db",
    ),
    "s1-rtc-pc": KnownProduct(
        "Sentinel-1 RTC of the Planetary Computer",
        rf"_iw_{_POLARISED}_rtc_$|_1s[sd][vh](?:_\d{{8}}t\d{{6}}){{2}}_\d{{6}}_[0-9a-f]{{6}}_rtc_",
        "Planetary Computer, collection sentinel-1-rtc",
        "Sentinel-1",
        "RTC",
        "power",
        calibration="gamma0",
    ),
    "sentinel-1-slc": KnownProduct(
        "Sentinel-1 SLC, complex numbers",
        rf"_s1[a-d]_[a-z0-9]{{2,3}}_slc_{_POLARISED}_",
        "ESA, Sentinel-1 Product Specification (S1-RS-MDA-52-7441)",
        "Sentinel-1",
        "SLC",
    ),
    "sentinel-1-grd": KnownProduct(
        "Sentinel-1 GRD, not calibrated",
        rf"_s1[a-d]_[a-z0-9]{{2}}_grd_{_POLARISED}_|^_(?:iw|ew)_{_POLARISED}_$",
        "ESA, Sentinel-1 Product Specification (S1-RS-MDA-52-7441)",
        "Sentinel-1",
        "GRD",
        "amplitude",
    ),
    "gee-s1": KnownProduct(
        "Sentinel-1 GRD of Earth Engine",
        r"_copernicus_s1_grd_",
        "Earth Engine Data Catalog, COPERNICUS/S1_GRD: dB; S1_GRD_FLOAT: power",
        "Sentinel-1",
        "GRD",
    ),
    "snap": KnownProduct(
        "SNAP",
        rf"^_(?:sigma0|gamma0|beta0)_(?:[a-z]w\d_)?(?:ratio_)?{_POLARISED}_"
        rf"|^_(?:intensity|amplitude)_(?:[a-z]w\d_)?{_POLARISED}_"
        r"|_(?:(?:orb|nr|tnr|thm|bdr|bnr|cal|deb|ml|spk|tf|tc|stack|coh|noise)_){2}",
        "ESA, SNAP Sentinel-1 Toolbox: names of bands and of processing steps",
        "Sentinel-1",
        unit="power",
    ),
    "copernicus-browser": KnownProduct(
        "Copernicus Browser or EO Browser; whole numbers reach 255 or 65535 where the value is 1",
        r"_\d{4}_\d\d_\d\d_(?:\d\d_\d\d_)?sentinel_[12]_|_sentinel_2_l[12][ac]_b\d\da?_raw_",
        "Sentinel Hub documentation, sample types",
        unit="reflectance",
    ),
    "theia-s2": KnownProduct(
        "Sentinel-2 Level 2A of Theia (MAJA)",
        r"_sentinel2[a-d]_\d{8}_\d{6}_\d{3}_l2a_",
        "CNES, MAJA product format",
        "Sentinel-2",
        unit=X10000,
    ),
    "force": KnownProduct(
        "FORCE Level 2",
        r"_\d{8}_level2_(?:sen2[a-d]|lnd0\d)_",
        "FORCE documentation, Level 2 ARD",
        unit=X10000,
    ),
    "odc-s2": KnownProduct(
        "Sentinel-2 of Digital Earth Australia",
        r"_ga_s2[a-c]?m?_|_nbart?_(?:red_edge_\d|nir_[12]|swir_3)_",
        "Geoscience Australia, ga_s2am_ard_3",
        "Sentinel-2",
        unit=X10000,
    ),
    "odc-landsat": KnownProduct(
        "Landsat of Digital Earth Australia",
        r"_ga_ls\d?[cet]?_|_nbart?_(?:nir|swir_1|panchromatic)_",
        "Geoscience Australia, ga_ls8c_ard_3",
        unit=X10000,
    ),
    "planetscope": KnownProduct(
        "PlanetScope",
        r"_\d{8}_\d{6}_(?:[0-9a-f]{2,4}_){1,3}[123][ab]_|_analyticms_|_psscene_|_analytic_[348]b_",
        "Planet, PlanetScope Product Specification: radiance x 100, reflectance x 10000",
        "PlanetScope",
        unit=X10000,
        raw_unit="radiance",
    ),
    "enmap": KnownProduct(
        "EnMAP",
        r"_enmap01_|_enmap_(?:hsi_)?l[12][abc]_",
        "DLR, EnMAP HSI Products Specification (EN-PCV-ICD-2009-2)",
        "EnMAP",
        unit=X10000,
        raw_unit="radiance",
    ),
    "landsat-c2l2": KnownProduct(
        "Landsat Collection 2 Level 2: reflectance is number x 0.0000275 - 0.2",
        r"_l[cteo]\d\d_l2s[pr]_|_s[rt]_b\d{1,2}_|_sr_(?:qa_aerosol|cloud_qa)_|_c02_t\d_l2_",
        "USGS, Landsat 8-9 Collection 2 Level 2 Science Product Guide (LSDS-1619)",
    ),
    "landsat-c1-sr": KnownProduct(
        "Landsat Collection 1 surface reflectance",
        r"_(?:sr|toa)_band\d|_pixel_qa_|_radsat_qa_|_c01_t\d_sr_",
        "USGS, Landsat 8 Surface Reflectance Code Product Guide (LSDS-1368)",
        unit=X10000,
    ),
    "landsat-toa": KnownProduct(
        "Landsat top-of-atmosphere reflectance of Earth Engine",
        r"_c0[12]_t\d_toa_",
        "Earth Engine Data Catalog, LANDSAT/LC08/C02/T1_TOA",
        level="TOA",
        unit="reflectance",
    ),
    "landsat-level-1": KnownProduct(
        "Landsat Level 1 numbers, reflectance by the metadata",
        r"_l[cteom]\d\d_l1(?:tp|gt|gs)_|_l[cteom]\d{14}[a-z]{3}\d\d_",
        "USGS, Landsat 8 Data Users Handbook (LSDS-1574)",
        unit="number",
    ),
    "sentinel-2": KnownProduct(
        "Sentinel-2 Level 1C or 2A",
        r"_msil[12][abc]_|_s2[a-d]_(?:oper|user)_|^_s2[a-d]?_(?!s1_)|_sentinel_?2[a-d]?_"
        r"|_t\d\d[a-z]{3}_\d{8}t\d{6}_|_\d{8}t\d{6}_t\d\d[a-z]{3}_|_copernicus_s2_",
        "ESA, Sentinel-2 Products Specification Document (S2-PDGS-TAS-DI-PSD)",
        "Sentinel-2",
        unit=X10000,
    ),
}
"""Products by key; of several that a text names, the first counts."""
