"""The audit: what the paper's printed figures can and cannot mean, computed when asked for."""

from bandweave.paper.audit.bound_flags import bound_flags
from bandweave.paper.audit.flag import GRADES as GRADES
from bandweave.paper.audit.flag import Flag as Flag
from bandweave.paper.audit.flag import Grade as Grade
from bandweave.paper.audit.flag import SceneFacts as SceneFacts
from bandweave.paper.audit.flag import Seams as Seams
from bandweave.paper.audit.flag import Step as Step
from bandweave.paper.audit.likeness_flags import likeness_flags
from bandweave.paper.audit.misprint_flags import print_flags
from bandweave.paper.audit.setup_flags import data_flags, prediction_flags, setup_flags


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
