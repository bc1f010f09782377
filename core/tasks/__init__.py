"""What is asked of a method: every task by its key."""

from bandweave.problem import Task
from bandweave.tasks.gap import Gap
from bandweave.tasks.reconstruct import Reconstruct
from bandweave.tasks.sharpen import Sharpen

TASKS: dict[str, type[Task]] = {
    "reconstruct": Reconstruct,
    "gap": Gap,
    "sharpen": Sharpen,
}
