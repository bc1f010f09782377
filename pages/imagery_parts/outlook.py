"""What a source will make, said before it is made: the grid, and what was guessed."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.prepare.alignment import overlap
from bandweave.raster.grid import Grid
from bandweave.raster.scene import Role, Scene
from bandweave.sources.files import FilesSource
from bandweave.sources.measured import open_all
from pages.shared.names import said
from pages.shared.scene_facts import guesses, remarks, size_words, system

_STATE = "outlook"


@dataclass(frozen=True)
class Outlook:
    """What is known of a scene before its pixels are read."""

    grid: Grid
    bands: tuple[str, ...]
    facts: dict[str, Any]
    covered: dict[str, float]
    """Of optical and radar files: the share of their extent that the grid covers, 0..1."""

    def sentence(self) -> str:
        """Say what will be made."""
        shares = " and ".join(f"{share:.0%} of the {role}" for role, share in self.covered.items())
        return (
            f"This makes {size_words(self.grid)}, in {system(self.grid)}: {shares}. "
            f"Bands: {', '.join(self.bands)}."
        )


def outlook(source: FilesSource) -> None:
    """Show what a source will make; raises what would make the import fail."""
    found = _kept(source)
    st.markdown(said(found.sentence()))
    remarks(found.facts.get("warnings", []))
    guesses(found.facts.get("guesses", []))


def _kept(source: FilesSource) -> Outlook:
    """Work the outlook out once for a source, also where it is a refusal."""
    files = (*source.optical, *source.radar, *source.earlier_optical, *source.earlier_radar)
    stated = repr(source), tuple(path.stat().st_mtime_ns for path in files)
    asked, answer = st.session_state.get(_STATE, (None, None))
    if asked != stated:
        try:
            answer = _worked_out(source, source.make())
        except BandweaveError as error:
            answer = error
        st.session_state[_STATE] = (stated, answer)
    if isinstance(answer, BandweaveError):
        raise answer
    assert isinstance(answer, Outlook)
    return answer


def _worked_out(source: FilesSource, scene: Scene) -> Outlook:
    covered = {
        role: min(overlap(scene.grid, raster.grid) for raster in open_all(paths))
        for role, paths in (("optical", source.optical), ("radar", source.radar))
    }
    layers = (*scene.all(Role.OPTICAL, earlier=False), *scene.all(Role.RADAR, earlier=False))
    bands = tuple(band for layer in layers for band in layer.bands)
    return Outlook(scene.grid, bands, dict(scene.facts), covered)
