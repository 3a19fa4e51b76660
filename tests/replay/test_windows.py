"""Names and line ends that Windows asks for, on any system."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest

from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.model import Interaction, Request, Response
from personalvibe.replay.pytest_plugin.naming import default_name
from personalvibe.replay.redaction.redact import RedactionRules, redact
from personalvibe.replay.toolbox.sarif import uri

RULES = RedactionRules.from_config({}, {})


@pytest.mark.parametrize(
    "test",
    [*(f"test_it[a{one}b]" for one in '<>:"/\\|?*'), r"test_it[C:\tapes\a]", r"test_it[..\..\a]"],
)
@pytest.mark.parametrize("class_name", [None, "TestIt"])
def test_the_name_of_a_cassette_is_one_name(test: str, class_name: str | None) -> None:
    name = default_name(class_name, test)
    assert PureWindowsPath(name).name == name
    assert not set(name) & set('<>:"/\\|?*')


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (r"tapes\my test.yaml", "tapes/my%20test.yaml"),
        (r"C:\tapes\größe.yaml", "file:///C:/tapes/gr%C3%B6%C3%9Fe.yaml"),
        (r"\\server\share\a.yaml", "file://server/share/a.yaml"),
    ],
)
def test_sarif_has_addresses(path: str, expected: str) -> None:
    assert uri(PureWindowsPath(path)) == expected


BODIES = {
    "a document": ("application/json", b'{"vector": [%s], "n": 1}' % b",".join([b"0.125"] * 500)),
    "a text of lines": ("text/plain", b"one\n\n  two\n"),
    "Windows' own line ends": ("text/plain", b"one\r\ntwo\r\n"),
    "a stream": ("text/event-stream", b'data: {"a": "b\\nc"}\n\ndata: [DONE]\n\n'),
    "binary data": ("audio/mpeg", b"\r\n\x00\xff" * 90),
}


@pytest.mark.parametrize("kind", BODIES)
def test_git_may_write_a_cassette_with_the_line_ends_of_windows(kind: str, tmp_path: Path) -> None:
    media_type, body = BODIES[kind]
    headers = (("content-type", media_type),)
    exchange = Interaction(
        request=Request(method="POST", url="http://127.0.0.1/x", headers=headers, body=body),
        response=Response(status=200, reason="OK", headers=headers, body=body),
    )
    unix, windows = tmp_path / "unix.yaml", tmp_path / "windows.yaml"
    unix.write_bytes(cassette.dump([redact(exchange, RULES)]))
    windows.write_bytes(unix.read_bytes().replace(b"\n", b"\r\n"))
    assert cassette.load(windows) == cassette.load(unix)
