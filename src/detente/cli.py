"""The verbs of the command line. A verb reads its arguments, calls one function and shows what comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer

from detente import console

app = typer.Typer(
    cls=console.Verbs, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


def _month(text: str) -> str:
    from detente.scenario import parse_month

    try:
        parse_month(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return text


Lang = Annotated[Literal["en", "ru"], typer.Option(metavar="en|ru", help="Language of what is shown.")]
Named = Annotated[
    str, typer.Option("--scenario", metavar="NAME|DIR", help="A shipped scenario, or a folder of your own.")
]
Json = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE", help="Write what the screen shows as JSON; - for standard output."),
]
Html = Annotated[Path | None, typer.Option(metavar="FILE", help="Write a self-contained report.")]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Keep data and manifest here; a run that was stopped goes on from here."),
]
Worlds = Annotated[int, typer.Option(min=1, metavar="N", help="How many worlds.")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, metavar="S", help="Same seed, same worlds.")]
Until = Annotated[str, typer.Option(callback=_month, metavar="YYYY-MM", help="The last month.")]
Nature = Annotated[
    Literal["given", "drawn"],
    typer.Option(metavar="given|drawn", help="Calendar events on their dates, or drawn like all others."),
]
Keep = Annotated[
    Literal["world"] | None, typer.Option(metavar="world", help="Write the whole World of every month as well.")
]
Block = Annotated[int | None, typer.Option(min=8, metavar="N", help="Worlds computed together; changes no result.")]
Devices = Annotated[int | None, typer.Option(min=1, metavar="N", help="Devices (cores) used; changes no result.")]


@app.callback()
def _detente() -> None:
    """Détente: a laboratory for the Cold War of 1953–1964."""


@app.command()
def run(
    worlds: Worlds = 1000,
    seed: Seed = 1,
    until: Until = "1964-12",
    nature: Nature = "given",
    out: Out = None,
    keep: Keep = None,
    html: Html = None,
    json: Json = None,
    scenario: Named = "coexistence",
    lang: Lang = "en",
    block: Block = None,
    devices: Devices = None,
) -> None:
    """Run an ensemble: a summary on screen, a report, data."""
    places = console.places(out, html, json, keep)
    asked: dict[str, Any] = {
        "worlds": worlds,
        "seed": seed,
        "until": until,
        "nature": nature,
        "keep": keep,
        "out": out,
        "devices": devices,
    }
    found = console.ensemble(scenario, asked | ({"block": block} if block else {}), lang)
    console.publish(found, places, lang)


@app.command()
def replay(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="The manifest of a run, or its folder.")],
    json: Json = None,
    lang: Lang = "en",
    devices: Devices = None,
) -> None:
    """Run again what a manifest describes, and compare to the bit."""
    text, data = console.repeat(manifest, devices, lang)
    console.show(text, data, json)
    raise typer.Exit(0 if data["same"] else 1)


@app.command()
def check(
    folder: Annotated[
        str | None, typer.Argument(metavar="[DIR]", help="The scenario's folder; the shipped one without it.")
    ] = None,
    scenario: Named = "coexistence",
    json: Json = None,
    lang: Lang = "en",
) -> None:
    """Check a scenario: every problem, or what it holds."""
    from detente import check as checker

    found = checker.check(folder or scenario)
    console.show(checker.shown(found, lang), found.table(), json)
    raise typer.Exit(1 if found.problems else 0)


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is empty or not there yet.")],
    lang: Lang = "en",
) -> None:
    """Start a scenario of your own."""
    from detente import start

    console.screen().print(start.new(folder, lang))


@app.command()
def sources(
    texts: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the source texts: passages are shown.")
    ] = None,
    scenario: Named = "coexistence",
    json: Json = None,
    lang: Lang = "en",
) -> None:
    """Every citation, what rests on it, and where sources disagree."""
    from detente import provenance

    found = provenance.trace(scenario, texts)
    console.show(provenance.shown(found, lang), found.table(lang), json)


@app.command()
def explain(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="Id of an entry of the chronicle.")],
    scenario: Named = "coexistence",
    json: Json = None,
    lang: Lang = "en",
) -> None:
    """A recorded choice: menu, view, utilities, and what would have flipped it."""
    from detente import explain as explainer

    with console.wait(lang):
        found = explainer.explain(scenario, event)
    console.show(explainer.shown(found, lang), found.table(lang), json)


@app.command()
def whatif(
    without: Annotated[
        list[str] | None, typer.Option(metavar="EVENT", help="Take an entry of the chronicle out of its month.")
    ] = None,
    forbid: Annotated[
        list[str] | None, typer.Option(metavar="EVENT@FROM..TO", help="Rule its kind out over a window.")
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with", metavar="YYYY-MM:ACTOR:MOVE:ON", help="Bring a move about: 1960-06:ussr:demand:west-berlin."
        ),
    ] = None,
    move: Annotated[list[str] | None, typer.Option(metavar="EVENT=YYYY-MM", help="Shift an entry.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="LAW.COEFFICIENT=X@YYYY-MM", help="Another value of a coefficient from a month on."
        ),
    ] = None,
    off: Annotated[list[str] | None, typer.Option(metavar="LAW", help="Put a law at its neutral values.")] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MEASURE", help="p:EVENT@FROM..TO, date:EVENT, mean|max|at:SERIES@FROM..TO, outcome:CRISIS …"
        ),
    ] = None,
    question: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="The same options as TOML.")] = None,
    worlds: Worlds = 2000,
    seed: Seed = 1,
    html: Html = None,
    json: Json = None,
    scenario: Named = "coexistence",
    lang: Lang = "en",
    devices: Devices = None,
) -> None:
    """What if: the record beside twin worlds with the same luck, under interventions."""
    places = console.places(None, html, json)
    given = {"without": without, "forbid": forbid, "with": with_, "move": move, "set": set_, "off": off}
    asked = console.asked(question, given | {"measure": measure})
    found = console.what_if(scenario, asked, worlds, seed, devices, lang)
    console.publish_what_if(found, places, lang)


@app.command()
def claims(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID …]", help="Claims by id; all without it.")] = None,
    worlds: Worlds = 300,
    seed: Seed = 1,
    out: Out = None,
    html: Html = None,
    docs: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the ledger as a page of Markdown.")] = None,
    json: Json = None,
    paths: Annotated[bool, typer.Option("--paths", help="Switch off each law on a claim's path too.")] = False,
    scenario: Named = "coexistence",
    lang: Lang = "en",
    devices: Devices = None,
) -> None:
    """The ledger: what the sources say causes what, run as experiments and judged; with --out it can be stopped."""
    places = console.places(out, html, json)
    found = console.ledger(scenario, ids or [], worlds, seed, out, devices, paths, lang)
    console.publish_ledger(found, places, docs, {"scenario": scenario, "seed": seed, "worlds": worlds}, lang)


@app.command()
def solve(
    game: Annotated[
        Path | None, typer.Argument(metavar="[GAME.efg]", help="A game in Gambit's format, .efg or .nfg.")
    ] = None,
    crisis: Annotated[
        str | None,
        typer.Option(metavar="ID", help="In place of a file: a crisis of the scenario, as the record opened it."),
    ] = None,
    precision: Annotated[
        float | None, typer.Option(metavar="L", help="Precision of choice, per unit of payoff; 0 is blind play.")
    ] = None,
    limit: Annotated[
        bool, typer.Option("--limit", help="The limit of perfect precision; so too where a file comes without one.")
    ] = False,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE.efg", help="Write the game of the crisis in Gambit's format.")
    ] = None,
    json: Json = None,
    html: Html = None,
    scenario: Named = "coexistence",
    lang: Lang = "en",
) -> None:
    """The quantal response equilibrium of a game or a crisis: strategies, beliefs, values, regrets."""
    places = console.places(None, html, json)
    console.solvable(game, crisis, precision, limit, save)
    if crisis:
        from detente import crisis as crises

        found, more = crises.solution(scenario, crisis, precision, limit, save, lang)
    else:
        found, more = console.solution(cast(Path, game), precision, limit, lang), {}
    console.publish_solution(found, places, lang, more)
    raise typer.Exit(0 if found.found.converged else 1)


@app.command()
def room(
    host: Annotated[
        str, typer.Option(metavar="H", help="Who can reach it; only this machine without it.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, metavar="P", help="On which port.")] = 8080,
    db: Annotated[
        str, typer.Option(metavar="URL", help="Where exercises are kept: postgresql+psycopg://…; SQLite without it.")
    ] = "",
    public_url: Annotated[
        str, typer.Option(metavar="URL", help="Its address from outside, where a proxy stands before it.")
    ] = "",
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of exercises and answers; the user's own without it.")
    ] = None,
    results: Annotated[
        Path | None, typer.Option("--claims", metavar="FILE", help="Results of `detente claims --json FILE` to show.")
    ] = None,
    tls: Annotated[
        tuple[Path, Path] | None, typer.Option(metavar="CERTIFICATE KEY", help="Serve over TLS with these files.")
    ] = None,
    scenario: Named = "coexistence",
    lang: Lang = "en",
) -> None:
    """The room: explore, ask and take a seat, in the browser."""
    console.needs("nicegui", "room")
    from detente.room import serve

    serve.serve(scenario, host, port, db, public_url, data, results, tls, lang)
