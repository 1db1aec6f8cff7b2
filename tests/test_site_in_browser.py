"""The site of the committed notebooks in a real browser: it opens from disk, plays, prints, and asks nobody."""

import re
from itertools import pairwise

import browser as harness
import pytest

from mer_utils.companion import select_notebooks
from mer_utils.pages import INDEX, save_page
from mer_utils.paths import FIGURES
from mer_utils.site import save_index

STORY = [path.stem for path in select_notebooks()]
PAGES = ["index", *STORY]
PHONE = {"width": 390, "height": 844}
#: A4 without margins of 12 mm, in the pixels of style sheets.
PAPER = {"width": 703, "height": 1031}
BROKEN = "() => [...document.images].filter(image => !image.naturalWidth).map(image => image.alt)"
FOLD = "document.querySelectorAll('details').forEach(part => part.open = false)"
UNFOLD = FOLD.replace("false", "true")
UNFOLDED = "() => [...document.querySelectorAll('details')].filter(part => part.open).length"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site as a run of the committed state would leave it; made once."""
    folder = tmp_path_factory.mktemp("site")
    for notebook in select_notebooks():
        save_page(notebook, figures=FIGURES, folder=folder, story=STORY)
    save_index(folder, STORY)
    return folder


@pytest.fixture(scope="module", params=PAGES)
def opened(site, browser, request):
    """One of the site's pages, opened once for all looks at it, its name, and the watch over it."""
    context = browser.new_context()
    watch, page = harness.Watch(context), context.new_page()
    page.goto((site / f"{request.param}.html").as_uri())
    yield page, request.param, watch
    context.close()


@pytest.fixture
def shown(opened, request):
    """The page and its name, on a wide screen, with all code folded; the test fails if anything in it goes wrong."""
    page, name, watch = opened
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(media="screen", color_scheme="light")
    page.evaluate(FOLD)
    yield page, name
    harness.keep_failed(page, request)
    assert watch.complaints == []


@pytest.fixture
def show(site, page):
    """Open one of the site's pages; give the window."""

    def show_page(name, **media):
        page.emulate_media(**media)
        page.goto((site / f"{name}.html").as_uri())
        return page

    return show_page


def test_a_page_opens_with_all_its_pictures(shown):
    page, name = shown
    assert page.locator("img").count() > 0
    assert page.evaluate(BROKEN) == []
    harness.save_screenshot(page, f"site_{name}")


def test_every_player_plays(shown):
    page, _ = shown
    heard = page.evaluate(harness.PLAY)
    assert [sound for sound in heard if isinstance(sound, str) or not (sound[0] > 1 and sound[1])] == []
    assert len(heard) == page.locator("audio").count()


def test_there_are_players_to_play(site):
    assert sum(page.read_text().count("<audio") for page in site.iterdir()) > 80


def test_text_can_be_read_in_light_and_dark(shown):
    page, _ = shown
    page.evaluate(UNFOLD)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        contrast, text = page.evaluate(harness.CONTRAST)
        assert contrast >= 4.5, (scheme, text)


def test_dark_is_dark(show):
    page = show("index", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 28)"
    harness.save_screenshot(page, "site_index_dark")


def test_a_phone_scrolls_down_alone(shown):
    page, name = shown
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    if name == "index":
        harness.save_screenshot(page, "site_index_phone")


def test_print_holds_everything_but_code_and_players(shown):
    page, _ = shown
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") == PAPER["width"]
    assert page.evaluate(harness.CUT) == []
    assert page.locator("nav:visible, audio:visible, summary:visible").count() == 0
    assert page.locator(".file:visible").count() == page.locator("audio").count()


def test_code_is_folded_and_unfolds_by_keyboard(show):
    page = show(STORY[0])
    assert page.locator("details .highlight:visible").count() == page.evaluate(UNFOLDED) == 0
    while page.evaluate("document.activeElement.tagName") != "SUMMARY":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("details .highlight:visible").count() == page.evaluate(UNFOLDED) == 1


def test_the_story_can_be_read_from_contents_to_end_and_back(show):
    page = show("index")
    page.locator(f".chapter a[href='{STORY[0]}.html']").first.click()
    for before, after in pairwise(STORY):
        promised = page.locator("a[rel=next]").last.inner_text()
        page.locator("a[rel=next]").last.click()
        assert page.url.endswith(f"/{after}.html")
        assert page.title() == page.locator("h1").inner_text() == promised
        assert page.locator("a[rel=prev]").first.get_attribute("href") == f"{before}.html"
    assert page.locator("a[rel=next]").count() == 0
    page.locator("a[rel=contents]").first.click()
    assert page.url.endswith(f"/{INDEX}")


@pytest.mark.parametrize("name", PAGES)
def test_no_link_leads_nowhere(site, name):
    for link in re.findall(r'<a [^>]*?href="([^"]*)"', (site / f"{name}.html").read_text()):
        file, _, place = link.partition("#")
        assert link.startswith(("https://", "data:")) or (site / (file or f"{name}.html")).is_file(), link
        assert not place or f'id="{place}"' in (site / (file or f"{name}.html")).read_text(), link


def test_the_site_is_small(site):
    assert sum(page.stat().st_size for page in site.iterdir()) < 25e6
