"""Whether a TIFF is all there: a file cut short can open, and lose its band names in silence.

The directory of a TIFF says where its fields and its blocks of pixels lie; none may lie beyond the
end of the file (Adobe, TIFF Revision 6.0, section 2; BigTIFF as in libtiff).
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from bandweave.errors import RasterError

_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_TYPE_SIZES |= {13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {3: "H", 4: "I", 16: "Q"}
_BLOCK_OFFSETS = (273, 324)
"""Tags StripOffsets and TileOffsets."""
_MOST_DIRECTORIES = 64


class _Layout(NamedTuple):
    order: str
    """Byte order as `struct` writes it."""
    big: bool

    @property
    def pointer(self) -> str:
        """The format of an offset."""
        return self.order + ("Q" if self.big else "I")


class _Field(NamedTuple):
    tag: int
    kind: int
    length: int
    start: int
    """Where its values begin in the file."""

    @property
    def stop(self) -> int:
        """Where its values end in the file."""
        return self.start + self.length * _TYPE_SIZES.get(self.kind, 0)


def require_complete(path: Path) -> None:
    """Refuse a TIFF of which fields or pixels lie beyond its end; other formats pass.

    A file that is gone, or may not be read, is refused too.
    """
    try:
        size, needed = _sizes(path)
    except OSError as error:
        raise RasterError(
            f"{path.name} cannot be read: {error.strerror}.", "Give the file again."
        ) from error
    if needed > size:
        raise RasterError(
            f"{path.name} is cut short: parts of it would lie beyond its end at byte {size}.",
            "Download or export it again.",
        )


def _sizes(path: Path) -> tuple[int, int]:
    """Return how many bytes a file has, and how many it needs."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        layout = _layout(stream.read(4))
        if layout is None:
            return size, 0
        try:
            return size, max(_extent(stream, layout, field) for field in _fields(stream, layout))
        except (struct.error, ValueError):
            return size, size + 1


def _layout(signature: bytes) -> _Layout | None:
    known = {
        b"II*\0": _Layout("<", False),
        b"MM\0*": _Layout(">", False),
        b"II+\0": _Layout("<", True),
        b"MM\0+": _Layout(">", True),
    }
    return known.get(signature)


def _fields(stream: BinaryIO, layout: _Layout) -> Iterator[_Field]:
    """Yield the fields of every directory; `struct.error` where one is cut off."""
    entry = layout.order + ("HHQ" if layout.big else "HHI")
    inline = struct.calcsize(layout.pointer)
    offset = _unpack(stream, layout.pointer, 8 if layout.big else 4)
    for _ in range(_MOST_DIRECTORIES):
        if offset == 0:
            return
        count_format = layout.order + ("Q" if layout.big else "H")
        count = _unpack(stream, count_format, offset)
        at = offset + struct.calcsize(count_format)
        for _ in range(count):
            stream.seek(at)
            tag, kind, number = struct.unpack(entry, stream.read(struct.calcsize(entry)))
            start = at + struct.calcsize(entry)
            if number * _TYPE_SIZES.get(kind, 0) > inline:
                yield _Field(tag, kind, number, _unpack(stream, layout.pointer, start))
            else:
                yield _Field(tag, kind, number, start)
            at = start + inline
        offset = _unpack(stream, layout.pointer, at)


def _extent(stream: BinaryIO, layout: _Layout, field: _Field) -> int:
    """Return how far into the file a field reaches, with the blocks it points to."""
    if field.tag not in _BLOCK_OFFSETS or field.kind not in _CODES:
        return field.stop
    stream.seek(field.start)
    code = _CODES[field.kind]
    stored = stream.read(field.stop - field.start)
    blocks = struct.unpack(f"{layout.order}{field.length}{code}", stored)
    return max(field.stop, max(blocks, default=0) + 1)


def _unpack(stream: BinaryIO, form: str, offset: int) -> int:
    stream.seek(offset)
    value: int = struct.unpack(form, stream.read(struct.calcsize(form)))[0]
    return value
