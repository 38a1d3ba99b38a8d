"""pytest: options for `newproc.test`, failing schedules first, and what a failure leaves to look at.

Loaded by pytest through its entry point; imports newproc only when a test uses it.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ._failure import Campaign


def pytest_addoption(parser: pytest.Parser) -> None:
    """The command line's part."""
    group = parser.getgroup("newproc", "schedules of goroutines")
    group.addoption("--newproc-seed", type=int, metavar="N", help="first seed of every test's schedules")
    group.addoption("--newproc-schedules", type=int, metavar="N", help="schedules per test, instead of what the test says")
    group.addoption("--newproc-replay", metavar="TEXT", help="run this one schedule, as a failure printed it; choose the test with -k or its id")
    group.addoption("--newproc-artifacts", metavar="DIR", help="where failures leave pages, traces and schedules (default: in pytest's cache)")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what cannot be meant."""
    count = config.getoption("--newproc-schedules")
    if count is not None and count < 1:
        raise pytest.UsageError(f"--newproc-schedules is {count}; give 1 or more")


def _key(nodeid: str) -> str:
    return hashlib.sha256(nodeid.encode()).hexdigest()[:16]


def _cache(config: pytest.Config) -> pytest.Cache | None:
    cache: pytest.Cache | None = getattr(config, "cache", None)  # -p no:cacheprovider: no such attribute
    return cache


def _folder(config: pytest.Config, nodeid: str) -> Path | None:
    name = f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', nodeid.rpartition('/')[2])[:60]}-{_key(nodeid)}"
    asked = config.getoption("--newproc-artifacts")
    if asked:
        return Path(asked) / name
    cache = _cache(config)
    return Path(cache.mkdir("newproc")) / name if cache is not None else None


def _campaign(item: pytest.Item) -> Campaign:
    from ._failure import Campaign

    cache = _cache(item.config)
    known = cache.get(f"newproc/{_key(item.nodeid)}", []) if cache is not None else []
    return Campaign(
        seed=item.config.getoption("--newproc-seed"), schedules=item.config.getoption("--newproc-schedules"),
        replay=item.config.getoption("--newproc-replay"), known=tuple(known), folder=_folder(item.config, item.nodeid),
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, None]:
    """Around a test: what is asked of it, and what it says. Nothing at all until newproc is imported."""
    if "newproc" not in sys.modules:
        yield
        return
    from ._failure import campaign

    with campaign(_campaign(item)) as asked:
        yield
    if asked.said:
        item.add_report_section("call", "newproc", "\n".join([*asked.said, f"pytest '{item.nodeid}' --newproc-replay='{asked.failed[-1]}'"]))
    cache = _cache(item.config)
    if cache is not None and asked.replay is None and asked.failed + list(asked.known):
        # The test's own file in the cache: workers of xdist do not meet there. A test that passes has forgotten its failures.
        cache.set(f"newproc/{_key(item.nodeid)}", asked.failed[-1:])


@pytest.fixture
def newproc_check() -> Callable[..., None]:
    """`newproc.check`, with this command line's seed, schedules and replay."""
    from ._testing import check

    return check
