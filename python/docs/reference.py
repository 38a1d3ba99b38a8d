"""Reference pages made of their sources while mkdocs builds: the C ABI of newproc.h, the command of its own help.

A page holds a line ``<!-- newproc.h -->`` or ``<!-- newproc explore --help -->`` where that goes.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

HEADER = Path(__file__).parents[2] / "capi" / "include" / "newproc.h"
SECTION = re.compile(r"^/\* -{4} (.*?) -+ \*/$", re.MULTILINE)


def sections(text: str) -> list[tuple[str, str]]:
    """Titles and texts of the header: what is true of all, then each of its parts."""
    first, *rest = SECTION.split(text)
    about = first[: first.index("*/") + 2]
    return [("All of it", about), *((title, body.strip()) for title, body in zip(rest[::2], rest[1::2], strict=True))]


def header_page() -> str:
    """The header in Markdown, a chapter a section."""
    return "\n".join(f"## {title}\n\n```c\n{body}\n```\n" for title, body in sections(HEADER.read_text(encoding="utf-8")))


def help_of(words: list[str]) -> str:
    """What the command says of itself."""
    said = subprocess.run([sys.executable, "-m", "newproc.cli", *words], capture_output=True, text=True, check=True).stdout
    return f"<pre><code>{html.escape(said)}</code></pre>"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """MkDocs calls this for each page."""
    markdown = markdown.replace("<!-- newproc.h -->", header_page())
    return re.sub(r"<!-- newproc (.*?) -->", lambda found: help_of(found[1].split()), markdown)
