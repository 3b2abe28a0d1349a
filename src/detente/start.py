"""`detente new`: a scenario of your own, begun as a copy of the shipped one with an empty chronicle."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from detente.console import WrongError, said
from detente.room import ready
from detente.scenario import citations, home_of, load

README = """\
# A scenario for Detente

Begun as a copy of `coexistence` with an empty chronicle: actors, issues, instruments, laws and calendar are there.

    detente check {name}             every problem, or what the scenario holds
    detente run --scenario {name}    an ensemble

Write what happened into `chronicle/1953.toml` … `chronicle/1964.toml`, one `[[event]]` an entry:

    [[event]]
    id = "embargo-1954"              # your own, unique
    date = 1954-03-01
    precision = "month"              # day | month
    actor = "usa"                    # an actor that decides
    instrument = "embargo"           # instrument, issue and target name one row of the actor's menu
    target = "ussr"
    text = {{ en = "What happened.", ru = "Что произошло." }}
    sources = ["key"]                # declared in sources.toml

What actors own and want stands in `actors/`, what is in dispute in `issues.toml`, every number of the laws in `laws/`;
each value names its source, and an assumption says that it is one. `crises/` and `shocks.toml` belong to the record:
add them when the chronicle has the entries that they name.

----

# Сценарий для Detente

Начат как копия `coexistence` с пустой летописью. `detente check {name}` показывает все ошибки или состав сценария,
`detente run --scenario {name}` запускает ансамбль. События пишутся в `chronicle/ГОД.toml`, как в примере выше;
у каждого числа и события назван источник, а допущение так и названо допущением.
"""


def new(folder: Path, lang: str = "en") -> str:
    """Copy the skeleton into a folder that is empty or not there yet, and say what to do next."""
    if folder.is_file():
        raise WrongError(f"{folder}: this is a file. Name a folder that is empty or not there yet")
    if folder.exists() and any(folder.iterdir()):
        raise WrongError(f"{folder}: the folder is not empty. Name one that is empty or not there yet")
    made = not folder.exists()
    try:
        _copy(home_of("coexistence"), folder)
    except BaseException:
        _clear(folder, made)
        raise
    return said(
        lang,
        f"{folder}: a scenario with an empty chronicle. Next: detente check {folder}",
        f"{folder}: сценарий с пустой летописью. Дальше: detente check {folder}",
    )


def _copy(model: Path, folder: Path) -> None:
    """What stands fixed is copied; what happened, and what rests on it, is left out."""
    for path in sorted(model.rglob("*.toml")):
        place = path.relative_to(model)
        if place.parts[0] in ("chronicle", "crises", "claims", "shocks.toml"):
            continue
        if place.parts[0] == "exercises" and place.name != "rules.toml":
            continue
        to = folder / place
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
    (folder / "chronicle").mkdir()
    (folder / "README.md").write_text(README.format(name=folder.name), encoding="utf-8")
    _cited(folder)


def _cited(folder: Path) -> None:
    """Keep only the works that the copy still cites: an unused source is an error of `check`."""
    made = load(str(folder.absolute()))
    used = {*citations(made), *ready.cited(made)}
    for path in folder.glob("sources*.toml"):
        parts = re.split(r"(?m)^(?=\[source\.)", path.read_text(encoding="utf-8"))
        kept = [p for p in parts[1:] if p.partition("]")[0].removeprefix("[source.").strip('"') in used]
        path.write_text(parts[0] + "".join(kept), encoding="utf-8")


def _clear(folder: Path, made: bool) -> None:
    """Leave nothing half-written."""
    if made:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for path in folder.iterdir():
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
