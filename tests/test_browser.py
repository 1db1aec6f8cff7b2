"""The watch over the browser tests hears what goes wrong, and nothing else; so do the looks at a page."""

import http.server
import threading

import browser as harness
import pytest

IMAGE = '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==">'
FINE = f"<title>fine</title><p>text {IMAGE}<script>console.warn('a warning')</script>"
WRONG = {
    "console: boo": "<script>console.error('boo')</script>",
    "error: boo": "<script>setTimeout(() => { throw 'boo' })</script>",
    "net::ERR_FILE_NOT_FOUND": "<img src=gone.png>",
    "outside: https://example.org/a.js": "<script src=https://example.org/a.js></script>",
    "outside: http://192.0.2.1/": "<img src=http://192.0.2.1/>",
    "net::ERR_NAME_NOT_RESOLVED: http://192.0.2.1/": "<img src=http://192.0.2.1/>",
    "outside: wss://example.org/a": "<script>new WebSocket('wss://example.org/a')</script>",
}


@pytest.fixture
def show(window, tmp_path):
    """Open a page of the given content; give the page."""

    def show_content(content):
        (tmp_path / "a.html").write_text(content)
        page = window[0].new_page()
        page.goto((tmp_path / "a.html").as_uri())
        return page

    return show_content


def test_a_page_that_is_fine_gives_no_complaint(show, window):
    show(FINE)
    assert window[1].complaints == []


@pytest.mark.parametrize(("said", "content"), WRONG.items())
def test_what_goes_wrong_is_heard(show, window, said, content):
    page, complaints = show(content), window[1].complaints
    for _ in range(100):
        if any(complaint.startswith(said) for complaint in complaints):
            return
        page.wait_for_timeout(20)
    raise AssertionError(complaints)


def test_a_missing_file_of_a_server_is_heard(window):
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        window[0].new_page().goto(f"http://127.0.0.1:{server.server_port}/gone")
        server.shutdown()
    assert window[1].complaints[0].startswith("501: http://127.0.0.1")


def test_a_sound_that_does_not_play_is_heard(show):
    [heard] = show('<audio src="data:audio/ogg;base64,AAAA"></audio>').evaluate(harness.PLAY)
    assert "NotSupportedError" in heard


@pytest.mark.parametrize(("colour", "contrast"), [("#000", 21), ("#777", 4.48), ("#fff", 1)])
def test_the_lowest_contrast_is_found(show, colour, contrast):
    page = show(
        f'<p>dark<p style="background: #fff"><b style="color: {colour}">pale</b><p hidden style="color: #fff">x'
    )
    assert page.evaluate(harness.CONTRAST)[0] == pytest.approx(contrast, abs=0.01)


@pytest.mark.parametrize(("width", "cut"), [(100, ["PRE : a long line"]), (300, [])])
def test_what_is_cut_is_found(show, width, cut):
    page = show(f'<pre style="overflow: auto; width: {width}px; font: 20px monospace">a long line</pre>')
    assert page.evaluate(harness.CUT) == cut


@pytest.mark.parametrize(("named", "found"), [("/bin/sh", "/bin/sh"), ("/no/such", None)])
def test_a_browser_can_be_named(monkeypatch, named, found):
    monkeypatch.setenv("MER_BROWSER", named)
    assert harness.find_browser() == found
