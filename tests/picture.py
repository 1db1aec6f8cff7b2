"""Take the picture of the README: the explorer's first view on the corpus of `quick`, with what is known of it.

`make picture` runs it, and `make refresh ARGS=07` copies what it took.
"""

import tempfile
from pathlib import Path

from browser import ARGUMENTS, find_browser, save_screenshot
from playwright.sync_api import sync_playwright
from test_explorer_in_browser import explain, serve, settle

from mer_utils.paths import CACHE


def take_picture():
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=ARGUMENTS)
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        with serve(Path(folder), "mer_utils", "explore", "--no-browser", MER_CACHE=CACHE) as locate:
            page.goto(locate())
            settle(page)
            explain(page)
            page.mouse.click(1279, 799)  # no field has the focus
            save_screenshot(page, "readme")
        chromium.close()


if __name__ == "__main__":
    take_picture()
