"""``pv cassettes report``: one page about a folder of cassettes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from personalvibe.cli import main

RECORDINGS = Path(__file__).resolve().parents[2] / "cassettes" / "test_providers"
SECRET = "sk-proj-k7Qz9mWb3XvR8tLp2NcY5hFd"
HOSTILE = "</noscript></script><script>alert(1)</script><img src=//example.com/x> & \"q\" 'a'"


def written(path: Path, question: str, status: int = 200) -> Path:
    asked = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
    exchange = {
        "request": {
            "method": "POST",
            "uri": "https://api.openai.com/v1/chat/completions",
            "headers": {"authorization": [f"Bearer {SECRET}"]},
            "body": json.dumps(asked),
        },
        "response": {
            "status": {"code": status, "message": ""},
            "headers": {"content-type": ["application/json"]},
            "body": {"string": json.dumps({"choices": []})},
        },
    }
    path.write_text(yaml.safe_dump({"interactions": [exchange], "version": 1}))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "cassettes"
    folder.mkdir()
    for name in (
        "test_chat[openai].yaml",
        "test_tools[anthropic].yaml",
        "test_stream[gemini].yaml",
    ):
        shutil.copy(RECORDINGS / name, folder / name)
    written(folder / "<b>&hostile.yaml", HOSTILE, status=401)
    return folder


@pytest.fixture
def drift(tmp_path: Path, folder: Path) -> Path:
    difference = {
        "level": "error",
        "kind": "type changed",
        "place": "response.usage",
        "before": "number",
        "after": "string",
        "interaction": 1,
    }
    test = {
        "cassette": str(folder / "test_chat[openai].yaml"),
        "passed": True,
        "pairs": 1,
        "problem": "",
        "differences": [difference],
    }
    path = tmp_path / "drift.json"
    path.write_text(json.dumps({"version": 1, "tests": {"test_it.py::test_chat": test}}))
    return path


class Elements(HTMLParser):
    """The elements of a page as a browser without scripts sees them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_page_holds_all_of_it_and_asks_nobody(
    folder: Path, drift: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.html"
    arguments = ["cassettes", "report", str(folder), "--html", str(out), "--drift", str(drift)]
    assert main([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    page = out.read_text("utf-8")
    elements = Elements(page)
    text = "".join(elements.texts)
    for said in (
        HOSTILE,
        "get_weather",
        '"city"',
        "claude-haiku-4-5",
        "type changed",
        "the answer is 401",
        "<b>&hostile.yaml",
    ):
        assert said in text, said
    assert SECRET not in page + json.dumps(document)
    # Nothing that a browser would fetch, and nothing quoted that became an element.
    links = [value or "" for name, value in elements.attributes if name in ("href", "src")]
    assert {link[0] for link in links} == {"#"}
    assert not re.search(r"url\(|@import", page)
    assert "img" not in elements.names
    assert elements.names.count("script") == 2
    assert "default-src 'none'" in str(elements.attributes)

    totals = document["totals"]
    assert totals["cassettes"] == 4
    assert totals["interactions"] == sum(len(one["interactions"]) for one in document["cassettes"])
    assert totals["drift"] == {"error": 1}
    assert totals["findings"]["error"] >= 1
    (chat,) = (one for one in document["cassettes"] if "test_chat" in one["path"])
    assert (chat["providers"], chat["models"]) == (["openai"], ["gpt-4o-mini"])
    tokens = sum(one["tokens"] for month in document["months"] for one in month["models"].values())
    assert tokens == totals["input_tokens"] + totals["output_tokens"] > 0


def test_what_cannot_be_read(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.yaml").write_text("interactions: [")
    out = tmp_path / "report.html"
    assert main(["cassettes", "report", str(folder), "--html", str(out)]) == 3
    assert "broken.yaml:1: not valid YAML" in capsys.readouterr().err
    assert "broken.yaml: not valid YAML" in out.read_text("utf-8")
    assert main(["cassettes", "report", str(folder)]) == 2
    assert "--html OUT" in capsys.readouterr().err
    assert main(["cassettes", "report", str(tmp_path / "no"), "--html", str(out)]) == 2
    other = str(folder / "broken.yaml")
    assert main(["cassettes", "report", str(folder), "--html", str(out), "--drift", other]) == 2
    assert "it is no report of drift" in capsys.readouterr().err


@pytest.fixture(scope="module")
def browser() -> Any:
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="needs the extra `page`: axe and a driver for the browser"
    )
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page_of(browser: Any, folder: Path, drift: Path, tmp_path: Path) -> Callable[..., Any]:
    """Opens the page of the folder as the user of a certain browser sees it."""
    out = tmp_path / "report.html"
    arguments = ["cassettes", "report", str(folder), "--html", str(out), "--drift", str(drift)]

    def opened(**context: Any) -> Any:
        assert main(arguments) == 0
        page = browser.new_context(**context).new_page()
        page.requests, page.problems = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda message: page.problems.append(message.text))
        page.goto(out.as_uri())
        return page

    return opened


def test_search_by_keyboard_in_a_browser(page_of: Callable[..., Any]) -> None:
    page = page_of()
    assert page.title() == "Cassettes: 4"
    # What is folded in is no element yet: so thousands of cassettes open at once.
    assert page.query_selector_all("pre") == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # past what comes before the list
    page.keyboard.press("Tab")
    page.keyboard.type("get_weather paris")
    status = page.get_by_role("status")
    status.filter(has_text="1 of 4 cassettes").wait_for()
    (shown,) = [one for one in page.query_selector_all(".cassette") if one.is_visible()]
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("get_weather").first.wait_for()
    assert "rain" in shown.inner_text()
    page.get_by_label("Search").fill("")
    page.get_by_label("Show").select_option("drift")
    status.filter(has_text="1 of 4 cassettes").wait_for()
    page.get_by_label("Show").select_option("")
    page.get_by_label("Order").select_option("tokens")
    assert "test_tools" in page.query_selector(".cassette h3").inner_text()
    assert len(page.requests) == 1
    assert page.problems == []


def test_it_reads_without_scripts(page_of: Callable[..., Any]) -> None:
    page = page_of(java_script_enabled=False)

    def read() -> list[str]:
        found = page.query_selector_all("noscript pre")
        return [one.text_content() for one in found if one.is_visible()]

    assert not page.get_by_label("Search").is_visible()
    assert read() == []
    page.get_by_text("test_tools[anthropic].yaml").click()
    assert "Use the tool: what is the weather in Paris?" in read()
    page.get_by_text("hostile.yaml").click()
    page.emulate_media(media="print", color_scheme="dark")
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) == "rgb(255, 255, 255)"  # paper is white
    assert {HOSTILE, "rain"} <= set(read())
    assert page.requests == [page.url]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page_of: Callable[..., Any], scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = page_of(color_scheme=scheme, bypass_csp=True)
    for summary in page.query_selector_all("summary"):
        summary.click()
    page.get_by_text("get_weather").first.wait_for()
    assert [one["id"] for one in axe.run(page).response["violations"]] == []
