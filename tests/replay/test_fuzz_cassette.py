"""Arbitrary and damaged cassettes: loaded right or refused with one clear line, and never hung."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.cassette import native
from personalvibe.replay.model import CassetteError, Interaction, Provenance, Request, Response
from personalvibe.replay.redaction.redact import RedactionRules, redact

RULES = RedactionRules.from_config({}, {})

NUMBERS = st.lists(
    st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)),
    min_size=30,
    max_size=40,
)
JSON = st.recursive(
    st.one_of(
        NUMBERS,
        NUMBERS.map(json.dumps),
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
        st.sampled_from(
            ["yes", "null", "~", "1e3", "0x1f", "2026-11-22", "a: b", "- a", "#", " \n"]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=20), inner, max_size=5)
    ),
    max_leaves=25,
)
EVENTS = st.lists(JSON, max_size=4).map(
    lambda values: b"".join(b"data: %s\n\n" % json.dumps(value).encode() for value in values)
)
BODIES = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.builds(
        lambda value, indent: json.dumps(value, indent=indent).encode(),
        JSON,
        st.sampled_from([None, 0, 1]),
    ),
    EVENTS,
)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"))
HEADERS = st.lists(
    st.one_of(
        st.tuples(st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), VALUES),
        st.tuples(
            st.just("content-type"),
            st.sampled_from(
                ["application/json", "text/event-stream", "text/plain", "application/octet-stream"]
            ),
        ),
    ),
    max_size=5,
).map(tuple)
INTERACTION = st.builds(
    Interaction,
    request=st.builds(
        Request,
        method=st.sampled_from(["GET", "POST", "DELETE"]),
        url=st.text(max_size=30).map("https://x.test/".__add__),
        headers=HEADERS,
        body=BODIES,
    ),
    response=st.builds(
        Response,
        status=st.integers(100, 599),
        reason=VALUES,
        headers=HEADERS,
        body=BODIES,
    ),
    provenance=st.one_of(
        st.none(),
        st.just(Provenance(recorded_at="2026-11-22T00:00:00Z", recorded_by=(("a", "1"),))),
    ),
)


def encodable(interaction: Interaction) -> bool:
    texts = [interaction.request.url, interaction.response.reason]
    texts += [text for pair in interaction.request.headers for text in pair]
    return all(text.encode("utf-8", "ignore").decode() == text for text in texts)


def same_body(headers: object, one: bytes, other: bytes) -> bool:
    if one == other:
        return True
    return repr(json.loads(one)) == repr(json.loads(other))


def lower(headers: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    return sorted((name.lower(), value) for name, value in headers)


@given(st.lists(INTERACTION.filter(encodable), max_size=3))
def test_everything_survives_the_file(
    tmp_path_factory: pytest.TempPathFactory, interactions: list[Interaction]
) -> None:
    redacted = [redact(one, RULES) for one in interactions]
    path = tmp_path_factory.getbasetemp() / "round.yaml"
    path.write_bytes(cassette.dump(redacted))
    loaded = cassette.load(path)
    assert len(loaded) == len(redacted)
    assert list(cassette.stream(path.read_bytes(), path)) == loaded
    for before, after in zip(redacted, loaded, strict=True):
        for one, other in ((before.request, after.request), (before.response, after.response)):
            assert lower(other.headers) == lower(one.headers)
            # JSON bodies are kept as data, everything else byte for byte.
            assert same_body(one.headers, one.body, other.body)
        assert (after.request.method, after.request.url) == (
            before.request.method,
            before.request.url,
        )
        assert (after.response.status, after.response.reason) == (
            before.response.status,
            before.response.reason,
        )
    again = [redact(one, RULES) for one in loaded]
    assert cassette.dump(again) == path.read_bytes()


def example() -> bytes:
    events = b'data: {"choices": [{"delta": {"content": "hi\\n"}}]}\n\ndata: [DONE]\n\n'
    interactions = [
        Interaction(
            request=Request(
                method="POST",
                url="https://api.openai.com/v1/chat/completions?a=1",
                headers=(("content-type", "application/json"),),
                body=json.dumps({"model": "m", "messages": [{"content": "a\nb: c\n"}]}).encode(),
            ),
            response=Response(status=200, reason="OK", headers=headers, body=body),
            provenance=Provenance(recorded_at="2026-11-22T00:00:00Z"),
        )
        for headers, body in (
            ((("content-type", "text/event-stream"),), events),
            ((), bytes(range(256))),
            ((("content-type", "text/plain"),), b"line\n\nline\n"),
        )
    ]
    return cassette.dump([redact(one, RULES) for one in interactions])


EXAMPLE = example()


def load_or_refuse(path: Path) -> list[Interaction] | None:
    try:
        return cassette.load(path)
    except CassetteError as error:
        message = error.message
    assert str(path) in message
    assert "\n" not in message
    return None


@given(st.data())
def test_a_mutated_cassette_is_loaded_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(EXAMPLE)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 40)))
        content[start:end] = data.draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from(
                    [b"", b": ", b"\n", b"&a ", b"*a", b"!!", b"{", b"[", b"'", b"---\n"]
                ),
            )
        )
    path = tmp_path_factory.getbasetemp() / "mutated.yaml"
    path.write_bytes(bytes(content))
    loaded = load_or_refuse(path)
    if loaded is not None:
        assert all(isinstance(one.request.body, bytes) for one in loaded)


@pytest.mark.parametrize("line", range(1, EXAMPLE.count(b"\n")))
def test_a_truncated_cassette_is_never_a_shorter_one(tmp_path: Path, line: int) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"".join(EXAMPLE.splitlines(keepends=True)[:line]))
    with pytest.raises(CassetteError):
        cassette.load(path)


TAGS = [
    "!!python/object/apply:os.system ['touch {mark}']",
    "!!python/object/new:os.system ['touch {mark}']",
    "!!python/name:os.system",
    "!!python/module:os",
    "!!python/object:personalvibe.replay.model.Request {{}}",
    "!custom x",
]


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("version", [1, native.VERSION])
def test_a_cassette_with_tags_runs_nothing(tmp_path: Path, tag: str, version: int) -> None:
    mark = tmp_path / "mark"
    path = tmp_path / "c.yaml"
    path.write_text(f"version: {version}\ninteractions:\n- {tag.format(mark=mark)}\n...\n")
    with pytest.raises(CassetteError, match="is not allowed"):
        cassette.load(path)
    assert not mark.exists()


def deep(levels: int) -> str:
    return "interactions: " + "[" * levels + "]" * levels + "\n"


def laughs() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join([*lines, "interactions: *a9", ""])


HOSTILE: dict[str, Callable[[], bytes]] = {
    "deep": lambda: deep(1_000).encode(),
    "very deep": lambda: deep(200_000).encode(),
    "billion laughs": lambda: laughs().encode(),
    "gzip bomb": lambda: gzip.compress(bytes(10**8)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_are_refused_and_not_hung(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(HOSTILE[kind]())
    finished = threading.Event()
    refused = []

    def work() -> None:
        refused.append(load_or_refuse(path) is None)
        finished.set()

    threading.Thread(target=work, daemon=True).start()
    assert finished.wait(60), "still at it after a minute"
    assert refused == [True]


def test_a_large_cassette_is_loaded_or_refused_with_the_limit(tmp_path: Path) -> None:
    answer = Response(status=200, headers=(("content-type", "text/plain"),), body=b"x " * 500_000)
    one = redact(
        Interaction(request=Request(method="GET", url="https://x.test/"), response=answer), RULES
    )
    path = tmp_path / "c.yaml"
    path.write_bytes(cassette.dump([replace(one) for _ in range(50)]))
    assert path.stat().st_size > 50_000_000
    with pytest.raises(CassetteError, match="max_cassette_bytes"):
        cassette.load(path)
    assert len(cassette.load(path, max_bytes=60_000_000)) == 50


def test_deep_json_in_a_body_is_kept_as_text(tmp_path: Path) -> None:
    body = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    sent = Request(
        method="POST",
        url="https://x.test/",
        headers=(("content-type", "application/json"),),
        body=body,
    )
    one = redact(Interaction(request=sent, response=Response(status=200)), RULES)
    path = tmp_path / "c.yaml"
    path.write_bytes(cassette.dump([one]))
    assert cassette.load(path)[0].request.body == body


def test_the_error_reaches_the_user_without_a_traceback(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("import pytest\n\n@pytest.mark.vcr\ndef test_it():\n    pass\n")
    path = (
        pytester.path / "cassettes" / f"{next(pytester.path.glob('test_*.py')).stem}/test_it.yaml"
    )
    path.parent.mkdir(parents=True)
    path.write_bytes(EXAMPLE[:200])
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    output = str(done.stdout)
    assert "test_it.yaml:" in output
    assert "Traceback" not in output
    assert path.read_bytes() == EXAMPLE[:200]
