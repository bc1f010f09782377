"""The audit: what the paper's printed figures can and cannot mean, computed when asked for."""

from core.paper.bound_flags import bound_flags
from core.paper.flag import GRADES as GRADES
from core.paper.flag import Flag as Flag
from core.paper.flag import Grade as Grade
from core.paper.flag import SceneFacts as SceneFacts
from core.paper.flag import Seams as Seams
from core.paper.flag import Step as Step
from core.paper.likeness_flags import likeness_flags
from core.paper.print_flags import print_flags
from core.paper.setup_flags import data_flags, prediction_flags, setup_flags


def audit(facts: SceneFacts | None = None) -> list[Flag]:
    """Return every flag, set-up first; with `facts`, with this scene's figures beside."""
    facts = facts or SceneFacts()
    return [
        *setup_flags(facts),
        *bound_flags(facts),
        *likeness_flags(facts),
        *data_flags(facts),
        *print_flags(),
        *prediction_flags(facts),
    ]
