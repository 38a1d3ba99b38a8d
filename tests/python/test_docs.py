"""The documentation: every code block is run, and gives what stands below it; the site builds without a warning.

In a page, blocks are run in order, in one folder and one namespace:

- ``python``: run; with a title (``python title="test_it.py"``) it is written to that file instead, as ``json`` is;
- ``text``: what the block before it printed;
- ``console``: lines that start with ``$`` are run, what stands below them is their output. ``...`` is what differs from run to run.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "python" / "docs"
PAGES = sorted((DOCS / "pages").rglob("*.md"))
FENCE = re.compile(r"^```(\S+)(?: title=\"(.*?)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(path):
    text = path.read_text(encoding="utf-8")
    found = FENCE.findall(text)
    assert len(re.findall(r"^```", text, re.MULTILINE)) == 2 * len(found), f"{path.name}: a fence without language or end"
    return found


def same(expected, said):
    """Equal but for trailing space. A line ``...`` stands for any lines, ``...`` at the end of one for the rest of it."""
    pattern = ""
    for line in expected.splitlines():
        start, rest, _ = line.rstrip().rpartition("...") if line.rstrip().endswith("...") else (line.rstrip(), "", "")
        pattern += "(?:.*\n)*?" if rest and not start else re.escape(start) + (".*\n" if rest else "[ \t]*\n")
    return re.fullmatch(pattern, said if said.endswith("\n") or not said else said + "\n") is not None


def run_console(text, folder):
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100", "PYTHONDONTWRITEBYTECODE": "1"}
    for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
        ended = subprocess.run(command, shell=True, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100)
        assert same(expected, ended.stdout), f"{command}\n--- said\n{ended.stdout}--- and not\n{expected}"


def run_page(path, folder):
    names, printed = {"__name__": "page"}, ""
    for language, title, text in blocks(path):
        if title:
            (folder / title).write_text(text)
        elif language == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(text, str(path), "exec"), names)
            printed = out.getvalue()
        elif language == "text":
            assert same(text, printed), f"--- printed\n{printed}--- and not\n{text}"
        elif language == "console":
            run_console(text, folder)
        else:
            raise AssertionError(f"{path.name}: a block of {language!r} that nothing runs")


def test_there_are_pages_of_every_kind():
    names = {str(path.relative_to(DOCS / "pages")) for path in PAGES}
    assert {"index.md", "tutorial.md", "explanation.md", "how-to/test.md", "reference/python.md", "reference/c.md"} <= names


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS / "pages")))
def test_the_blocks_of(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_page(path, tmp_path)


@pytest.mark.parametrize(("page", "complaint"), [
    ("```python\nprint(1)\n```\n\n```text\n2\n```\n", "and not"),
    ("```console\n$ echo 1\n2\n```\n", "and not"),
    ("```rust\nfn main() {}\n```\n", "nothing runs"),
    ("```\nplain\n```\n", "a fence without language"),
])
def test_a_wrong_page_is_found(page, complaint, tmp_path):
    path = tmp_path / "wrong.md"
    path.write_text(page)
    with pytest.raises(AssertionError, match=complaint):
        run_page(path, tmp_path)


def test_the_site_builds_and_names_everything(tmp_path):
    pytest.importorskip("mkdocs", reason="pip install 'newproc[docs]'")
    import newproc

    command = [sys.executable, "-m", "mkdocs", "build", "-q", "--strict", "-f", str(DOCS / "mkdocs.yml"), "-d", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
    assert ended.returncode == 0, ended.stderr
    python = (tmp_path / "reference" / "python" / "index.html").read_text()
    missing = [name for name in newproc.__all__ if name != "__version__" and f'id="newproc.{name}"' not in python]
    assert missing == []
    assert "rt_chan_send" in (tmp_path / "reference" / "c" / "index.html").read_text()
    assert "--max-goroutines" in (tmp_path / "reference" / "command" / "index.html").read_text()
    shutil.rmtree(tmp_path)
