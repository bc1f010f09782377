"""What is asked of a method: every task by its key."""

from core.problem import Task
from core.tasks.gap import Gap
from core.tasks.reconstruct import Reconstruct
from core.tasks.sharpen import Sharpen

TASKS: dict[str, type[Task]] = {
    "reconstruct": Reconstruct,
    "gap": Gap,
    "sharpen": Sharpen,
}
