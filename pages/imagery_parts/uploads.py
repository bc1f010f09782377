"""Files on their way to a scene: uploaded into a folder of the session, not in memory, or in place.

Uploads go when they are imported, the folder when the session's state does; what a server that
ended left behind goes when the next one starts. Archives are unpacked into the same folder. Whoever
sits at the server may name files by their paths: they are used where they lie, and stay there.
"""

import re
import secrets
import shutil
import weakref
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from bandweave.errors import BandweaveError, RasterError
from bandweave.sources.archives import LeftOut, describes, expanded, is_archive
from bandweave.sources.confined.caller import alone
from bandweave.sources.confined.rooms import room

_STATE = "uploads"
_LONGEST_NAME = 120


class Uploads:
    """The files one session has uploaded and not yet imported."""

    def __init__(self) -> None:
        stack = ExitStack()
        self.folder = stack.enter_context(room())
        self.round = 0
        """How often files were taken; each round has an uploader of its own, an empty one."""
        self.batch = 0
        """How often all files were imported."""
        self.left_out: list[LeftOut] = []
        """What of archives and folders is not used."""
        self._found: list[Path] = []
        """What archives and folders held, and files in place."""
        self._beside: list[Path] = []
        self._name = secrets.token_hex(4)
        self._close = weakref.finalize(self, stack.close)

    @property
    def key(self) -> str:
        """What the fields of this set of files begin with; the next set begins anew."""
        return f"import-{self._name}-{self.batch}"

    @property
    def files(self) -> list[Path]:
        """The uploaded files by name, without those that only describe others."""
        return [path for path in self._all() if not describes(path.name)]

    @property
    def side_files(self) -> list[Path]:
        """The products' own descriptions, which are read along with the files they describe."""
        return [path for path in (*self._all(), *self._beside) if describes(path.name)]

    def _all(self) -> list[Path]:
        there = [path for path in (*self.folder.iterdir(), *self._found) if path.is_file()]
        return sorted(there, key=lambda path: _natural(path.name))

    def take(self, sent: Iterable[UploadedFile]) -> None:
        """Write files to the folder under plain names, and drop them from memory.

        Archives give way to what they hold. One that fails is raised when all have been taken.
        """
        self.round += 1
        problems = []
        for file in sent:
            try:
                path = self._kept(file)
                if is_archive(path):
                    try:
                        self._open(path)
                    finally:
                        path.unlink()
            except BandweaveError as error:
                problems.append(error)
        if problems:
            raise problems[0]

    def use(self, text: str) -> None:
        """Take a file, a folder or an archive by its path; a file stays where it is."""
        if not alone():
            raise RasterError(
                "Paths are for whoever uses this server alone.", "Upload the file instead."
            )
        path = Path(text.strip().strip("\"'"))
        try:
            path = path.expanduser()
            there = path.is_absolute() and (path.is_file() or path.is_dir())
        except (OSError, RuntimeError):  # it may not be looked at, or is nobody's home
            there = False
        if not there:
            raise RasterError(
                f"There is no file or folder {str(path)[-200:]} that can be read.",
                "Give its whole path on this computer, such as /home/me/S2A_MSIL2A.SAFE.zip.",
            )
        self._open(path)

    def _open(self, path: Path) -> None:
        """Add what a file, folder or archive comes to; what is called as another one is not."""
        found = expanded((path,), self.folder)
        for each in (*found.paths, *found.quality):
            if each.name in {other.name for other in self.files}:
                why = "another file is called so"
                self.left_out.append(LeftOut(path.name, each.name, why))
            else:
                self._found.append(each)
        self._beside += found.beside
        self.left_out += found.left_out

    def _kept(self, file: UploadedFile) -> Path:
        path = self.folder / _free(self.folder, plain_name(file.name))
        try:
            with path.open("wb") as target:
                shutil.copyfileobj(file, target, 1 << 20)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise RasterError(
                f"{file.name} could not be kept for the import: {error.strerror}.",
                "Make room in the server's folder for temporary files and upload it again.",
            ) from error
        finally:
            _forget(file)
        return path

    def remove(self, name: str) -> None:
        """Delete one file; one that was used in place is only forgotten."""
        for path in [each for each in self._all() if each.name == name]:
            if path in self._found:
                self._found.remove(path)
            if path.is_relative_to(self.folder):
                path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete all uploads, and forget all files; what comes next belongs to another scene."""
        self.batch += 1
        self.left_out, self._found, self._beside = [], [], []
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def uploads() -> Uploads:
    """Return the session's uploads."""
    kept = st.session_state.get(_STATE)
    if not isinstance(kept, Uploads) or not kept.folder.is_dir():
        kept = Uploads()
        st.session_state[_STATE] = kept
    return kept


def plain_name(name: str) -> str:
    """Return a file's name without folders and without characters that mean something to a shell.

    >>> plain_name("../../etc/S2A_T48 (1).tif")
    'S2A_T48 _1_.tif'
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    plain = re.sub(r"[^\w.\- ]", "_", last).strip(". ")
    return plain[-_LONGEST_NAME:] or "file"


def _free(folder: Path, name: str) -> str:
    """Return the name, numbered where the folder has it."""
    taken = {path.name.lower() for path in folder.iterdir()}
    path, number, candidate = Path(name), 1, name
    while candidate.lower() in taken:
        number += 1
        candidate = f"{path.stem}-{number}{path.suffix}"
    return candidate


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts B2 before B10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _forget(file: UploadedFile) -> None:
    """Drop an uploaded file's bytes; Streamlit would keep them as long as the session."""
    context = get_script_run_ctx()
    if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
