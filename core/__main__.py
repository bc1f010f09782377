"""`bandweave`: everything the app does, from a shell.

Every command takes `--json` and ends with a non-zero exit code on error.
"""

import os
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from bandweave.errors import BandweaveError, SettingError

SIGNED = ("--bounds", "--optical-offset", "--optical-scale", "--data-range", "--resolution")
Command = Callable[[Namespace], tuple[object, str]]


class Parser(ArgumentParser):
    """An argument parser whose complaints are errors like all others."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise SettingError(f"{message[:1].upper()}{message[1:]}.", f"See: {self.prog} --help")


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 1 with the error printed."""
    words = list(sys.argv[1:] if words is None else words)
    json_wanted = "--json" in words
    from bandweave.commands.output import as_json, failure

    try:
        arguments = parser().parse_args(_joined(word for word in words if word != "--json"))
        content, text = arguments.command(arguments)
    except BandweaveError as error:
        shown = failure(error, json_wanted=json_wanted)
        print(shown, file=sys.stdout if json_wanted else sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    shown = as_json(content) if json_wanted else text
    if shown:
        try:
            print(shown, flush=True)
        except BrokenPipeError:  # whoever reads has read enough: `bandweave metrics | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _joined(words: Iterable[str]) -> list[str]:
    """Write `--option -1` as `--option=-1`: a number below zero is not an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in SIGNED and re.match(r"-[\d.]", word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def parser() -> Parser:
    """Return the whole command line."""
    top = Parser(prog="bandweave", description="Fuse radar and optical satellite imagery.")
    verbs = top.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    _add_demo(verbs)
    _add_scene(verbs)
    _add_fuse(verbs)
    _add_sweep(verbs)
    _add_paper(verbs)
    _add_score(verbs)
    _add_run(verbs)
    _add_runs(verbs)
    _add_doctor(verbs)
    _add_workspace(verbs)
    _add_registries(verbs)
    return top


def _verb(verbs: Any, name: str, command: Command, help_: str) -> Parser:
    verb: Parser = verbs.add_parser(name, help=help_, description=help_)
    verb.set_defaults(command=command)
    verb.add_argument("--json", action="store_true", help="print JSON instead of text")
    return verb


def _add_demo(verbs: Any) -> None:
    from bandweave.commands import fusion

    verb = _verb(verbs, "demo", fusion.demo, "run everything once on the simulated demo scene")
    verb.add_argument("--out", required=True, metavar="DIR")
    verb.add_argument("--seed", type=int, default=0)


def _add_scene(verbs: Any) -> None:
    from bandweave.commands import scenes

    group = verbs.add_parser("scene", help="import, list and show scenes")
    inner = group.add_subparsers(required=True, metavar="ACTION", parser_class=Parser)
    create = _verb(
        inner,
        "create",
        scenes.create,
        "import GeoTIFFs, other formats, folders and archives as a scene",
    )
    create.add_argument("--name", required=True)
    create.add_argument("--optical", nargs="+", required=True, metavar="F")
    create.add_argument("--optical-bands", metavar="red=4,green=3,blue=2")
    create.add_argument("--optical-product", metavar="landsat-c2l2|sentinel-2|percent|...")
    create.add_argument("--optical-scale", type=float, metavar="S")
    create.add_argument("--optical-offset", type=float, metavar="O")
    create.add_argument("--optical-native", type=float, metavar="METRES")
    create.add_argument("--optical-fill", type=float, nargs="*", metavar="NUMBER")
    create.add_argument("--optical-date", metavar="YYYY-MM-DD")
    create.add_argument("--qa", nargs="+", metavar="F")
    create.add_argument("--qa-band", metavar="NAME|NUMBER")
    create.add_argument("--qa-kind", metavar="landsat-c2|landsat-c1|scl|fmask-hls|udm2|mask|...")
    create.add_argument("--qa-probability", type=float, default=40.0, metavar="PERCENT")
    create.add_argument("--radar", nargs="+", required=True, metavar="F")
    create.add_argument("--radar-bands", metavar="VV=1,VH=2")
    create.add_argument("--radar-unit", metavar="db|power|amplitude")
    create.add_argument("--radar-scale", type=float, help="to the unit: 0.1 for dB x 10")
    create.add_argument("--radar-fill", type=float, nargs="*", metavar="NUMBER")
    create.add_argument("--radar-date", metavar="YYYY-MM-DD")
    create.add_argument("--earlier-optical", nargs="+", metavar="F")
    create.add_argument("--earlier-radar", nargs="+", metavar="F")
    create.add_argument("--resolution", type=float, default=10.0, metavar="M")
    create.add_argument("--bounds", metavar="W,S,E,N")
    _verb(inner, "list", scenes.listing, "list the library's scenes")
    show = _verb(inner, "show", scenes.show, "describe a scene")
    show.add_argument("scene", metavar="S")


def _add_fuse(verbs: Any) -> None:
    from bandweave.commands import fusion

    verb = _verb(verbs, "fuse", fusion.fuse, "run methods on a scene and score them")
    verb.add_argument("--scene", required=True, metavar="S")
    model = verb.add_mutually_exclusive_group()
    model.add_argument("--apply", metavar="RUN", help="apply a run's model: id or folder")
    model.add_argument("--start-from", metavar="RUN", help="train on from a run's model")
    verb.add_argument("--task", metavar="T", help="needed where methods are fitted")
    verb.add_argument("--task-set", action="extend", nargs="+", metavar="k=v")
    verb.add_argument("--method", action="extend", nargs="+", metavar="M", help="likewise")
    verb.add_argument("--preset", metavar="P")
    verb.add_argument("--set", action="extend", nargs="+", metavar="k=v")
    verb.add_argument("--seed", action="extend", type=int, nargs="+", metavar="N")
    verb.add_argument("--out", required=True, metavar="DIR")


def _add_sweep(verbs: Any) -> None:
    from bandweave.commands import sweeps
    from bandweave.workspace.sweeps import Search, offered

    group = verbs.add_parser("sweep", help="vary a method's settings, and find the best")
    inner = group.add_subparsers(required=True, metavar="ACTION", parser_class=Parser)
    start = _verb(inner, "start", sweeps.start, "run a method under many settings, and wait")
    start.add_argument("--scene", required=True, metavar="S")
    start.add_argument("--task", required=True, metavar="T")
    start.add_argument("--task-set", action="extend", nargs="+", metavar="k=v")
    start.add_argument("--method", required=True, metavar="M")
    start.add_argument("--preset", metavar="P")
    start.add_argument("--set", action="extend", nargs="+", metavar="k=v")
    start.add_argument(
        "--vary", action="extend", nargs="+", required=True, metavar="k=v,v|k=low..high"
    )
    for each in Search.settings():
        choices = "|".join(offered()) if each.name == "strategy" else each.kind
        option = f"--{each.name.replace('_', '-')}"
        start.add_argument(option, metavar=choices, help=f"{each.help} Default: {each.default}.")
    start.add_argument("--seed", action="extend", type=int, nargs="+", metavar="N")
    start.add_argument("--name", metavar="NAME", help="what the study is called")
    start.add_argument("--plan", action="store_true", help="say what it takes, and start nothing")
    for name, command, help_ in (
        ("show", sweeps.show, "show what a sweep has brought"),
        ("stop", sweeps.stop, "end a sweep and its runs that are under way"),
    ):
        _verb(inner, name, command, help_).add_argument("study", metavar="ID")


def _add_paper(verbs: Any) -> None:
    from bandweave.commands import paper

    verb = _verb(verbs, "paper", paper.paper, "repeat the paper on a scene, its tables beside ours")
    verb.add_argument("--scene", metavar="S")
    verb.add_argument("--settings", metavar="FILE.json", help="what an earlier run of it wrote")
    verb.add_argument("--set", action="extend", nargs="+", metavar="k=v")
    verb.add_argument("--seed", type=int, metavar="N")
    verb.add_argument("--out", required=True, metavar="DIR")


def _add_score(verbs: Any) -> None:
    from bandweave.commands import fusion

    verb = _verb(verbs, "score", fusion.score, "compare two images")
    verb.add_argument("--reference", required=True, metavar="R.tif")
    verb.add_argument("--estimate", required=True, metavar="E.tif")
    verb.add_argument("--data-range", type=float, required=True, metavar="L")
    verb.add_argument("--mask", metavar="M.tif", help="pixels that are not 0 count")


def _add_run(verbs: Any) -> None:
    from bandweave.commands import fusion

    verb = _verb(verbs, "run", fusion.run, "execute the request in a run folder")
    verb.add_argument("folder", nargs="?", metavar="FOLDER")
    verb.add_argument("--wait", action="store_true", help="read FOLDER from the input")
    verb.add_argument("--warm", action="store_true", help="load TensorFlow while waiting")


def _add_runs(verbs: Any) -> None:
    from bandweave.commands import runs

    group = verbs.add_parser("runs", help="list, cancel and resume the app's runs")
    inner = group.add_subparsers(required=True, metavar="ACTION", parser_class=Parser)
    _verb(inner, "list", runs.listing, "list the runs, newest first")
    cancel = _verb(inner, "cancel", runs.cancel, "end a run, whatever it is doing")
    cancel.add_argument("run", metavar="ID")
    resume = _verb(
        inner, "resume", runs.resume, "go on with a training that was lost or cancelled, here"
    )
    resume.add_argument("run", metavar="ID")


def _add_doctor(verbs: Any) -> None:
    from bandweave.commands import workspace

    verb = _verb(verbs, "doctor", workspace.doctor, "say what is wrong with the workspace")
    verb.add_argument("--repair", action="store_true", help="put it right, after saying what")


def _add_workspace(verbs: Any) -> None:
    from bandweave.commands import backup

    group = verbs.add_parser("workspace", help="back up scenes, runs and studies, and take them in")
    inner = group.add_subparsers(required=True, metavar="ACTION", parser_class=Parser)
    out = _verb(inner, "export", backup.exporting, "write scenes, runs and studies into one file")
    out.add_argument("--out", required=True, metavar="FILE")
    out.add_argument("--scene", action="extend", nargs="+", metavar="S", help="default: the whole")
    out.add_argument("--run", action="extend", nargs="+", metavar="R")
    out.add_argument("--alone", action="store_true", help="runs without their scenes")
    back = _verb(inner, "import", backup.importing, "take in what export wrote")
    back.add_argument("file", metavar="FILE")


def _add_registries(verbs: Any) -> None:
    from bandweave.commands import registries

    _verb(verbs, "methods", registries.methods, "list the methods and their settings")
    _verb(verbs, "tasks", registries.tasks, "list the tasks and their settings")
    _verb(verbs, "metrics", registries.metrics, "list the metrics")
    _verb(verbs, "sources", registries.sources, "list the sources of scenes")
    verb = _verb(
        verbs, "check", registries.check, "hold methods, metrics and tasks to the contracts"
    )
    verb.add_argument("--method", action="extend", nargs="+", metavar="M")
    verb.add_argument("--metric", action="extend", nargs="+", metavar="M")
    verb.add_argument("--task", action="extend", nargs="+", metavar="T")
    verb = _verb(verbs, "readme", registries.readme, "write the registries' tables into a README")
    verb.add_argument("file", metavar="README.md")


if __name__ == "__main__":
    sys.exit(main())
