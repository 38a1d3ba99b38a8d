"""For mkdocstrings: docstrings of the extension stand in it and not in its stub; examples, which start with ``>>>``, become blocks of code."""

from __future__ import annotations

import inspect
import re
from typing import Any

import griffe

from newproc import _core

EXAMPLE = re.compile(r"((?:^ *>>> .*\n?(?:^(?! *$).*\n?)*)+)", re.MULTILINE)


def told(path: str) -> str | None:
    """The docstring of a thing of the extension, by its path."""
    place: Any = _core
    for name in path.removeprefix("newproc._core.").split("."):
        place = getattr(place, name, None)
    return inspect.getdoc(place) if callable(place) or inspect.isdatadescriptor(place) else None


class Docstrings(griffe.Extension):
    """Finds the docstrings, and puts a fence around examples."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Griffe calls this for each thing it has read."""
        if obj.docstring is None and obj.path.startswith("newproc._core."):
            text = told(obj.path)
            if text is not None and not obj.name.startswith("_"):
                obj.docstring = griffe.Docstring(text, parent=obj)
        if obj.docstring is not None:
            obj.docstring.value = EXAMPLE.sub(lambda found: f"```pycon\n{found[1].rstrip()}\n```\n", obj.docstring.value)
