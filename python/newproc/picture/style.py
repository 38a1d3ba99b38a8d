"""Colours and the style sheet that static and live pictures share."""

from __future__ import annotations

from html import escape
from importlib.resources import files

PALETTE = ("#e69f00", "#56b4e9", "#2bb38a", "#f0e442", "#5b8def", "#e8743b", "#d98cb8", "#b0b7bf")
"""Okabe and Ito's colours, told apart by colour-blind readers; blue, green and red lightened so that black text is read on all."""


def colour(number: int) -> str:
    """Of a goroutine or a P, by its number."""
    return PALETTE[number % len(PALETTE)]


def asset(name: str) -> str:
    """The text of a file in assets."""
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def style() -> str:
    """The style element's content."""
    return asset("style.css")


def attr(text: object) -> str:
    """Anything as text that is safe in an element and in a quoted attribute. Control characters are shown, not obeyed."""
    shown = "".join(c if c.isprintable() or c == " " else "\N{REPLACEMENT CHARACTER}" for c in str(text))
    return escape(shown, quote=True)


def short(text: str, most: int) -> str:
    """At most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"
