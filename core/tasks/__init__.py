"""What is asked of a method: every task by its key."""

from core.problem import Task
from core.tasks.gap import Gap
from core.tasks.reconstruct import Reconstruct

TASKS: dict[str, type[Task]] = {
    "reconstruct": Reconstruct,
    "gap": Gap,
}
