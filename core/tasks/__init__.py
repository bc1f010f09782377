"""What is asked of a method: every task by its key, and where it is."""

from bandweave.problem import Task
from bandweave.registry import Registry

TASKS: Registry[type[Task]] = Registry(
    "tasks",
    {
        "reconstruct": "reconstruct:Reconstruct",
        "gap": "gap:Gap",
        "sharpen": "sharpen:Sharpen",
    },
)
