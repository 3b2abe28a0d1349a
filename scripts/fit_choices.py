"""Fit what `detente.lab.choices` plans and write best, low and high into laws/preferences.toml."""

from __future__ import annotations

import re
from pathlib import Path

from detente.lab import choices
from detente.scenario import load

HOW = "penalised likelihood of the recorded slots before {until} (scripts/fit_choices); range from the curvature"


def cited(old: str) -> str:
    """What an entry cited, and the choice rule that it is fitted under; a fitted number is no assumption any more."""
    works = [word for word in re.findall(r'"([^"]+)"', old) if word != "assumption"]
    return ", ".join(f'"{work}"' for work in dict.fromkeys([*works, "mcfadden1978"]))


def entry(text: str, name: str, values: tuple[float, float, float], how: str) -> str:
    """The file's text with one coefficient's range, best value and origin replaced."""
    law, key = name.split(".")[1:]
    head = f"[{law}.{key}]\n"
    start = text.index(head)
    end = text.find("\n[", start + 1) if "\n[" in text[start + 1 :] else len(text)
    block = text[start:end]
    fields = ("low", "best", "high", *(("neutral",) if law == "threshold" else ()))  # a threshold has no switch
    for field, value in zip(fields, (*values, values[1]), strict=False):
        block = re.sub(rf"^{field} = .*$", f"{field} = {value:.4g}", block, flags=re.MULTILINE)
    block = re.sub(r"^source = \[(.*)\]$", lambda found: f"source = [{cited(found[1])}]", block, flags=re.MULTILINE)
    block = re.sub(r"^(why|fitted) = .*$", f'fitted = "{how}"', block, flags=re.MULTILINE)
    return text[:start] + block + text[end:]


def main() -> None:
    """Fit, write, and say how much was gained on what was fitted and on what was not."""
    scenario = load()
    found = choices.fit(scenario)
    file = Path(scenario.root) / "laws" / "preferences.toml"
    text = file.read_text(encoding="utf-8")
    for name, values in found.values.items():
        text = entry(text, name, values, HOW.format(until=found.until))
    file.write_text(text, encoding="utf-8")
    for word, moves, before, after in zip(("fitted", "later"), found.moves, found.before, found.after, strict=True):
        print(f"{word}: {moves} moves; act {before[0]:.1f} -> {after[0]:.1f}, what {before[1]:.1f} -> {after[1]:.1f}")


if __name__ == "__main__":
    main()
