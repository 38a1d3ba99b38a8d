"""Headless Chromium for tests of pictures; without one they are skipped, and say so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Page:
    """What tests ask of a page."""

    def __init__(self, driver: Any, folder: Path) -> None:
        self.driver, self.folder = driver, folder

    def open(self, html: str, *, dark: bool = False) -> Page:
        """Show this page, in light or dark, and wait until it has drawn."""
        from selenium.webdriver.support.ui import WebDriverWait

        path = self.folder / "page.html"
        path.write_text(html, encoding="utf-8")
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get(path.as_uri())
        ready = "const v = document.querySelector('.np-viewer'); return !v || v.dataset.ready === '1'"
        WebDriverWait(self.driver, 120).until(lambda d: d.execute_script(ready))
        return self

    def js(self, script: str, *arguments: Any) -> Any:
        """Run a script and give what it returns."""
        return self.driver.execute_script(script, *arguments)

    def key(self, *keys: str) -> None:
        """Press keys on the viewer, as a reader at the keyboard."""
        from selenium.webdriver.common.by import By

        for key in keys:
            self.driver.find_element(By.CSS_SELECTOR, ".np-viewer").send_keys(key)

    def text(self, selector: str) -> str:
        """What stands there."""
        return str(self.js("return document.querySelector(arguments[0]).textContent", selector))

    def complaints(self) -> list[str]:
        """What the console says; a good page leaves it empty."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def colours(self) -> int:
        """How many colours the screenshot has: a blank page has one."""
        return int(self.js("""
            const c = document.querySelector("canvas"), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data, seen = new Set();
            for (let i = 0; i < d.length; i += 4) seen.add((d[i] << 16) | (d[i + 1] << 8) | d[i + 2]);
            return seen.size"""))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    selenium = pytest.importorskip("selenium.webdriver", reason="pip install selenium")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    chromedriver = shutil.which("chromedriver")
    if browser is None or chromedriver is None:
        pytest.skip("no chromium and chromedriver here; apt-get install chromium chromium-driver")
    options = selenium.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1240,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = selenium.Chrome(options=options, service=selenium.ChromeService(chromedriver))
    yield Page(driver, tmp_path_factory.mktemp("pages"))
    driver.quit()
