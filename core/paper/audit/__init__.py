"""The audit: what the paper's printed figures can and cannot mean, computed when asked for."""

from core.paper.audit.bound_flags import bound_flags
from core.paper.audit.flag import GRADES as GRADES
from core.paper.audit.flag import Flag as Flag
from core.paper.audit.flag import Grade as Grade
from core.paper.audit.flag import SceneFacts as SceneFacts
from core.paper.audit.flag import Seams as Seams
from core.paper.audit.flag import Step as Step
from core.paper.audit.likeness_flags import likeness_flags
from core.paper.audit.misprint_flags import print_flags
from core.paper.audit.setup_flags import data_flags, prediction_flags, setup_flags


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
