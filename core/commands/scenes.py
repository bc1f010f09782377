"""`scene create`, `scene list` and `scene show`."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from bandweave.commands.output import damage_rows, table
from bandweave.errors import SettingError
from bandweave.prepare.clouds import coverage
from bandweave.raster.scene import Role
from bandweave.sources.archives import LeftOut, expanded
from bandweave.sources.confined.rooms import room
from bandweave.sources.files import FilesSource
from bandweave.sources.labels import label
from bandweave.workspace import scene_library


def create(arguments: Namespace) -> tuple[object, str]:
    """Import files, folders and archives as a scene of the library."""
    with room() as folder:
        source, left_out = _given(arguments, folder)
        entry = scene_library.add(source, arguments.name)
    scene = entry.scene
    shares = coverage(scene)
    measured = (*scene.all(Role.OPTICAL), *scene.all(Role.RADAR))
    facts: dict[str, Any] = {
        "id": entry.id,
        "grid": scene.grid.as_json(),
        "bands": list(dict.fromkeys(name for layer in measured for name in layer.bands)),
        "layers": [layer.as_json() for layer in scene.layers],
        **shares._asdict(),
        "warnings": list(scene.facts.get("warnings", [])),
        "evidence": list(scene.facts.get("evidence", [])),
        "left_out": [each._asdict() for each in left_out],
    }
    if shares.cloud_fraction == 1:
        facts["warnings"].append("Every pixel is under cloud.")
    lines = [
        f"Saved as '{entry.id}': {scene.grid.height} x {scene.grid.width} pixels of "
        f"{scene.grid.resolution:g} m, {facts['valid_fraction']:.1%} valid."
    ]
    lines += [
        f"{each['layer']} {each['what']}: {each['value']} ({each['basis']}: {each['why']})"
        for each in facts["evidence"]
    ]
    lines += [f"Left out: {each.archive}: {each.name} ({each.why})" for each in left_out]
    lines += [f"Mind: {warning}" for warning in facts["warnings"]]
    return facts, "\n".join(lines)


def _given(arguments: Namespace, folder: Path) -> tuple[FilesSource, list[LeftOut]]:
    """Return the source of what is given, and what of archives and folders is not used."""
    found = [
        expanded([Path(text) for text in texts or ()], folder)
        for texts in (
            arguments.optical,
            arguments.radar,
            arguments.earlier_optical,
            arguments.earlier_radar,
        )
    ]
    optical, radar, earlier_optical, earlier_radar = found
    qualities = [path for each in found for path in each.quality]
    qa = tuple(map(Path, arguments.qa or ())) or _of_one_coding(optical.quality)
    left_out = [each for part in found for each in part.left_out]
    left_out += [
        LeftOut(path.parent.name, path.name, "another quality band is used, or none is asked for")
        for path in qualities
        if path not in qa
    ]
    source = FilesSource(
        optical=optical.paths,
        optical_bands=band_numbers("--optical-bands", arguments.optical_bands),
        optical_product=arguments.optical_product or "",
        optical_scale=arguments.optical_scale,
        optical_offset=arguments.optical_offset,
        optical_native=arguments.optical_native,
        optical_fill=_numbers(arguments.optical_fill),
        optical_date=arguments.optical_date or "",
        qa=qa,
        qa_kind=arguments.qa_kind or "",
        qa_band=arguments.qa_band or "",
        qa_probability=arguments.qa_probability,
        radar=radar.paths,
        radar_bands=band_numbers("--radar-bands", arguments.radar_bands),
        radar_unit=arguments.radar_unit or "",
        radar_scale=arguments.radar_scale,
        radar_fill=_numbers(arguments.radar_fill),
        radar_date=arguments.radar_date or "",
        earlier_optical=earlier_optical.paths,
        earlier_radar=earlier_radar.paths,
        resolution=arguments.resolution,
        bounds=_bounds(arguments.bounds),
        name=arguments.name,
    )
    return source, left_out


def listing(_: Namespace) -> tuple[object, str]:
    """List the library's scenes."""
    found = scene_library.entries()
    entries = [entry for entry in found if entry.sound]
    rows = [["id", "name", "size", "resolution", "layers"]]
    for entry in entries:
        grid = entry.scene.grid
        size, layers = f"{grid.height} x {grid.width}", str(len(entry.scene.layers))
        rows.append([entry.id, entry.name, size, f"{grid.resolution:g} m", layers])
    text = table(rows) if entries else "No scenes yet. 'scene create' imports one."
    damaged, lines = damage_rows("scene", [entry for entry in found if not entry.sound])
    return [*(entry.as_json() for entry in entries), *damaged], text + lines


def show(arguments: Namespace) -> tuple[object, str]:
    """Describe one scene."""
    entry = scene_library.find_or_open(arguments.scene)
    facts = entry.as_json() | coverage(entry.scene)._asdict()
    rows = [["layer", "role", "bands", "unit", "native", "date"]]
    for layer in entry.scene.layers:
        date = layer.date.isoformat() if layer.date else ""
        bands, native = " ".join(layer.bands), f"{layer.native_resolution:g} m"
        rows.append([layer.name, layer.role, bands, layer.unit, native, date])
    simulated = " (SIMULATED)" if entry.scene.simulated else ""
    return facts, f"{entry.name}{simulated}\n\n{table(rows)}"


def band_numbers(option: str, text: str | None) -> dict[str, int] | None:
    """Return `red=4,green=3` as a mapping of names to band numbers from 1."""
    if not text:
        return None
    numbers: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        known = name in numbers or (number.isdigit() and int(number) in numbers.values())
        if not name or not number.isdigit() or int(number) < 1 or known:
            raise SettingError(
                f"{option} cannot be '{text}'.",
                "Give each band once as name=number, numbers from 1: red=4,green=3,blue=2.",
            )
        numbers[name] = int(number)
    return numbers


def _of_one_coding(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return the quality bands that are named as the first is: those of adjoining tiles."""
    codings = [label(path.name).band for path in paths]
    return tuple(path for path, coding in zip(paths, codings, strict=True) if coding == codings[0])


def _numbers(given: list[float] | None) -> tuple[float, ...] | None:
    return None if given is None else tuple(given)


def _bounds(text: str | None) -> tuple[float, float, float, float] | None:
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise SettingError(
            f"--bounds cannot be '{text}'.", "Give four numbers: west,south,east,north."
        ) from None
    return west, south, east, north
