"""How the command line speaks: one sentence for every error, a bar for long work, a file that is whole or absent."""

from __future__ import annotations

import difflib
import errno
import importlib.util
import json
import math
import os
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer.core import TyperGroup

from detente import __version__

DEBUG = "DETENTE_DEBUG"
"""Set this variable to see the traceback of an internal fault."""
STOPPED = 130
"""Exit status after Ctrl-C, as shells have it."""


FULL = (errno.ENOSPC, errno.EDQUOT)
OURS = {"ScenarioError", "RunError", "WrongError", "GameError"}
"""Errors that already are a sentence for a person, by name: most verbs never import the laboratory."""


class WrongError(Exception):
    """A wrong argument or file: one sentence that says what, where and how to mend it."""


class StoppedError(Exception):
    """Ctrl-C, carried past the parser of options, which would swallow it."""


def screen() -> Console:
    """Where results are shown."""
    return Console(highlight=False, soft_wrap=False)


def aside() -> Console:
    """Where progress and errors are shown, so that results can be piped."""
    return Console(stderr=True, highlight=False)


def said(lang: str, en: str, ru: str) -> str:
    """The text in the language asked for."""
    return ru if lang == "ru" else en


class Verbs(TyperGroup):
    """The group of verbs: whatever goes wrong below ends as one sentence and an exit status, never as a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a verb."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise StoppedError from None

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run a verb; in a script or shell, leave with its status."""
        verb = partial(super().main, *args, **extra | {"standalone_mode": False})
        if not standalone_mode:
            return verb()
        try:
            status = verb()
        except (Exception, KeyboardInterrupt) as error:
            if os.environ.get(DEBUG):
                raise
            sentence, status = explained(error)
            if sentence:
                mark = "" if sentence.endswith(("?", ".")) else "."
                aside().print(f"detente: {sentence}{mark}", markup=False, soft_wrap=True)
        sys.exit(status if isinstance(status, int) else 0)


def explained(error: BaseException) -> tuple[str, int]:
    """One sentence and an exit status for anything that can be raised."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & {"KeyboardInterrupt", "Abort", "StoppedError"}:
        return "stopped. What was finished of a run with --out is kept: the same command goes on from there", STOPPED
    if kinds & OURS:
        return str(error), 1
    if hasattr(error, "format_message"):
        return usage(error), 2
    if isinstance(error, MemoryError):
        return "not enough memory. Give a smaller --block, or fewer --worlds", 1
    if isinstance(error, OSError):
        return disk(error), 1
    return f"internal fault ({type(error).__name__}: {error}). Please report it; {DEBUG}=1 shows where it happened", 70


def disk(error: OSError) -> str:
    """What the operating system refused, and what to do about it."""
    place = str(error.filename) if error.filename else ""
    where = f"{place}: " if place else ""
    if error.errno == errno.EPIPE:
        return ""
    if error.errno in FULL:
        return f"{where}the disk is full. Free some space and give the same command again: finished blocks are kept"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{where}it may not be written or read. Name another place, or change its permissions"
    if error.errno == errno.ENOENT:
        return f"{where}there is no such file or folder. Correct the path"
    return f"{where}{error.strerror or error}. Name another place, or mend it"


def usage(error: Any) -> str:
    """A wrong option or verb, with the nearest right one."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "detente"
    sentence = str(error.format_message()).strip()
    option = getattr(error, "option_name", "")
    if type(error).__name__ == "NoSuchOption" and context:
        known = [name for parameter in context.command.params for name in parameter.opts]
        close = difflib.get_close_matches(option, known, n=1, cutoff=0.5)
        sentence = f"there is no option {option}" + (f"; did you mean {close[0]}?" if close else "")
    if type(error).__name__ == "NoArgsIsHelpError":
        return sentence
    sentence = sentence.replace("Input should be", "it must be").replace("Value error, ", "")
    return f"{sentence.rstrip('.')}{'' if sentence.endswith('?') else '.'} See `{path} --help`"


def folder(path: Path) -> Path:
    """A folder that exists and can be written, made if need be; found out before the work begins and not after."""
    if path.exists() and not path.is_dir():
        raise WrongError(f"--out {path}: this is a file, not a folder. Name a folder")
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        if error.errno in FULL:
            raise
        raise WrongError(
            f"--out {path}: it cannot be written ({error.strerror}). Name another folder, or change its permissions"
        ) from None
    return path


def target(option: str, path: Path) -> Path:
    """A file that can be written: its folder exists (or is made) and lets us in."""
    if path.is_dir():
        raise WrongError(f"{option} {path}: this is a folder. Name a file in it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        if error.errno in FULL:
            raise
        raise WrongError(
            f"{option} {path}: its folder cannot be written ({error.strerror}). Name another place"
        ) from None
    return path


def needs(module: str, extra: str) -> None:
    """Say how to install what an extra brings, where it is not there."""
    if importlib.util.find_spec(module) is None:
        raise WrongError(f"this verb needs the extra `{extra}`. Install it: pip install 'detente[{extra}]'")


def whole(path: Path, text: str) -> None:
    """Write a file so that it is whole or absent, whatever happens."""
    fresh = path.with_name(f".{path.name}.part")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def write_json(where: str, data: dict[str, Any]) -> None:
    """JSON into a file, or to standard output for `-`."""
    text = json.dumps(plain(data), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    if where == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        whole(Path(where), text)


def plain(value: Any) -> Any:
    """Data as JSON knows it: arrays as lists, what is not a number as null."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)


@contextmanager
def progress(worlds: int, lang: str = "en", unit: str = "") -> Iterator[Callable[..., None]]:
    """A bar of worlds (or what `unit` names) done; before the first block it says that the kernel is being compiled."""
    compiling = said(
        lang, "compiling the kernel (once; kept for later runs)", "компилируется ядро (один раз; сохраняется)"
    )
    unit = unit or said(lang, "worlds", "миров")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    shown_on = aside()
    with Progress(*columns, console=shown_on, transient=True, disable=not shown_on.is_terminal) as bar:
        task = bar.add_task(compiling, total=worlds, rate="")
        calls: list[tuple[float, int]] = []

        def advance(done: int, *_: Any) -> None:
            if _:
                bar.update(task, total=_[0])
            calls.append((time.perf_counter(), done))
            if len(calls) < 2:  # told once before the kernel is compiled
                bar.update(task, completed=done)
                return
            (began, first), (now, _done) = calls[1], calls[-1]  # the first block carries the compilation
            rate = f"{(done - first) / (now - began):,.0f} {unit}/s" if now > began and done > first else ""
            bar.update(task, completed=done, description=unit, rate=rate)

        yield advance


@contextmanager
def wait(lang: str = "en") -> Iterator[None]:
    """Say that something takes a while."""
    with aside().status(
        said(
            lang,
            "replaying the record (the first call compiles)",
            "воспроизводится летопись (первый вызов компилирует)",
        )
    ):
        yield


def show(what: Any, data: dict[str, Any], where: str | None) -> None:
    """Show a result on screen, as JSON too where that is asked for; standard output carries one of the two."""
    if where != "-":
        screen().print(what)
    if where:
        write_json(where, {"version": __version__, **data})


class Places(NamedTuple):
    """Where a run leaves what it finds."""

    html: Path | None
    json: str | None


def places(out: Path | None, html: Path | None, where: str | None, keep: str | None = None) -> Places:
    """Find out before the work begins that everything can be written."""
    if keep and not out:
        raise WrongError(f"--keep {keep}: whole Worlds need a place on disk. Name it with --out DIR")
    if out:
        folder(out)
    if html:
        target("--html", html)
    if where and where != "-":
        target("--json", Path(where))
    return Places(html, where)


def ensemble(scenario: str, asked: dict[str, Any], lang: str) -> Any:
    """Run an ensemble behind a bar."""
    from detente.lab import ensemble as laboratory

    loaded = load_scenario(scenario)
    if asked.get("keep"):
        aside().print(size_of(loaded, asked, lang), markup=False)
    with progress(int(asked["worlds"]), lang) as advance:
        return laboratory.run(loaded, progress=advance, **asked)


def size_of(loaded: Any, asked: dict[str, Any], lang: str) -> str:
    """How much whole Worlds take: said before the run begins."""
    from detente.lab import ensemble as laboratory
    from detente.scenario import parse_month
    from detente.structure import structure

    size = laboratory.bytes_of_worlds(structure(loaded), asked["worlds"], parse_month(asked["until"]) + 1) / 1e9
    return said(lang, f"whole Worlds: {size:.1f} GB before compression", f"миры целиком: {size:.1f} ГБ до сжатия")


def publish(found: Any, places: Places, lang: str) -> None:
    """Summary on screen, report, JSON."""
    if places.json != "-":
        screen().print(summarise(found, lang))
    if places.html:
        report(found, places.html, lang)
        aside().print(f"{said(lang, 'report', 'отчёт')}: {places.html}", markup=False)
    if places.json:
        write_json(places.json, outcome(found))


def asked(file: Path | None, given: dict[str, list[str] | None]) -> dict[str, list[str]]:
    """Interventions and measures from the options and from a TOML file with keys of the same names."""
    found = {key: list(texts or []) for key, texts in given.items()}
    if file:
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise WrongError(f"{file}: it is no valid TOML: {error}") from None
        for key, value in table.items():
            if key not in found:
                raise WrongError(f"{file}: there is no key '{key}'. Known: {', '.join(found)}")
            texts = [value] if isinstance(value, str) else value
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                raise WrongError(f"{file}: {key} is a text or a list of texts")
            found[key] += texts
    if not any(texts for key, texts in found.items() if key != "measure"):
        raise WrongError("no intervention is named. Give one, for example --without u2-shootdown")
    return found


def what_if(
    scenario: str, question: dict[str, list[str]], worlds: int, seed: int, devices: int | None, lang: str
) -> Any:
    """Ask the record behind a bar."""
    from detente.lab import whatif

    loaded = load_scenario(scenario)
    with progress(worlds, lang) as advance:
        return whatif.whatif(loaded, worlds, seed, progress=advance, devices=devices, **question)


def publish_what_if(found: Any, places: Places, lang: str) -> None:
    """Answers on screen, report, JSON."""
    from detente.report import whatif as told

    if places.json != "-":
        screen().print(told.summary(found, lang))
    if places.html:
        told.write(found, places.html, lang)
        aside().print(f"{said(lang, 'report', 'отчёт')}: {places.html}", markup=False)
    if places.json:
        write_json(places.json, {"version": __version__, **found.table()})


def ledger(
    scenario: str, ids: list[str], worlds: int, seed: int, out: Path | None, devices: int | None, paths: bool, lang: str
) -> Any:
    """Run claims behind a bar of their arms."""
    from detente.lab import claims

    with progress(1, lang, said(lang, "arms", "опытов")) as advance:
        return claims.judge(load_scenario(scenario), ids, worlds, seed, out, advance, devices, paths=paths)


def publish_ledger(found: Any, places: Places, docs: Path | None, head: dict[str, Any], lang: str) -> None:
    """The ledger on screen, as a page, as documentation, as JSON."""
    from detente.lab import whatif
    from detente.laws import DRAWS
    from detente.report import ledger as told

    stamp = whatif.stamp(load_scenario(head["scenario"]))
    if places.json != "-":
        screen().print(told.summary(found, head["worlds"], lang))
    if places.html:
        told.write(found, places.html, head["worlds"], lang)
        aside().print(f"{said(lang, 'report', 'отчёт')}: {places.html}", markup=False)
    if docs:
        whole(docs, told.page(found, head["worlds"], min(DRAWS, head["worlds"]), stamp))
    if places.json:
        data = {
            "claims": [one.table() for one in found.findings],
            "rivals": [one.table() for one in found.rivals],
            "not_runnable": [{"id": other.id, "reason": other.reason[lang]} for other in found.not_runnable],
        }
        write_json(places.json, {"version": __version__, "stamp": stamp, **head, **data})


def load_scenario(name: str) -> Any:
    """A scenario by name or folder."""
    from detente.scenario import load

    return load(name)


def summarise(found: Any, lang: str) -> Any:
    """What a historian reads on screen."""
    from detente.report.summary import summary

    return summary(found, lang)


def report(found: Any, path: Path, lang: str) -> None:
    """The self-contained report."""
    from detente.report.pages import write

    write(found, path, lang)


def outcome(found: Any) -> dict[str, Any]:
    """An ensemble as JSON has it (design, section 10)."""
    head = {"version": __version__, "scenario": found.scenario.name, "seed": found.seed, "worlds": found.worlds}
    return {
        **head,
        "digest": found.digest,
        "worlds_per_second": found.worlds_per_second,
        "ladders": found.solving,
        "events": found.events(),
        "series": found.quantiles(),
    }


def repeat(manifest: Path, devices: int | None, lang: str) -> tuple[str, dict[str, Any]]:
    """Run again what a manifest describes: a sentence, and the same as JSON has it."""
    from detente.lab import ensemble as laboratory
    from detente.lab import store

    worlds = int(store.read_manifest(manifest).get("worlds", 1))
    with progress(worlds, lang) as advance:
        found = laboratory.replay(manifest, progress=advance, devices=devices)
    ens = found.ensemble
    verdict = said(lang, "the same to the bit", "совпадает до бита")
    if not found.same:
        parts = ", ".join(found.changed) or said(
            lang, "nothing that the manifest knows of", "ничего из того, что знает манифест"
        )
        verdict = said(
            lang,
            f"NOT the same as {found.recorded}; changed: {parts}",
            f"НЕ совпадает с {found.recorded}; изменилось: {parts}",
        )
    head = {"scenario": ens.scenario.name, "seed": ens.seed, "worlds": ens.worlds}
    return f"{ens.digest}: {verdict}", {
        **head,
        "digest": ens.digest,
        "recorded": found.recorded,
        "same": found.same,
        "changed": found.changed,
    }


def solution(file: Path, precision: float | None, limit: bool, lang: str) -> Any:
    """The equilibrium of a game in a file."""
    from detente.interop import gambit
    from detente.report.solved import solved

    with aside().status(said(lang, "following the branch", "прослеживается ветвь")):
        return solved(gambit.read(file), precision, limit)


def solvable(file: Path | None, named: str | None, precision: float | None, limit: bool, save: Path | None) -> None:
    """Exactly one game is asked for, at one precision, and it can be written where it is to be."""
    if file and named:
        raise WrongError(f"{file} --crisis {named}: these exclude each other. Give one of them")
    if not file and not named:
        raise WrongError("nothing to solve. Give a file in Gambit's format, or --crisis ID")
    if limit and precision is not None:
        raise WrongError(f"--precision {precision:g} --limit: these exclude each other. Give one of them")
    if save and file:
        raise WrongError(f"--save {save}: {file} is a game in a file already. Use --save with --crisis")
    if save:
        target("--save", save)


def publish_solution(found: Any, places: Places, lang: str, more: dict[str, Any] | None = None) -> None:
    """Strategies on screen, page, JSON; `more` is said in the JSON only."""
    from detente.report import gamepage
    from detente.report.solved import shown

    show(shown(found, lang), found.table() | (more or {}), places.json)
    if places.html:
        whole(places.html, gamepage.html(found, lang))
        aside().print(f"{said(lang, 'report', 'отчёт')}: {places.html}", markup=False)


# ---- the page docs/cli.md ----

HEAD = """\
# The command line

Written by `./scripts/docs` from the program itself; a test holds the two together.

Every verb ends with status 0 when all is well, 1 when a file, a scenario or the disk is at fault, 2 for a wrong
option, 130 after Ctrl-C, and says in one sentence what is wrong and how to mend it. Results go to standard output,
progress and errors to standard error. Files are written whole or not at all.
"""


def page(group: Any) -> str:
    """The verbs and their options as a page of documentation."""
    return "\n".join([HEAD, *(_verb(name, command) for name, command in group.commands.items())])


def _verb(name: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    shown = " ".join(p.metavar for p in arguments)
    usage = " ".join(filter(None, ["detente", name, shown, "[OPTIONS]" if options else ""]))
    rows = [f"| `{p.metavar}` | {p.help} | |" for p in arguments] + [_option(p) for p in options]
    return (
        f"## detente {name}\n\n{command.help}\n\n```\n{usage}\n```\n\n| | | default |\n| --- | --- | --- |\n"
        + "\n".join(rows)
        + "\n"
    )


def _option(option: Any) -> str:
    name = " ".join(filter(None, [option.opts[0], (option.metavar or "").replace("|", "\\|")]))
    default = "" if option.default in (None, False) else f"`{option.default}`"
    return f"| `{name}` | {option.help} | {default} |"
