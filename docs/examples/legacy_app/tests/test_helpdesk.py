import asyncio
import socket

import openai
import pytest

from helpdesk import answers, clients, digest, moderate, search, triage
from helpdesk.__main__ import main


def status_of(order):
    return {"order": order, "state": "sent"}


TOOLS = {"order_status": status_of}


def test_a_ticket_gets_its_queue(api):
    result = triage.triage("I was charged twice")
    assert result == triage.Triage(queue="billing", urgent=True, products=["card"])
    assert api.requests[0]["body"]["response_format"]["json_schema"]["name"] == "Triage"


def test_an_answer_looks_things_up(api):
    text = answers.answer("Where is my order A-7?", TOOLS, temperature=0.5)
    assert text == 'You said: {"order": "A-7", "state": "sent"}'
    first, second = [request["body"] for request in api.requests]
    assert first["temperature"] == 0.5
    assert first["user"] == "helpdesk"
    assert second["messages"][2]["tool_calls"][0]["id"] == "call_1"
    assert second["messages"][3]["tool_call_id"] == "call_1"


def test_an_answer_is_streamed(api):
    pieces = list(answers.stream_answer("Hello"))
    assert pieces == ["Dear", " customer", ".", " [12 tokens]"]


def test_a_busy_api_is_asked_again(api):
    api.failures[:] = [429, 429]
    assert answers.answer("Hello", TOOLS) == "You said: Hello"
    assert len(api.requests) == 3


def test_a_bad_request_is_not_asked_again(api):
    api.failures[:] = [400]
    with pytest.raises(openai.BadRequestError) as caught:
        answers.answer("Hello", TOOLS)
    assert caught.value.status_code == 400
    assert len(api.requests) == 1


def test_a_bad_key_puts_the_ticket_back(api):
    api.failures[:] = [401]
    with pytest.raises(answers.Unavailable, match="check the key: 401"):
        answers.answer("Hello", TOOLS)


def test_no_connection_is_an_error_of_its_own():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = "http://127.0.0.1:%d/v1" % closed.getsockname()[1]
    with pytest.raises(openai.APIConnectionError):
        search.SimilarTickets(openai.OpenAI(base_url=url, max_retries=0)).add("x")


@pytest.fixture
def fresh_search_client():
    clients.search_client.cache_clear()
    yield
    clients.search_client.cache_clear()


@pytest.mark.usefixtures("fresh_search_client")
def test_similar_tickets_come_first(api):
    index = search.SimilarTickets()
    index.add("banana panama", "tree bees", "soot")
    assert index.nearest("the trees", n=1) == ["tree bees"]
    assert [request["x-team"] for request in api.requests] == ["helpdesk", "helpdesk"]


@pytest.mark.usefixtures("fresh_search_client")
def test_in_production_embeddings_are_on_azure(api, monkeypatch):
    monkeypatch.setenv("HELPDESK_AZURE", "1")
    search.SimilarTickets(model="embeddings-eu").add("banana")
    (request,) = api.requests
    assert request["path"] == (
        "/openai/deployments/embeddings-eu/embeddings?api-version=2024-10-21"
    )
    assert request["api-key"] == "azure-key"


def test_the_digest_has_a_line_for_each_ticket(api):
    lines = asyncio.run(digest.digest(["one", "two", "three"]))
    assert lines == [
        "You said: Summarise in one line: one",
        "You said: Summarise in one line: two",
        "You said: Summarise in one line: three",
    ]
    assert all(request["body"]["max_tokens"] == 60 for request in api.requests)


def test_the_digest_reports_a_refusal(api):
    api.failures[:] = [400]
    assert asyncio.run(digest.digest(["one"])) == ["(refused: failed)"]


def test_the_digest_comes_live(api):
    async def collect():
        return [piece async for piece in digest.digest_live(["one", "two"])]

    assert "".join(asyncio.run(collect())) == "Dear customer."


def test_insults_are_flagged(api):
    assert moderate.flagged("you fool") == ["harassment"]
    assert moderate.flagged("thank you") == []


def test_sound_becomes_text(api, tmp_path):
    sound = tmp_path / "ticket.wav"
    sound.write_bytes(b"RIFF")
    assert moderate.transcript(sound) == "My parcel is lost."


def test_the_command_prints_the_answer(api, capsys):
    assert main(["answer", "Hello"]) == 0
    assert capsys.readouterr().out == "Dear customer. [12 tokens]\n"
