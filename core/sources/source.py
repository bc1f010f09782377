"""What every source of scenes shares."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from bandweave.raster.scene import Scene, save_scene
from bandweave.settings import Declared


@dataclass(frozen=True)
class Source(Declared, ABC):
    """Where a scene comes from; its fields say which one."""

    key: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str]
    source: ClassVar[str]
    """The citation or document the source follows."""

    @abstractmethod
    def make(self) -> Scene:
        """Return the scene; its rasters may be computed window by window when read."""

    def write(self, folder: Path, name: str) -> None:
        """Write the scene under a name into an empty folder, as `save_scene` does."""
        save_scene(replace(self.make(), name=name), folder)
