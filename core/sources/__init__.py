"""Where scenes come from: every source by its key."""

from core.sources.files import FilesSource
from core.sources.simulated import Simulated
from core.sources.source import Source

SOURCES: dict[str, type[Source]] = {
    "simulated": Simulated,
    "files": FilesSource,
}
