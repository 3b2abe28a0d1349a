"""What every page shares: its language, its texts, its frame, its policy of content."""

from __future__ import annotations

import re
import tomllib
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from typing import Any, Literal

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from markupsafe import Markup

from detente import __version__
from detente.report import paper

Lang = Literal["en", "ru"]
COOKIE = "detente_lang"
STATIC = "/static"
AREAS = ("explore", "ask", "seats")
"""Entries of the bar on top, and the first part of their addresses."""
CLOSED = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page of our own may load: files of this host, and no script or style written into the page."""
_INLINE = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)


# ---- words ----
@lru_cache
def texts(name: str) -> dict[str, Any]:
    """What `words/NAME.toml` says in each language."""
    place = resources.files("detente.room.pages").joinpath(f"words/{name}.toml")
    return tomllib.loads(place.read_text(encoding="utf-8"))


def text(lang: str, path: str, **values: object) -> str:
    """A text by its path `file.section.key`, with its gaps filled; a path that does not exist is an error."""
    name, *keys = path.split(".")
    at: Any = texts(name)
    for key in keys:
        at = at[key]
    return str(at[lang]).format(**values) if values else str(at[lang])


def month(name: str, lang: str) -> str:
    """A month (`1962-10`) as people write it."""
    year, _, number = name.partition("-")
    word = text(lang, "site.month.names").split()[int(number) - 1]
    return f"{word[:1].upper()}{word[1:]} {year}"


def signed(value: float | None, digits: int = 1) -> str:
    """A worth with its sign; a dash where it is not told."""
    return "–" if value is None else f"{value:+.{digits}f}"


def language(request: Request) -> Lang:
    """As the reader switched it, else as the browser asks for it, English where it asks for neither."""
    chosen = request.cookies.get(COOKIE)
    if chosen in ("en", "ru"):
        return "ru" if chosen == "ru" else "en"
    return preferred(request.headers.get("accept-language", ""))


def preferred(header: str) -> Lang:
    """The better liked of our languages in an Accept-Language header."""
    liked: dict[str, float] = {}
    for part in header.split(","):
        name, _, rest = part.strip().partition(";")
        weight = re.search(r"q=([\d.]+)", rest)
        try:
            liked.setdefault(name[:2].lower(), float(weight[1]) if weight else 1.0)
        except ValueError:
            continue
    return "ru" if liked.get("ru", 0.0) > liked.get("en", 0.0) else "en"


# ---- pages ----
@lru_cache
def environment() -> Environment:
    """The templates of the room; everything put into them is escaped."""
    made = paper.environment("detente.room.pages")
    made.filters.update(month=month, signed=signed)
    made.globals.update(static=STATIC, version=__version__, areas=AREAS, stamp=stamp())
    return made


@lru_cache
def stamp() -> str:
    """What changes when a style or script changes, so that browsers may keep them for long."""
    folder = resources.files("detente.room.pages").joinpath("static")
    parts = sorted((f.name, f.read_bytes()) for f in folder.iterdir() if f.is_file())
    return sha256(b"\0".join(name.encode() + raw for name, raw in parts)).hexdigest()[:10]


def fragment(template: str, lang: str, **values: Any) -> Markup:
    """A part of a page."""
    return Markup(environment().get_template(template).render(lang=lang, t=_words(lang), **values))


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page in the reader's language."""
    lang = language(request)
    address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    body = fragment(template, lang, here=address, area=area(request.url.path), **values)
    return HTMLResponse(body, status_code=status)


def area(path: str) -> str:
    """Which entry of the bar a path belongs to."""
    first = path.strip("/").partition("/")[0]
    return first if first in AREAS else ""


def _words(lang: str) -> Any:
    return lambda path, **values: text(lang, path, **values)


def framed(request: Request, html: str, extra: Markup) -> HTMLResponse:
    """A self-contained report, with the room's bar on top and something of ours at the end of its main part."""
    lang = language(request)
    bar = fragment("bar.html.j2", lang, here=request.url.path, area=area(request.url.path))
    head = f'<link rel="stylesheet" href="{STATIC}/bar.css?{stamp()}"></head>'
    html = html.replace("</head>", head, 1).replace("<header class=", f"{bar}<header class=", 1)
    at = html.rfind("</main>")
    html = html[:at] + str(extra) + html[at:]  # str: else the report would be escaped for it
    return HTMLResponse(html, headers={"Content-Security-Policy": policy(html)})


def policy(html: str) -> str:
    """A policy that lets the scripts and styles written into a report of ours run, and no other, by their hashes."""
    found: Mapping[str, list[str]] = {"script": [], "style": []}
    for kind, _, content in _INLINE.findall(html):
        digest = b64encode(sha256(content.encode()).digest()).decode()
        found[kind.lower()].append(f"'sha256-{digest}'")
    scripts, styles = (" ".join(["'self'", *found[kind]]) for kind in ("script", "style"))
    told = CLOSED.replace("script-src 'self'", f"script-src {scripts}").replace(
        "style-src 'self'", f"style-src {styles}"
    )
    return f"{told}; style-src-attr 'unsafe-inline'"
