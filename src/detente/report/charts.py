"""Pictures: Altair charts rendered to SVG in Python, small enough to be read on a telephone and in print."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Literal

import altair as alt
import numpy as np
import vl_convert as vlc
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Layers = alt.LayerChart | alt.FacetChart

WIDTH, HEIGHT = 348, 190
INK, PAPER, RULE, QUIET = "#20262b", "#fbf9f4", "#ded8ca", "#61686d"
FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
COLOURS = {
    "usa": "#2b5c8a",
    "ussr": "#b0362c",
    "prc": "#b97a12",
    "uk": "#4f6d94",
    "france": "#5d7fb5",
    "frg": "#4d6a74",
    "gdr": "#94504a",
    "romania": "#9a5b3d",
    "albania": "#7d4f72",
    "cuba": "#2f8273",
    "india": "#6d7f2f",
    "egypt": "#8a6d3b",
    "new-states": "#4d7a4d",
}
"""Colours of actors; the capitals' own to the three centres."""
OTHER = "#5d666b"
OUTCOMES = {
    "challenger-backs-down": "#2b5c8a",
    "defender-backs-down": "#b0362c",
    "settled": "#9db09a",
    "hold": "#dcc894",
    "war": "#20262b",
}
PEOPLE = ["#2b5c8a", "#b0362c", "#c8951f", "#5f8a72", "#8b6aa0", "#a0704a", "#7b98b8", "#c98d83", "#9aa36a"]
HEAT = ["#f6f1e6", "#ecd3b0", "#d6906a", "#b0362c", "#5f1612"]
CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.5, math.sqrt(3.0) / 2.0))
"""Where the poles of a triangle stand: left, right, top."""


def colour(actor: str) -> str:
    """The colour of an actor, the same on the whole page."""
    return COLOURS.get(actor, OTHER)


# ---- kinds of picture ----
def fan(
    years: Sequence[float],
    bands: Floats,
    ink: str,
    singles: Floats | None = None,
    domain: tuple[float, float] | None = None,
    form: str = "",
) -> Layers:
    """A median with its bands [5 %, 25 %, 50 %, 75 %, 95 %] by month, and a few single worlds."""
    rows = [
        dict(zip("xabcde", (x, *map(_short, values)), strict=True))
        for x, values in zip(years, bands.T.tolist(), strict=True)
    ]
    base = alt.Chart(_data(rows)).encode(x=_years(years))
    parts = [
        base.mark_area(color=ink, opacity=0.15).encode(y=_value("a", domain, form), y2="e:Q"),
        base.mark_area(color=ink, opacity=0.28).encode(y=_value("b", domain, form), y2="d:Q"),
    ]
    if singles is not None:
        wild = [
            {"x": x, "y": _short(v), "k": k}
            for k, line in enumerate(singles.tolist())
            for x, v in zip(years, line, strict=True)
        ]
        lines = alt.Chart(_data(wild)).mark_line(color=ink, strokeWidth=0.6, opacity=0.55)
        parts.append(lines.encode(x=_years(years), y=_value("y", domain, form), detail="k:N"))
    parts.append(base.mark_line(color=ink, strokeWidth=2).encode(y=_value("c", domain, form)))
    return alt.layer(*parts)


def curves(
    years: Sequence[float],
    lines: Mapping[str, Floats],
    inks: Mapping[str, str],
    domain: tuple[float, float] | None = None,
    form: str = "",
    band: Floats | None = None,
) -> Layers:
    """Several lines, the later ones dashed, with the band of the first where there is one."""
    parts: list[alt.Chart] = []
    if band is not None:
        rows = [{"x": x, "a": _short(a), "e": _short(e)} for x, a, e in zip(years, *band.tolist(), strict=True)]
        area = alt.Chart(_data(rows)).mark_area(color=next(iter(inks.values())), opacity=0.14)
        parts.append(area.encode(x=_years(years), y=_value("a", domain, form), y2="e:Q"))
    for k, (name, line) in enumerate(lines.items()):
        rows = [{"x": x, "y": _short(v)} for x, v in zip(years, line.tolist(), strict=True)]
        mark = alt.Chart(_data(rows)).mark_line(
            color=inks[name], strokeWidth=2, strokeDash=[[1, 0], [5, 3], [2, 2]][k % 3]
        )
        parts.append(mark.encode(x=_years(years), y=_value("y", domain, form)))
    return alt.layer(*parts)


def triangle(path: Floats, ends: Floats, corners: Sequence[str], ink: str) -> Layers:
    """Leanings on a simplex: a path of medians [month, 3], worlds at the end [world, 3], names of the poles."""
    frame = [{"x": x, "y": y, "o": o} for o, (x, y) in enumerate([*CORNERS, CORNERS[0]])]
    inner = [{"x": x, "y": y, "o": o, "g": g} for g, (o, x, y) in enumerate(_grid())]
    names = [
        {"x": x, "y": y, "t": t}
        for (x, y), t in zip(((-0.02, -0.055), (1.02, -0.055), (0.5, 0.915)), corners, strict=True)
    ]
    walk = [{"x": x, "y": y, "o": o} for o, (x, y) in enumerate(flat(path).tolist())]
    posts = [dict(row, f=int(row["o"] > 0)) for row in walk if row["o"] % 36 == 0 or row["o"] == len(walk) - 1]
    cloud = [{"x": _short(x), "y": _short(y)} for x, y in flat(ends).tolist()]
    x = alt.X("x:Q", scale=alt.Scale(domain=[-0.04, 1.04]), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[-0.09, 0.95]), axis=None)
    lines = alt.Chart(_data(inner)).mark_line(color=RULE, strokeWidth=0.7).encode(x=x, y=y, detail="o:N")
    edge = alt.Chart(_data(frame)).mark_line(color=QUIET, strokeWidth=1).encode(x=x, y=y, order="o:Q")
    dots = alt.Chart(_data(cloud)).mark_circle(color=ink, size=9, opacity=0.35).encode(x=x, y=y)
    road = alt.Chart(_data(walk)).mark_line(color=ink, strokeWidth=2).encode(x=x, y=y, order="o:Q")
    marks = (
        alt.Chart(_data(posts))
        .mark_point(filled=True, stroke=ink, strokeWidth=1.5, opacity=1)
        .encode(
            x=x,
            y=y,
            fill=alt.Fill("f:N", scale=alt.Scale(domain=[0, 1], range=[PAPER, ink]), legend=None),
            size=alt.Size("s:Q", legend=None, scale=None),
        )
        .transform_calculate(s=f"datum.o == 0 || datum.o == {len(walk) - 1} ? 60 : 16")
    )
    sides: tuple[Literal["left", "right", "center"], ...] = ("left", "right", "center")
    text = [
        alt.Chart(_data([name])).mark_text(align=side, fontSize=11, color=INK).encode(x=x, y=y, text="t:N")
        for name, side in zip(names, sides, strict=True)
    ]
    return alt.layer(lines, edge, dots, road, marks, *text)


def flat(shares: Floats) -> Floats:
    """Points of a simplex [..., 3] (left, right, top) as points of a plane [..., 2]."""
    return np.asarray(shares @ np.array(CORNERS))


def _grid() -> list[tuple[str, float, float]]:
    """Lines of equal share, at a quarter, a half and three quarters."""
    out = []
    for corner in range(3):
        for share in (0.25, 0.5, 0.75):
            for other in (1, 2):
                point = np.zeros(3)
                point[corner], point[(corner + other) % 3] = share, 1 - share
                x, y = flat(point).tolist()
                out.append((f"{corner}{share}", x, y))
    return out


def bars(
    counts: Mapping[str, Floats],
    first_year: int,
    inks: Mapping[str, str],
    marks: Sequence[float] = (),
    top: float | None = None,
) -> Layers:
    """Stacked columns by year, and triangles where the record has one."""
    rows = [
        {"x": first_year + k + 0.5, "y": _short(v), "o": o, "n": name}
        for o, (name, values) in enumerate(counts.items())
        for k, v in enumerate(values.tolist())
    ]
    last = first_year + max(len(v) for v in counts.values())
    scale = alt.Scale(domain=list(counts), range=[inks[name] for name in counts])
    high = top or max(float(np.sum(list(counts.values()), axis=0).max()), 1.0)
    stack = alt.Chart(_data(rows)).mark_bar(size=18, stroke=PAPER, strokeWidth=0.5)
    parts = [
        stack.encode(
            x=_years([first_year, last]),
            y=_value("y", (0.0, high * 1.12)),
            color=alt.Color("n:N", scale=scale, legend=None),
            order="o:Q",
        )
    ]
    if marks:
        peaks = alt.Chart(_data([{"x": x, "y": high * 1.07} for x in marks])).mark_point(
            shape="triangle-down", filled=True, color=INK, size=52, opacity=1
        )
        parts.append(peaks.encode(x=_years([first_year, last]), y=_value("y", (0.0, high * 1.12))))
    return alt.layer(*parts)


def offices(
    years: Sequence[float],
    shares: Mapping[str, Floats],
    held: Sequence[tuple[float, float, str]],
    inks: Mapping[str, str],
) -> Layers:
    """Share of worlds in which each person holds office, stacked to one; beneath it the record as a strip."""
    rows = [
        {"x": x, "y": _short(v), "o": o, "n": name}
        for o, (name, line) in enumerate(shares.items())
        for x, v in zip(years, line.tolist(), strict=True)
    ]
    scale = alt.Scale(domain=list(shares), range=[inks[name] for name in shares])
    tint = alt.Color("n:N", scale=scale, legend=None)
    y = alt.Y(
        "y:Q",
        stack="zero",
        title=None,
        scale=alt.Scale(domain=[-0.14, 1.0], nice=False),
        axis=alt.Axis(values=[0, 0.5, 1], format="%"),
    )
    area = (
        alt.Chart(_data(rows))
        .mark_area(stroke=PAPER, strokeWidth=0.6)
        .encode(x=_years(years), y=y, color=tint, order="o:Q")
    )
    strip = [{"x": a, "x2": b, "y": -0.13, "y2": -0.04, "n": name} for a, b, name in held]
    below = alt.Chart(_data(strip)).mark_rect(stroke=PAPER, strokeWidth=0.6)
    return alt.layer(area, below.encode(x=_years(years), x2="x2:Q", y=alt.Y("y:Q", title=None), y2="y2:Q", color=tint))


def heat(values: Floats, columns: Sequence[str], rows: Sequence[str]) -> Layers:
    """A table of amounts as colours: who (columns) to whom (rows)."""
    cells = [
        {"c": c, "r": r, "v": _short(values[i, j])}
        for i, r in enumerate(rows)
        for j, c in enumerate(columns)
        if values[i, j] > 0
    ]
    blank = [{"c": c, "r": r} for r in rows for c in columns]
    x = alt.X(
        "c:N",
        sort=list(columns),
        title=None,
        axis=alt.Axis(orient="top", labelAngle=-60, domain=False, ticks=False, labelLimit=90, grid=False),
    )
    y = alt.Y("r:N", sort=list(rows), title=None, axis=alt.Axis(domain=False, ticks=False, labelLimit=128, grid=False))
    scale = alt.Scale(type="sqrt", domain=[0, float(max(values.max(), 0.1))], range=HEAT)
    ground = alt.Chart(_data(blank)).mark_rect(fill="#f3efe5", stroke=PAPER).encode(x=x, y=y)
    return alt.layer(
        ground,
        alt.Chart(_data(cells))
        .mark_rect(stroke=PAPER)
        .encode(x=x, y=y, color=alt.Color("v:Q", scale=scale, legend=None)),
    )


# ---- shared parts ----
def years_of(months: Sequence[str]) -> list[float]:
    """Months written YYYY-MM as years and fractions."""
    return [int(m[:4]) + (int(m[5:]) - 1) / 12 for m in months]


def _data(rows: list[dict[str, Any]]) -> alt.InlineData:
    """Rows as one JSON text: Altair would check every single value against its schema, which takes seconds."""
    return alt.InlineData(values=json.dumps(rows), format=alt.JsonDataFormat(type="json"))


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def _years(years: Sequence[float]) -> alt.X:
    first, last = math.floor(years[0]), math.ceil(years[-1] + 1e-9)
    step = 3 if last - first > 6 else 1
    axis = alt.Axis(values=list(range(first, last + 1, step)), format="d", grid=False, title=None)
    return alt.X("x:Q", scale=alt.Scale(domain=[first, last], nice=False), axis=axis)


def _value(name: str, domain: tuple[float, float] | None, form: str = "") -> alt.Y:
    scale = alt.Scale(domain=list(domain), nice=False) if domain else alt.Scale(zero=True, nice=True)
    return alt.Y(
        f"{name}:Q", title=None, scale=scale, axis=alt.Axis(tickCount=4, format=form) if form else alt.Axis(tickCount=4)
    )


def styled(chart: Layers, width: int = WIDTH, height: int = HEIGHT) -> dict[str, Any]:
    """The chart as a specification, with the page's manner: no frame, light rules, quiet labels."""
    axis = {
        "labelFont": FONT,
        "labelFontSize": 11,
        "labelColor": QUIET,
        "gridColor": RULE,
        "domainColor": QUIET,
        "tickColor": QUIET,
        "domain": False,
        "ticks": False,
        "labelPadding": 5,
    }
    spec: dict[str, Any] = chart.properties(width=width, height=height).to_dict(format="vega-lite", validate=False)
    spec["autosize"] = {"type": "fit", "contains": "padding"}
    spec["padding"] = {"left": 2, "right": 12, "top": 8, "bottom": 2}
    spec["config"] = {
        "background": None,
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis,
        "text": {"font": FONT},
        "axisX": {"ticks": True, "tickSize": 4, "domain": True},
    }
    return spec


def svg(
    chart: Layers, uid: str, title: str, description: str, lang: str = "en", width: int = WIDTH, height: int = HEIGHT
) -> str:
    """The chart as an SVG inside a page: it scales, has a title and a description, and ids of its own."""
    locale: Literal["ru-RU", "en-US"] = "ru-RU" if lang == "ru" else "en-US"
    text: str = vlc.vegalite_to_svg(styled(chart, width, height), format_locale=locale)
    text = re.sub(r'\s(?:xmlns(?::xlink)?|version|class)="[^"]*"', "", text)
    text = re.sub(r"(\d+\.\d)\d+", r"\1", text)
    text = re.sub(r'id="([^"]+)"', rf'id="{uid}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{uid}-\1)", text)
    text = re.sub(r'\s(?:aria-[a-z]+|role|tabindex)="[^"]*"', "", text)
    head = re.match(r"<svg([^>]*)>", text)
    if head is None:
        raise ValueError("vl-convert gave no SVG")
    box = re.search(r'viewBox="[^"]*"', head[1])
    opened = f'<svg {box[0] if box else ""} role="img" aria-labelledby="{uid}-t {uid}-d">'
    named = f'<title id="{uid}-t">{escape(title)}</title><desc id="{uid}-d">{escape(description)}</desc>'
    return opened + named + text[head.end() :]


def threads(years: Sequence[float], lines: Floats, ink: str) -> Layers:
    """Many worlds as bare threads, without axes: the head of the page."""
    rows = [
        {"x": x, "y": _short(v), "k": k}
        for k, line in enumerate(lines.tolist())
        for x, v in zip(years, line, strict=True)
    ]
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[years[0], years[-1]], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(zero=False, nice=False))
    return alt.layer(
        alt.Chart(_data(rows)).mark_line(color=ink, strokeWidth=0.7, opacity=0.35).encode(x=x, y=y, detail="k:N")
    )
