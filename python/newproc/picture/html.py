"""Pictures in HTML: static ones for notebooks, which run no script, and a page to step through, which needs nothing but itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .house import house_svg, house_table, names_of
from .style import asset, attr, style

if TYPE_CHECKING:
    from .._look import Snapshot, Trace

SCRIPTS = ("replay.js", "words.js", "house.js", "timeline.js", "viewer.js")


def for_script(value: Any) -> str:
    """JSON that cannot end its script element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@dataclass
class Bundle:
    """What one picture shows."""

    title: str
    trace: Trace | None = None
    snapshot: Snapshot | None = None
    names: dict[int, str] = field(default_factory=dict)
    message: str = ""
    """Why the run failed; empty where it did not."""

    def all_names(self) -> dict[int, str]:
        """Given names first, then the snapshot's."""
        return {**(names_of(self.snapshot) if self.snapshot is not None else {}), **self.names}

    def inline(self) -> str:
        """For a notebook: SVG and words, no script."""
        parts = [f'<div class="np np-static"><style>{style()}</style><h3>{attr(self.title)}</h3>']
        if self.message:
            parts.append(f'<div class="np-warn" role="alert">{attr(self.message)}</div>')
        if self.trace is not None:
            from .model import model
            from .timeline import timeline_svg
            from .words import story

            counts = model(self.trace).counts()
            said = ", ".join(f"<b>{n:,}</b> {word if n != 1 else word[:-1] if word != 'switches' else 'switch'}" for word, n in counts.items())
            lost = f", <b>{self.trace.lost:,}</b> older events lost" if self.trace.lost else ""
            parts.append(f'<div class="np-caption"><b>{len(self.trace):,}</b> events: {said}{lost}. <code>.to_html(path)</code> makes a page to step through.</div>')
            parts.append(timeline_svg(self.trace, self.all_names()))
            lines = "".join(f"<tr><td>{i}</td><td>{attr(text)}</td></tr>" for i, text in story(self.trace, self.all_names()))
            parts.append(f'<details{" open" if self.message else ""}><summary>What happened, in words</summary><div class="np-scroll" tabindex="0"><table>'
                         f'<thead><tr><th scope="col">step</th><th scope="col">what</th></tr></thead><tbody>{lines}</tbody></table></div></details>')
        if self.snapshot is not None:
            house = house_svg(self.snapshot, self.names)
            words = f"<details><summary>The goroutines as a table</summary>{house_table(self.snapshot)}</details>"
            parts.append(f"<details><summary>Where everything was at the end</summary>{house}{words}</details>" if self.trace is not None else house + words)
        return "".join(parts) + "</div>"

    def data(self) -> dict[str, Any]:
        """What the live viewer needs, as JSON."""
        from .columns import columns

        return {"title": self.title, "message": self.message, "names": {str(g): name for g, name in self.all_names().items()},
                "trace": columns(self.trace) if self.trace is not None else None}

    def to_html(self, path: str | Path | None = None) -> str:
        """A page; with a trace, one to step through. Also written to ``path``, where one is given."""
        body = self._live() if self.trace is not None and len(self.trace) else self.inline()
        page = (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
            f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'; script-src \'unsafe-inline\'; img-src data:">'
            f'<title>{attr(self.title)} · newproc</title><style>body{{margin:0}}.np-static{{border:0;margin:12px auto}}{style()}</style></head><body class="np">{body}</body></html>\n'
        )
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def _live(self) -> str:
        scripts = "\n".join(asset(name) for name in SCRIPTS)
        return (
            f'<style>{asset("viewer.css")}</style><main id="newproc" class="np-viewer"></main><noscript>{self.inline()}</noscript>'
            f'<script type="application/json" id="newproc-data">{for_script(self.data())}</script>'
            f"<script>(() => {{\n{scripts}\nmount(document.getElementById('newproc'), JSON.parse(document.getElementById('newproc-data').textContent));\n}})();</script>"
        )
