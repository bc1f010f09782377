"""Where scenes come from: every source by its key, and where it is."""

from bandweave.registry import Registry
from bandweave.sources.source import Source

SOURCES: Registry[type[Source]] = Registry(
    "sources",
    {
        "simulated": "simulated:Simulated",
        "files": "files:FilesSource",
    },
)
