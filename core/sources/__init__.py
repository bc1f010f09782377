"""Where scenes come from: every source by its key."""

from bandweave.sources.files import FilesSource
from bandweave.sources.simulated import Simulated
from bandweave.sources.source import Source

SOURCES: dict[str, type[Source]] = {
    "simulated": Simulated,
    "files": FilesSource,
}
