"""What gives concern about a scene, besides what only its numbers tell."""


def concerns(scene):
    """Return a scene's warnings but those that something is told from numbers alone."""
    return [said for said in scene.facts["warnings"] if not said.startswith("Told from")]
