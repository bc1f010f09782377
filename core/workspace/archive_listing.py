"""What a backup says of itself, believed only as far as it can be held to it.

Known names of known kinds, each once, plain files, packed as we pack, and nothing that unpacks into
much more than is there: all of it before a file is unpacked.
"""

import os
import re
import stat
import struct
import zipfile
from typing import BinaryIO, cast

from bandweave.errors import ArchiveError
from bandweave.storage.checked import checked
from bandweave.storage.json_file import parse_json
from bandweave.workspace.archive import (
    DESCRIBED,
    FOLDERS,
    FORMAT,
    MANIFEST,
    Kind,
    Manifest,
    belongs,
    most,
)

MOST_ITEMS = 1_000_000
DIRECTORY = 1 << 26
"""Bytes of the list of files."""
RATIO, SLACK = 100, 1 << 26
"""How many times as large all files may be as the archive, and bytes beyond that: images, which are
most of it, are not compressed again."""
END = struct.Struct("<4s4H2LH")
"""The last bytes of a zip file without a comment; the sixth is the size of the list of files."""
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def unfit(name: str, reason: str) -> ArchiveError:
    """Return the error of a file that is refused as a whole."""
    return ArchiveError(
        f"{name} is no backup that can be trusted: {reason[:200]}.",
        "Make it again with `bandweave workspace export`.",
    )


def opened(stream: BinaryIO, name: str) -> tuple[Manifest, zipfile.ZipFile]:
    """Return the manifest and the archive, once all that they say of themselves is in order."""
    stream.seek(0, os.SEEK_END)
    length = stream.tell()
    stream.seek(max(0, length - END.size))
    end = stream.read()
    if len(end) < END.size or end[:4] != b"PK\5\6":
        raise unfit(name, "it is no whole zip file")
    if END.unpack(end)[5] > DIRECTORY:
        raise unfit(name, "its list of files is too long")
    listed = zipfile.ZipFile(stream)
    entries: dict[str, zipfile.ZipInfo] = {}
    for info in listed.infolist():
        _require_plain(info, name)
        if info.filename.casefold() in entries:
            raise unfit(name, f"{info.filename} is in it twice")
        entries[info.filename.casefold()] = info
    if sum(each.compress_size for each in entries.values()) > length:
        raise unfit(name, "its files lie one over the other")
    if sum(each.file_size for each in entries.values()) > RATIO * length + SLACK:
        raise unfit(name, "it unpacks into too much")
    manifest = _manifest(listed, entries.pop(MANIFEST, None), name)
    stated = [f"{it.kind}/{it.id}/{one.name}" for it in manifest.items for one in it.members]
    if len(set(stated)) < len(stated) or set(stated) != {i.filename for i in entries.values()}:
        raise unfit(name, "it does not hold the files that its manifest names")
    return manifest, listed


def _require_plain(info: zipfile.ZipInfo, name: str) -> None:
    """Refuse an entry that is anything but a file of an item, or that unpacks without end."""
    kind, _, rest = info.filename.partition("/")
    identity, _, inner = rest.partition("/")
    known = kind in FOLDERS and ID.fullmatch(identity) and belongs(cast(Kind, kind), inner)
    if not (info.filename == MANIFEST or known) or info.orig_filename != info.filename:
        raise unfit(name, f"a file belongs to no scene, run or study: {info.filename!r:.80}")
    mode = info.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise unfit(name, f"{info.filename} is no plain file")
    image = info.filename.endswith(".tif")
    methods = (zipfile.ZIP_STORED,) if image else (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if info.compress_type not in methods or info.flag_bits & 1:
        raise unfit(name, f"{info.filename} is packed in another way than ours")
    if not image and info.filename != MANIFEST and info.file_size > most(info.filename):
        raise unfit(name, f"{info.filename} unpacks into too much")


def _manifest(listed: zipfile.ZipFile, info: zipfile.ZipInfo | None, name: str) -> Manifest:
    if info is None:
        raise unfit(name, "it has no manifest")
    try:
        stored = parse_json(listed.read(info))
        made = stored.get("format") if isinstance(stored, dict) else None
        if type(made) is int and made > FORMAT:
            raise ArchiveError(
                f"{name} was made by a newer version of Bandweave ({stored.get('product')!s:.20}).",
                "Update Bandweave to take it in.",
            )
        manifest = checked(Manifest, stored, MOST_ITEMS)
    except ValueError as error:
        raise unfit(name, f"its manifest cannot be read: {error}") from error
    places = [f"{item.kind}/{item.id}".casefold() for item in manifest.items]
    if len(set(places)) < len(places):
        raise unfit(name, "it holds one item twice")
    for item in manifest.items:
        if DESCRIBED[item.kind] not in {member.name for member in item.members}:
            raise unfit(name, f"{item.kind}/{item.id} has no {DESCRIBED[item.kind]}")
    return manifest
