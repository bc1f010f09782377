"""The Fuse page's form: the question, the task's settings, each method's settings and presets.

What is entered belongs to a scene and a task: another scene starts from presets fitted to it.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import streamlit as st

from bandweave.display.tiles import overview
from bandweave.errors import BandweaveError
from bandweave.methods import METHODS
from bandweave.problem import Task
from bandweave.raster.scene import CLOUD
from bandweave.settings import Value
from bandweave.tasks import TASKS
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import Run
from bandweave.workspace.scene_library import Entry
from pages.fuse_parts.method_cards import choose_methods, selection_key, settings_place, show_reach
from pages.shared import notices
from pages.shared.forms import choose, setting_fields
from pages.shared.running.estimate import Estimated, estimated

TASK, SEEDS, FIRST_SEED = "fuse-task", "fuse-seeds", "fuse-first-seed"
DEFAULT, SUGGESTED_PRESET = "Default", "fast"
MOST_SEEDS = 10


def choose_task(entry: Entry) -> type[Task]:
    """Ask what is to be done with a scene, as the tasks' plain questions."""
    labels = {task.label: task for task in TASKS.values()}
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        task = labels[choose("Task", labels, key=TASK)]
        notices.simulated(entry.scene)
    st.caption(task.description)
    return task


def task_fields(task: type[Task], entry: Entry) -> dict[str, Value]:
    """Ask for the task's settings, as they begin on a scene with clouds or without."""
    values, cloudy = task().values(), has_clouds(entry)
    values |= {
        each.name: each.on_clouds
        for each in task.settings()
        if cloudy and each.on_clouds is not None
    }
    asked = [each for each in task.settings() if cloudy or each.on_clouds is None]
    return values | setting_fields(asked, values, key=_key(entry.id, task, "task"))


def has_clouds(entry: Entry) -> bool:
    """Whether the scene's mask flags any pixel as cloud."""
    return _cloudy(entry, entry.folder.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _cloudy(entry: Entry, _: int) -> bool:
    mask = entry.scene.mask(CLOUD)
    return mask is not None and bool((overview(mask.raster, (CLOUD,)) > 0).any())


def method_choice(task: type[Task], entry: Entry) -> list[str]:
    """Ask which methods to run."""
    return choose_methods(task, key=_key(entry.id, task), suggested=task.suggested)


def method_plan(
    method: str,
    task: type[Task],
    task_settings: Mapping[str, Value],
    entry: Entry,
    runs: Sequence[Run],
) -> Estimated | None:
    """Ask for a method's settings and return what it will take; None where something is amiss.

    What is amiss is said below the fields. Seconds are told from those of `runs` that are done.
    """
    has_fields = bool(METHODS[method].settings())
    with st.container(border=has_fields, key=f"card-settings-{method}"):
        with settings_place(method, key=_key(entry.id, task)):
            settings = method_fields(method, task, entry)
        try:
            request = Request(entry.id, task.key, method, settings, task_settings)
            show_reach(request.configured_method)
            return request, estimated(request, entry, runs)
        except BandweaveError as error:
            notices.problem(error)
    return None


def method_fields(method: str, task: type[Task], entry: Entry) -> dict[str, Value]:
    """Ask for a method's settings, starting from the preset that suits most scenes."""
    key = _key(entry.id, task, method)
    presets = _presets(method, entry.scene.grid.shape)
    for name, value in presets.get(SUGGESTED_PRESET, presets[DEFAULT]).items():
        st.session_state.setdefault(f"{key}-{name}", value)
    if len(presets) > 1:
        _preset_choice(method, presets, key)
    return setting_fields(METHODS[method].settings(), presets[DEFAULT], key=key)


Presets = Mapping[str, Mapping[str, Value]]


def _presets(method: str, shape: tuple[int, int]) -> Presets:
    """Return every setting under each preset, fitted to a scene of that shape."""
    made = METHODS[method]
    fitted = {name: made.from_values(made.preset(name, shape)).values() for name in made.presets}
    return {DEFAULT: made().values(), **fitted}


def _preset_choice(method: str, presets: Presets, key: str) -> None:
    """Offer the presets; the one shown as chosen is the one the fields agree with, if any."""
    shown = {name: st.session_state[f"{key}-{name}"] for name in presets[DEFAULT]}
    agreed = next((name for name, values in presets.items() if values == shown), None)
    st.session_state[f"{key}-preset"] = agreed
    descriptions = {name: _changes(method, presets, name) for name in presets}
    lines = [f"**{name.capitalize()}**: {words}" for name, words in descriptions.items()]
    explained = "\n\n".join(lines)
    st.segmented_control(
        "Preset",
        list(presets),
        format_func=str.capitalize,
        key=f"{key}-preset",
        help=explained,
        on_change=_use,
        args=(key, presets),
        persist_state="session",
    )
    st.caption(f"{descriptions[agreed]}." if agreed else "Settings of your own.")


def _changes(method: str, presets: Presets, name: str) -> str:
    """Say what a preset changes against the defaults."""
    labels = {declared.name: declared.label for declared in METHODS[method].settings()}
    changed = [
        f"{labels[each].lower()} {value}"
        for each, value in presets[name].items()
        if value != presets[DEFAULT][each]
    ]
    return ", ".join(changed).capitalize() or "As the method is declared"


def _use(key: str, presets: Presets) -> None:
    chosen = st.session_state[f"{key}-preset"]
    for name, value in presets.get(chosen, {}).items():
        st.session_state[f"{key}-{name}"] = value


def seed_fields() -> list[int]:
    """Ask for how many seeds, and the first; return them."""
    st.session_state.setdefault(SEEDS, 1)
    st.session_state.setdefault(FIRST_SEED, 0)
    count = st.number_input(
        "Seeds",
        1,
        MOST_SEEDS,
        key=SEEDS,
        width=130,
        help="How often each method is run, with other random numbers, to see how far scores vary.",
        persist_state="session",
    )
    first = st.number_input(
        "First seed", 0, 2**31 - MOST_SEEDS, key=FIRST_SEED, width=130, persist_state="session"
    )
    return list(range(first, first + count))


def fill(request: Request) -> None:
    """Put what a run was asked into the form."""
    task = TASKS[request.task]
    st.session_state[TASK] = task.label
    st.session_state[SEEDS], st.session_state[FIRST_SEED] = 1, request.seed
    for key, method in METHODS.items():
        if method.suits(task):
            field = selection_key(_key(request.scene, task), key)
            st.session_state[field] = key == request.method
    stored = {"task": request.task_settings, request.method: request.settings}
    for part, values in stored.items():
        for name, value in values.items():
            st.session_state[f"{_key(request.scene, task, part)}-{name}"] = value


def _key(scene: str, task: type[Task], *parts: str) -> str:
    return "-".join(("fuse", scene, task.key, *parts))
