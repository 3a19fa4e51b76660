"""Cassettes in the forms of other tools: each says the same, and scrubbed it keeps its form."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from personalvibe.cli import main
from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.model import CassetteError, Interaction, Request, Response

SECRET = "sk-proj-k7Qz9mWb3XvR8tLp2NcY5hFd"
Mapping = dict[str, Any]
Pairs = tuple[tuple[str, str], ...]


def document_text(word: str) -> str:
    """JSON as the recorders of documents write it: without spaces."""
    return json.dumps({"say": f"Grüße {word}"}, ensure_ascii=False, separators=(",", ":"))


# How a message holds its body, which is JSON.
BODIES: dict[str, Callable[[str], Mapping]] = {
    "a text": lambda text: {"body": text},
    "vcrpy's text": lambda text: {"body": {"string": text}},
    "a text under content": lambda text: {"body": {"content": text}},
    "httpx before vcrpy 6": lambda text: {"content": text},
    "pydantic-ai": lambda text: {"parsed_body": json.loads(text)},
    "a document": lambda text: {"body": json.loads(text)},
    "cassetter's JSON": lambda text: {"body": {"type": "json", "content": json.loads(text)}},
    "cassetter's text": lambda text: {"body": {"type": "text", "content": text}},
    "cassetter's bytes": lambda text: {
        "body": {"type": "binary", "content": text.encode().hex()},
    },
}
HEADERS: dict[str, Callable[[Pairs], Any]] = {
    "lists": lambda pairs: {name: [value] for name, value in pairs},
    "single values": dict,
    "pairs": lambda pairs: [list(pair) for pair in pairs],
}
STATUSES: dict[str, Mapping] = {
    "vcrpy": {"status": {"code": 201, "message": "Made"}},
    "httpx before vcrpy 6": {"status_code": 201},
    "a number": {"status": 201},
}
FILES: dict[str, Callable[[Mapping, Mapping], Mapping]] = {
    "vcrpy": lambda request, response: {
        "interactions": [{"request": request, "response": response}],
        "version": 1,
    },
    "langchain-tests": lambda request, response: {"requests": [request], "responses": [response]},
    "ddapm-test-agent": lambda request, response: {"request": request, "response": response},
}
FORMS = [
    *(("vcrpy", body, "lists", "vcrpy", "uri") for body in BODIES),
    *(("vcrpy", "a text", headers, "vcrpy", "url") for headers in HEADERS),
    *(("vcrpy", "vcrpy's text", "lists", status, "uri") for status in STATUSES),
    *((file, "a text", "single values", "vcrpy", "url") for file in FILES),
]
Form = tuple[str, str, str, str, str]


def head(kind: str, size: int, word: str) -> Pairs:
    return (
        ("Content-Type", kind),
        ("x-note", f"for {word}"),
        ("X-More", "1"),
        ("content-length", str(size)),
    )


def file_of(form: Form, word: str) -> Mapping:
    """A cassette in this form, in which everything mentions the word."""
    file, body, headers, status, address = form
    text = document_text(word)
    pairs = head("application/json", len(text.encode()), word)

    def message() -> Mapping:
        return {"headers": HEADERS[headers](pairs), **BODIES[body](text)}

    return FILES[file](
        {"method": "post", address: "https://api.example.com/v1", **message()},
        {**STATUSES[status], **message()},
    )


def exchange_of(form: Form, word: str) -> Interaction:
    text = document_text(word).encode()
    pairs = head("application/json", len(text), word)
    return Interaction(
        request=Request(method="POST", url="https://api.example.com/v1", headers=pairs, body=text),
        response=Response(
            status=201, reason="Made" if form[3] == "vcrpy" else "", headers=pairs, body=text
        ),
    )


def as_yaml(document: Mapping) -> bytes:
    written: bytes = yaml.safe_dump(document, allow_unicode=True, encoding="utf-8", sort_keys=False)
    return written


def as_ascii(document: Mapping) -> bytes:
    return yaml.safe_dump(document, sort_keys=False).encode("ascii")


def as_json(document: Mapping) -> bytes:
    """As vcrpy writes it."""
    return (json.dumps(document, indent=4) + "\n").encode()


def as_gzip(document: Mapping) -> bytes:
    return gzip.compress(as_yaml(document), mtime=0)


WRITTEN = {"it.yaml": as_yaml, "ascii.yaml": as_ascii, "it.json": as_json, "it.yaml.gz": as_gzip}


@pytest.mark.parametrize("form", FORMS, ids=" - ".join)
def test_every_form_says_the_same_and_is_scrubbed_in_place(
    form: Form, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, written in WRITTEN.items():
        (tmp_path / name).write_bytes(written(file_of(form, SECRET)))
        assert cassette.load(tmp_path / name) == [exchange_of(form, SECRET)]
    assert main(["cassettes", "scrub", str(tmp_path)]) == 0
    for name, written in WRITTEN.items():
        assert (tmp_path / name).read_bytes() == written(file_of(form, "REDACTED")), name


ASKED: Mapping = {"method": "GET", "uri": "http://h/", "body": None, "headers": {}}
TOLD: Mapping = {"status": {"code": 200, "message": "OK"}, "body": {"string": ""}, "headers": {}}
IN_BOTH: list[tuple[Mapping, str]] = [
    ({"headers": 3}, "its headers are not a mapping"),
    ({"headers": [["a", "b", "c"]]}, "its headers are neither a mapping nor pairs"),
    ({"headers": ["a: b"]}, "its headers are neither a mapping nor pairs"),
    ({"body": {"string": "a", "size": 1}}, "a body has the unknown key 'size'"),
    ({"body": {"string": {"a": 1}}}, "a body is a dict, not text or bytes"),
    ({"body": [1]}, "a body is a list, not text or bytes"),
    ({"body": True, "parsed_body": {"a": b"b"}}, "a body holds something that JSON has not"),
    ({"body": {"type": "xml", "content": "a"}}, "cassetter's body of the type 'xml' is unknown"),
    ({"body": {"type": "text", "content": 1}}, "cassetter's body of the type 'text' is unknown"),
    ({"body": {"type": "binary", "content": "0g"}}, "cassetter's binary body is no hexadecimal"),
    ({"headers": "a: b"}, "its headers are not a mapping"),
]
IN_REQUEST: list[tuple[Mapping, str]] = [
    ({"method": None}, "the request lacks its method or its uri"),
    ({"uri": ["http://h/"]}, "the request lacks its method or its uri"),
    ({"uri": "http://[h/"}, "the uri 'http://[h/' is no address"),
    *IN_BOTH,
]
IN_RESPONSE: list[tuple[Mapping, str]] = [
    ({"status": None}, "the response has no status"),
    ({"status": {"code": True}}, "the response has no status"),
    ({"status": {"code": 99}}, "the response has no status"),
    ({"status": {"code": 1000}}, "the response has no status"),
    ({"status": "200"}, "the response has no status"),
    *IN_BOTH,
]
LISTS = "docs/replay.md lists the tools"
RESTORE = "Restore it from version control"
NO_CASSETTES: list[tuple[object, str, str]] = [
    (None, "the cassette is empty", RESTORE),
    ([], "not a cassette: it has no list `interactions`", LISTS),
    ({"requests": [], "responses": 1}, "not a cassette: it has no list `interactions`", LISTS),
    ({"requests": [1], "responses": []}, "1 requests and 0 responses", RESTORE),
    ({"interactions": [{"frame": 1}]}, "its interactions are not those of HTTP", LISTS),
    ({"interactions": [1]}, "interaction 1: it is not a mapping", LISTS),
    ({"interactions": [{"request": ASKED}]}, "interaction 1: it lacks its request or", LISTS),
    ({"request": ASKED, "response": 1}, "interaction 1: it lacks its request or", LISTS),
    *(
        (FILES["vcrpy"](ASKED | wrong, TOLD), f"interaction 1: {message}", LISTS)
        for wrong, message in IN_REQUEST
    ),
    *(
        (
            {"requests": [ASKED, ASKED], "responses": [TOLD, TOLD | wrong]},
            f"interaction 2: {message}",
            LISTS,
        )
        for wrong, message in IN_RESPONSE
    ),
]


@pytest.mark.parametrize(("document", "message", "hint"), NO_CASSETTES)
def test_what_is_wrong_is_named_with_its_interaction(
    tmp_path: Path, document: object, message: str, hint: str
) -> None:
    path = tmp_path / "it.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(CassetteError) as caught:
        cassette.load(path)
    assert caught.value.message.startswith(f"{path}: {message}")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(hint)
