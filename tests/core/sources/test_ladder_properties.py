"""Whatever names, tags, numbers and metadata say: an import or a refusal, the same in any order."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bandweave.errors import BandweaveError
from bandweave.sources.files import FilesSource
from bandweave.sources.inspection import inspect

SIDE = 24
NAMES = (
    "LC08_L1TP_020039_20150804_20200908_02_T1", "LC09_L2SP_125052_20230804_20230808_02_T1_SR",
    "T33TWN_20230116T100329", "S2A_MSIL2A_20190321_N0213_clip", "HLS.S30.T50SQB.2018167T023549",
    "20180616_023549_1038_3B_AnalyticMS", "S2_median-0000000000-0000000064", "image", "x_dB",
    "2019-06-16-00:00_2019-06-16-23:59_Sentinel-2_L2A_(Raw)", "S1A_IW_x_gauned_0A1B",
)  # fmt: skip
BANDS = (
    "", "B2", "B8A", "SR_B4", "red", "nir", "SCL", "QA60", "alpha", "Band 3 (665 nm)", "VV", "VH",
    "HH", "Sigma0_VV_db", "Intensity_VH", "coh_VV", "angle", "20180311_VV", "20180615_VV", "clear",
)  # fmt: skip
METADATA = (
    "", "GROUP = X\n REFLECTANCE_MULT_BAND_2 = -1\nEND_GROUP = X", "{", "{}", "<a", "<a/>", "null",
    '{"LANDSAT_METADATA_FILE": {"LEVEL1_RADIOMETRIC_RESCALING": {"REFLECTANCE_MULT_BAND_2": "nan",'
    ' "REFLECTANCE_ADD_BAND_2": 3}}}',
    "<BOA_QUANTIFICATION_VALUE>-5</BOA_QUANTIFICATION_VALUE>",
)  # fmt: skip
SIDE_FILES = ("{}_MTL.txt", "{}_MTL.json", "{}_MTL.xml", "MTD_MSIL2A.xml", "{}_metadata.xml")
KINDS = {
    "uint8": (0, 255), "uint16": (0, 65535), "int16": (-32768, 32767), "int32": (-2e9, 2e9),
    "float32": (-3e38, 3e38), "float64": (-1e300, 1e300),
}  # fmt: skip


@st.composite
def files(draw):
    """Return what one file is made of."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    low, high = KINDS[kind]
    edges = st.sampled_from((-9999.0, -30.0, -1.0, 0.0, 0.3, 1.0, 300.0, 3000.0, 9000.0, 40000.0))
    ends = sorted(draw(st.tuples(edges, edges)))
    bands = draw(st.lists(st.sampled_from(BANDS), min_size=1, max_size=3))
    return {
        "name": draw(st.sampled_from(NAMES)),
        "bands": bands,
        "kind": kind,
        "ends": [float(np.clip(end, low, high)) for end in ends],
        "fill": draw(st.sampled_from((None, 0.0, -9999.0, 65535.0, np.inf))),
        "nodata": draw(st.sampled_from((None, 0, 255))),
        "tags": draw(
            st.sampled_from(((1.0, 0.0), (1e-4, -0.1), (-1.0, 2.0), (0.0, 0.0), (np.nan, 0.0)))
        ),
        "beside": draw(st.sampled_from(SIDE_FILES)),
        "metadata": draw(st.sampled_from(METADATA)),
    }


def write(make_tif, folder, made, number):
    rng = np.random.default_rng(number)
    values = rng.uniform(*made["ends"], (len(made["bands"]), SIDE, SIDE))
    low, high = KINDS[made["kind"]]
    if made["fill"] is not None and low <= made["fill"] <= high:
        values[:, :6] = made["fill"]
    scale, offset = made["tags"]
    path = make_tif(
        f"{folder}/{made['name']}_{number}.tif", values.astype(made["kind"]),
        bands=made["bands"] if all(made["bands"]) else (), nodata=made["nodata"], scale=scale,
        offset=offset,
    )  # fmt: skip
    if made["metadata"]:
        (path.parent / made["beside"].format(path.stem)).write_text(made["metadata"])
    return path


def outcome(**given):
    """Return the bands of a scene by layer and name, or the kind of its refusal."""
    try:
        scene = FilesSource(**given).make()
    except BandweaveError as error:
        return error.message
    return {
        (layer.name, band): layer.raster.read(bands=[band])[0].tobytes()
        for layer in scene.layers
        for band in layer.bands
        if not band.startswith("B")
    }


@pytest.fixture(scope="module")
def count():
    return iter(range(10**6))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    optical=st.lists(files(), min_size=1, max_size=2),
    radar=st.lists(files(), min_size=1, max_size=2),
)
def test_an_import_is_made_or_refused_and_the_order_of_files_changes_nothing(
    make_tif, count, optical, radar
):
    folder = f"case{next(count)}"
    paths = [write(make_tif, folder, made, number) for number, made in enumerate(optical)]
    others = [write(make_tif, folder, made, number + 5) for number, made in enumerate(radar)]
    for path in (*paths, *others):
        try:
            assert inspect(path)["guess"]["role"]
        except BandweaveError:
            continue
    made = outcome(optical=tuple(paths), radar=tuple(others))
    turned = outcome(optical=tuple(paths[::-1]), radar=tuple(others[::-1]))
    if isinstance(made, dict) and isinstance(turned, dict):
        assert made == turned
