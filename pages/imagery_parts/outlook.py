"""What a source will make, said before it is made: the grid, and what was guessed."""

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.sources import outside
from bandweave.sources.files import FilesSource
from bandweave.sources.outside import Outlook
from pages.shared.names import said
from pages.shared.scene_facts import guesses, remarks, size_words, system

_STATE = "outlook"


def outlook(source: FilesSource) -> None:
    """Show what a source will make; raises what would make the import fail."""
    found = _kept(source)
    st.markdown(said(_sentence(found)))
    remarks(found.facts.get("warnings", []))
    guesses(found.facts.get("guesses", []))


def _sentence(found: Outlook) -> str:
    shares = " and ".join(f"{share:.0%} of the {role}" for role, share in found.covered.items())
    return (
        f"This makes {size_words(found.grid)}, in {system(found.grid)}: {shares}. "
        f"Bands: {', '.join(found.bands)}."
    )


def _kept(source: FilesSource) -> Outlook:
    """Work the outlook out once for a source, also where it is a refusal."""
    files = (*source.optical, *source.radar, *source.earlier_optical, *source.earlier_radar)
    stated = repr(source), tuple(path.stat().st_mtime_ns for path in files)
    asked, answer = st.session_state.get(_STATE, (None, None))
    if asked != stated:
        try:
            answer = outside.outlook(source)
        except BandweaveError as error:
            answer = error
        st.session_state[_STATE] = (stated, answer)
    if isinstance(answer, BandweaveError):
        raise answer
    assert isinstance(answer, Outlook)
    return answer
