"""The viewer as a widget: the page's own scripts, given to anywidget."""

from __future__ import annotations

from typing import Any

from .html import SCRIPTS, Bundle, for_script
from .style import asset, style


def viewer(bundle: Bundle) -> Any:
    """A widget with its data. ImportError says what to install."""
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise ImportError("Trace.view needs anywidget; pip install 'newproc[notebook]'. to_html() needs nothing") from error

    scripts = "\n".join(asset(name) for name in SCRIPTS)

    class Viewer(anywidget.AnyWidget):
        _esm = f"{scripts}\nexport default {{ render({{ model, el }}) {{ mount(el, JSON.parse(model.get('data'))); }} }};"
        _css = style() + asset("viewer.css")
        data = traitlets.Unicode().tag(sync=True)

    return Viewer(data=for_script(bundle.data()))
