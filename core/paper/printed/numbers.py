"""What the paper prints: its Tables II to VI, and what it quotes of others.

Ha Tuan Cuong, JETAP 8(1), 2026, doi 10.33093/jetap.2026.8.1.4. Digits are as printed; rows and
metrics have the keys that this package uses for its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

PROTOCOL = (
    "Ho Chi Minh City, UTM zone 48N: Sentinel-1 VV/VH and Landsat 9 surface reflectance, resampled "
    "to 10 m. One network a band takes that band and VV/VH, each scaled to 0 to 1 by its least and "
    "greatest value, and returns the band."
)
"""What the paper works on, in our words."""
ORIGINAL, CNN, CAE = "original", "cnn", "cae"
"""The rows of Tables II to VI."""


class Printed(float):
    """A number that keeps the digits it is printed with.

    >>> str(Printed("0.0470")), Printed("0.0470") == 0.047
    ('0.0470', True)
    """

    digits: str

    def __new__(cls, digits: str) -> Self:
        """Read a number; what is not one raises ValueError."""
        made = super().__new__(cls, digits)
        made.digits = digits
        return made

    def __str__(self) -> str:
        return self.digits


class ByBand(NamedTuple):
    """One printed number a band."""

    red: Printed
    green: Printed
    blue: Printed

    @classmethod
    def read(cls, digits: str) -> Self:
        """Return the three numbers of a text, red first."""
        return cls(*map(Printed, digits.split()))

    def of(self, band: str) -> Printed | None:
        """Return a band's number, None for a band that the paper does not have.

        >>> ByBand.read("0.10 0.20 0.30").of("green"), ByBand.read("0.10 0.20 0.30").of("nir")
        (0.2, None)
        """
        return self._asdict().get(band)


@dataclass(frozen=True)
class PrintedTable:
    """A table of the paper's own results."""

    number: str
    title: str
    metrics: tuple[str, ...]
    """Keys of `bandweave.metrics`, in the order of its columns."""
    rows: Mapping[str, Mapping[str, ByBand]]
    """{row: {metric: numbers}}."""
    scale: str
    """What the numbers are printed on, as far as the paper says."""


class Quoted(NamedTuple):
    """A row that the paper quotes from other work."""

    label: str
    """As the paper writes it, its slip "HIS" put right."""
    method: str
    """Key of the method here that does the same; empty where there is none."""
    values: Mapping[str, Printed]
    """{metric: number}."""


@dataclass(frozen=True)
class QuotedTable:
    """A table that the paper quotes from other work, on another scene."""

    number: str
    title: str
    metrics: tuple[str, ...]
    rows: tuple[Quoted, ...]
    scale: str


class QuotedRange(NamedTuple):
    """What the text quotes as a range, of one metric."""

    label: str
    method: str
    metric: str
    lowest: Printed
    highest: Printed


def _of_one(number: str, title: str, metric: str, scale: str, **rows: ByBand) -> PrintedTable:
    return PrintedTable(
        number, title, (metric,), {row: {metric: values} for row, values in rows.items()}, scale
    )


def _printed(**digits: str) -> dict[str, Printed]:
    return {metric: Printed(each) for metric, each in digits.items()}


UNSTATED = "not stated"
TABLES: dict[str, PrintedTable] = {
    "II": PrintedTable(
        "II",
        "Accuracy",
        ("rmse", "ssim", "uiqi", "pearson"),
        {
            CNN: {
                "rmse": ByBand.read("0.0442 0.0496 0.0379"),
                "ssim": ByBand.read("0.9753 0.9677 0.9818"),
                "uiqi": ByBand.read("0.0407 0.0611 0.0674"),
                "pearson": ByBand.read("0.99 0.83 0.99"),
            },
            CAE: {
                "rmse": ByBand.read("0.0067 0.0077 0.0073"),
                "ssim": ByBand.read("0.9911 0.9828 0.9894"),
                "uiqi": ByBand.read("0.0470 0.0585 0.0485"),
                "pearson": ByBand.read("0.94 0.94 0.94"),
            },
        },
        "0 to 1, each band by its least and greatest value",
    ),
    "III": _of_one(
        "III",
        "Entropy",
        "entropy",
        "bits; the number of gray levels is not stated",
        original=ByBand.read("4.75 4.65 4.59"),
        cnn=ByBand.read("8.02 8.37 8.32"),
        cae=ByBand.read("2.46 2.49 2.60"),
    ),
    "IV": _of_one(
        "IV",
        "Sobel strength",
        "sobel",
        UNSTATED,
        original=ByBand.read("0.0143 0.0106 0.0109"),
        cnn=ByBand.read("0.0099 0.0130 0.0130"),
        cae=ByBand.read("2.46 2.91 3.25"),
    ),
    "V": _of_one(
        "V",
        "Spatial frequency",
        "spatial-frequency",
        UNSTATED,
        original=ByBand.read("0.0111 0.0099 0.0104"),
        cnn=ByBand.read("0.0104 0.0089 0.0109"),
        cae=ByBand.read("1.46 1.69 1.66"),
    ),
    "VI": _of_one(
        "VI",
        "Gradient magnitude",
        "gradient-magnitude",
        UNSTATED,
        original=ByBand.read("0.0018 0.0014 0.0014"),
        cnn=ByBand.read("0.0013 0.0016 0.0017"),
        cae=ByBand.read("0.315 0.370 0.416"),
    ),
}
"""The paper's own results, by number."""

QUOTED: dict[str, QuotedTable] = {
    "VII": QuotedTable(
        "VII",
        "Classical methods, as quoted",
        ("rmse", "ssim", "uiqi"),
        (
            Quoted("IHS", "ihs", _printed(rmse="11.77", ssim="0.843", uiqi="0.715")),
            Quoted("PCA", "pca", _printed(rmse="12.75", ssim="0.862", uiqi="0.451")),
            Quoted("Wavelet", "wavelet", _printed(rmse="10.36", ssim="0.795", uiqi="0.662")),
            Quoted("IHS + NSCT", "ihs-nsct", _printed(rmse="8.235", ssim="0.658", uiqi="0.856")),
        ),
        "0 to 255",
    ),
    "VIII": QuotedTable(
        "VIII",
        "Classical and learned methods, as quoted",
        ("pearson", "ssim"),
        (
            Quoted("IHS", "ihs", _printed(pearson="0.2909", ssim="0.0362")),
            Quoted("NSCT", "nsct", _printed(pearson="0.2607", ssim="0.1845")),
            Quoted("Wavelet", "wavelet", _printed(pearson="0.7017", ssim="0.5699")),
            Quoted("MSDCNN", "", _printed(pearson="0.8913", ssim="0.8466")),
            Quoted("DAFCNN", "", _printed(pearson="0.9801", ssim="0.9394")),
        ),
        UNSTATED,
    ),
}
"""What the paper quotes in tables, by number."""

QUOTED_RANGES = (
    QuotedRange("Wavelet + IHS", "wavelet-ihs", "uiqi", Printed("0.80"), Printed("0.93")),
    QuotedRange("Gram-Schmidt", "gram-schmidt", "uiqi", Printed("0.44"), Printed("0.49")),
)
"""Quoted in the text, of a Landsat 5 scene."""
CONDITIONAL_GAN = Quoted(
    "Conditional GAN", "", _printed(ssim="0.995", psnr="54", rmse="0.0067", pearson="0.96")
)
"""Quoted in the text; RMSE on 0 to 1, PSNR in dB as printed."""
