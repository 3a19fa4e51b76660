"""What a program that used the openai SDK relies on, tried with the SDK and with the router."""

from __future__ import annotations

import asyncio
import base64
import copy
import functools
import pickle
import struct
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Callable
from typing import Any

import openai  # noqa: TID251  # the other side of the comparison
import pytest

from personalvibe import llm_router

from .wire import Answer, Sent, Wire, loaded_litellm

litellm = loaded_litellm()
MESSAGES: Any = [{"role": "user", "content": "Hi"}]
CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}

Asked = Callable[[Any], Any]


def essence(sent: Sent) -> tuple[Any, ...]:
    names = ("authorization", "api-key", "openai-organization")
    return sent.path, sent.query, sent.body, {name: sent.headers.get(name) for name in names}


def outcome(action: Callable[[], Any], wire: Wire) -> Any:
    """What was sent, or which error there was."""
    try:
        action()
    except Exception as error:
        return type(error).__name__, str(error), [essence(sent) for sent in wire.take()]
    return [essence(sent) for sent in wire.take()]


def both(asked: Asked, wire: Wire, kind: str = "OpenAI", **settings: Any) -> Any:
    ours: Any = {"OpenAI": llm_router.Client, "AzureOpenAI": llm_router.AzureClient}[kind]
    expected = outcome(lambda: asked(getattr(openai, kind)(**settings)), wire)
    assert outcome(lambda: asked(ours(**settings)), wire) == expected
    return expected


def chat(**arguments: Any) -> Asked:
    return lambda client: client.chat.completions.create(**arguments)


# --- the signature ---


@pytest.mark.parametrize(
    "asked",
    {
        "model None": chat(model=None, messages=MESSAGES),
        "model empty": chat(model="", messages=MESSAGES),
        "no model": chat(messages=MESSAGES),
        "no messages": chat(model="m"),
        "messages empty": chat(model="m", messages=[]),
        "messages None": chat(model="m", messages=None),
        "messages a text": chat(model="m", messages="Hi"),
        "messages a tuple": chat(model="m", messages=tuple(MESSAGES)),
        "messages a dict's values": chat(model="m", messages=dict(enumerate(MESSAGES)).values()),
        "messages of texts": chat(model="m", messages=["Hi"]),
        "an unknown keyword": chat(model="m", messages=MESSAGES, colour="red"),
        "embedding, model None": lambda client: client.embeddings.create(model=None, input="x"),
        "embedding, no model": lambda client: client.embeddings.create(input="x"),
        "embedding, unknown keyword": lambda client: client.embeddings.create(
            model="m", input="x", colour="red"
        ),
        "text, model empty": lambda client: client.completions.create(model="", prompt="x"),
        "responses, model None": lambda client: client.responses.create(model=None, input="x"),
        "messages and more empty": chat(model="m", messages=[], tools=[], stop=[], metadata={}),
        "no role": chat(model="m", messages=[{"content": "Hi"}]),
        "no content": chat(model="m", messages=[{"role": "assistant"}]),
        "n 0, no tokens": chat(model="m", messages=MESSAGES, n=0, max_tokens=0),
        "a stream of nothing": lambda c: list(chat(model="m", messages=[], stream=True)(c)),
        "embedding of nothing": lambda client: client.embeddings.create(model="m", input=[]),
        "embedding of an empty text": lambda c: c.embeddings.create(model="m", input=""),
        "embedding of tokens": lambda c: c.embeddings.create(model="m", input=[[1, 2], [3]]),
        "text, prompt empty": lambda client: client.completions.create(model="m", prompt=""),
        "text, prompts empty": lambda client: client.completions.create(model="m", prompt=[]),
        "text, prompt None": lambda client: client.completions.create(model="m", prompt=None),
        "responses of nothing": lambda c: c.responses.create(model="m", input=[]),
        "responses, input empty": lambda c: c.responses.create(model="m", input=""),
        "responses, no input": lambda c: c.responses.create(model="m", prompt={"id": "p"}),
        "moderation of nothing": lambda client: client.moderations.create(input=[]),
        "image, prompt empty": lambda client: client.images.generate(prompt=""),
        "speech, no voice": lambda client: client.audio.speech.create(model="m", input="x"),
    }.items(),
    ids=lambda item: item[0],
)
def test_the_sdks_rules_of_a_call(asked: tuple[str, Asked], wire: Wire) -> None:
    both(asked[1], wire)


def test_messages_may_come_from_a_generator(wire: Wire) -> None:
    both(lambda client: chat(model="m", messages=(m for m in MESSAGES))(client), wire)
    llm_router.chat_completion("openai/m", (m for m in MESSAGES))
    llm_router.chat_completion("groq/m", iter(MESSAGES), api_key="k", api_base=wire.url)
    assert [sent["messages"] for sent in wire.take()] == [MESSAGES] * 2


@pytest.mark.parametrize("name", ["kwargs", "params", "anything"])
def test_a_wrapper_of_an_sdk_method_may_take_all(
    name: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, list[Any]] = {"seen": []}
    places: dict[str, Any] = {"real": openai.resources.chat.completions.Completions.create}
    exec(  # the name of the catch-all is what varies
        f"def create(self, **{name}):\n    seen.append({name})\n    return real(self, **{name})",
        places | seen,
        places,
    )
    monkeypatch.setattr(openai.resources.chat.completions.Completions, "create", places["create"])
    llm_router.Client().chat.completions.create(model="m", messages=MESSAGES, temperature=0)
    assert wire.take()[0]["temperature"] == 0
    assert seen["seen"] == [{"model": "m", "messages": MESSAGES, "temperature": 0}]


@pytest.mark.parametrize(
    ("place", "asked"),
    [
        ("chat.completions.Completions.create", chat(model="m", messages=MESSAGES)),
        ("chat.completions.Completions.create", chat(model="m", messages=MESSAGES, stream=True)),
        ("embeddings.Embeddings.create", lambda c: c.embeddings.create(model="m", input="x")),
        ("completions.Completions.create", lambda c: c.completions.create(model="m", prompt="x")),
        ("responses.Responses.create", lambda c: c.responses.create(model="m", input="x")),
        ("images.Images.generate", lambda c: c.images.generate(prompt="x")),
        ("moderations.Moderations.create", lambda c: c.moderations.create(input="x")),
    ],
)
def test_an_instrumentation_sees_each_call_once(
    place: str, asked: Asked, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind: Any = functools.reduce(getattr, place.split(".")[:-1], openai.resources)
    name = place.rpartition(".")[2]
    real = getattr(kind, name)
    seen: list[str] = []

    @functools.wraps(real)
    def instrumented(*args: Any, **kwargs: Any) -> Any:
        seen.append(place)
        return real(*args, **kwargs)

    monkeypatch.setattr(kind, name, instrumented)
    asked(llm_router.Client())
    assert seen == [place]
    assert len(wire.take()) == 1


# --- keys and classes ---


@pytest.mark.parametrize("credential", ["token", "provider", "key", "token of the environment"])
@pytest.mark.parametrize("variable", ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY", "OPENAI_API_KEY"])
def test_azure_takes_no_key_of_the_environment_beside_a_credential(
    credential: str, variable: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "from-environment")
    credentials: dict[str, dict[str, Any]] = {
        "token": {"azure_ad_token": "tok"},
        "provider": {"azure_ad_token_provider": lambda: "tok"},
        "key": {"api_key": "given"},
    }
    settings = {"azure_endpoint": wire.origin, "api_version": "1"}
    settings |= credentials.get(credential, {})
    if credential.endswith("environment"):
        monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "tok")
    expected = both(chat(model="dep", messages=MESSAGES), wire, "AzureOpenAI", **settings)
    own = {k: v for k, v in settings.items() if k.startswith(("azure_ad", "api_key"))}
    with_the_module = functools.partial(
        llm_router.chat_completion, "azure/dep", MESSAGES, api_base=wire.origin, api_version="1"
    )
    assert outcome(lambda: with_the_module(**own), wire) == expected
    assert "from-environment" not in (expected[0][3]["authorization"] or "")


@pytest.mark.parametrize("missing", ["api_version", "azure_endpoint", "api_key"])
def test_what_azure_lacks_is_the_sdks_error(missing: str, wire: Wire) -> None:
    settings = {"azure_endpoint": wire.origin, "api_version": "1", "api_key": "k"}
    del settings[missing]
    error = both(chat(model="dep", messages=MESSAGES), wire, "AzureOpenAI", **settings)
    assert error[2] == []


@pytest.mark.parametrize(
    "key", ["", None, "sk-given", lambda: "sk-made"], ids=["empty", "none", "given", "made"]
)
def test_a_key_is_taken_as_the_sdk_takes_it(key: Any, wire: Wire) -> None:
    both(chat(model="m", messages=MESSAGES), wire, api_key=key)


def test_an_empty_key_in_the_environment(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")
    both(chat(model="m", messages=MESSAGES), wire)


def test_what_a_client_took_from_the_environment_stays(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-first")
    clients: list[Any] = [openai.OpenAI(), llm_router.Client()]
    monkeypatch.setenv("OPENAI_API_KEY", "sk-later")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-later")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    for client in clients:
        chat(model="m", messages=MESSAGES)(client)
        chat(model="m", messages=MESSAGES)(client.with_options(timeout=20))
    sent = [essence(one) for one in wire.take()]
    assert sent == [sent[0]] * 4
    assert sent[0][3]["authorization"] == "Bearer sk-env"


def test_a_class_derived_from_a_client(wire: Wire) -> None:
    class Team(llm_router.Client):
        def __init__(self, team: str, retries: int = 0, **settings: Any) -> None:
            super().__init__(max_retries=retries, **settings)
            self.team = team

        def ask(self) -> Any:
            return self.chat.completions.create(model=self.team, messages=MESSAGES)

    class AsyncTeam(llm_router.AsyncAzureClient):
        def __init__(self, team: str, **settings: Any) -> None:
            super().__init__(azure_endpoint=wire.origin, api_version="1", **settings)
            self.team = team

    with Team("red", api_key="sk-team") as team:
        team.ask()
        team.with_options(timeout=3).ask()
    azure = AsyncTeam("blue", api_key="k")
    asyncio.run(azure.chat.completions.create(model=azure.team, messages=MESSAGES))
    assert [sent["model"] for sent in wire.take()] == ["red", "red", "blue"]


def test_two_vendors_in_one_program_of_0_28(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm_router, "legacy", True)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    ask = functools.partial(llm_router.chat_completion, provider="openai", messages=MESSAGES)
    azure = {"api_type": "azure", "api_base": wire.origin, "api_version": "2023-05-15"}
    sdk = openai.AzureOpenAI(api_key="k", azure_endpoint=wire.origin, api_version="2023-05-15")
    sdk.chat.completions.create(model="m", messages=MESSAGES)
    repeats = "authorization" in wire.take()[0].headers  # the key, in some of the SDK's releases
    ask(engine="dep", api_key="az-key", **azure)
    ask(model="m", api_key="sk-two", api_base=f"{wire.origin}/v1", api_type="open_ai")
    ask(model="m")
    ask(engine="dep", api_key="token", **{**azure, "api_type": "azure_ad"})
    ask(engine="dep", api_type="azure", api_base=wire.origin)
    sent = wire.take()
    names = ("authorization", "api-key")
    assert [tuple(one.headers.get(name) for name in names) for one in sent] == [
        ("Bearer az-key" if repeats else None, "az-key"), ("Bearer sk-two", None),
        ("Bearer sk-env", None), ("Bearer token", None),
        ("Bearer sk-env" if repeats else None, "sk-env"),
    ]  # fmt: skip
    assert sent[4].query == {"api-version": "2023-05-15"}


# --- replies, streams and errors ---


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "no", "type": "t", "param": "p", "code": "c"}},
        {"error": {"message": "no"}},
        {"error": "no"},
        {"error": None},
        {"detail": "no"},
        {"detail": [{"msg": "no"}]},
        ["no"],
        b"no",
        b"",
    ],
    ids=repr,
)
@pytest.mark.parametrize("status", [400, 404, 429, 503])
def test_an_error_reads_as_the_sdks(status: int, body: Any, wire: Wire) -> None:
    wire.route = lambda _: Answer(status=status, body=body)
    seen = []
    for client in (openai.OpenAI(max_retries=0), llm_router.Client(max_retries=0)):
        with pytest.raises(openai.APIStatusError) as raised:
            chat(model="m", messages=MESSAGES)(client)
        error = raised.value
        seen.append(
            (type(error).__name__, str(error), repr(error), error.args, error.message, error.body)
        )
    assert seen[0] == seen[1]


def test_a_reply_reads_as_the_sdks(wire: Wire) -> None:
    def seen(client: Any) -> list[Any]:
        reply = chat(model="m", messages=MESSAGES)(client)
        message, usage = reply.choices[0].message, reply.usage
        as_dicts = [dict(message), list(message), dict(usage), sorted(dict(reply))]
        dumps = [usage.model_dump(), usage.to_json(), usage.model_dump(exclude_none=True)]
        return [*as_dicts, *dumps, repr(usage), str(message)]

    assert seen(openai.OpenAI()) == seen(llm_router.Client())


@pytest.mark.parametrize("text", ["abc", "\n\n\n\n", "ab"])
def test_a_stream_of_equal_chunks_is_not_cut(text: str, wire: Wire) -> None:
    count = litellm.REPEATED_STREAMING_CHUNK_LIMIT + 20
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    events = [*[{**CHUNK, "choices": [choice]}] * count, "data: [DONE]\n\n"]
    wire.route = lambda _: Answer(events=events)
    stream = llm_router.chat_completion("openai/m", MESSAGES, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == text * count

    async def collect() -> int:
        chunks = await llm_router.achat_completion("openai/m", MESSAGES, stream=True)
        return len([chunk async for chunk in chunks])

    assert asyncio.run(collect()) == count


# --- what LiteLLM's callbacks change ---


class Masking(litellm.integrations.custom_logger.CustomLogger):  # type: ignore[misc,name-defined]
    async def async_pre_call_deployment_hook(self, kwargs: dict[str, Any], _: Any) -> Any:
        changed = dict(kwargs)
        if "messages" in changed:
            changed["messages"] = [{"role": "user", "content": "***"}]
        if "input" in changed:
            changed["input"] = "***"
        changed.pop("tools", None)
        return changed


class Prompting(litellm.integrations.custom_logger.CustomLogger):  # type: ignore[misc,name-defined]
    def log_pre_api_call(self, model: str, messages: Any, kwargs: dict[str, Any]) -> None:
        request = kwargs["additional_args"].get("complete_input_dict")
        if isinstance(request, dict) and "messages" in request:
            request["messages"] = [{"role": "system", "content": "Rules."}, *request["messages"]]
            request["model"] = "other"


TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {}}}]


def test_a_guardrails_changes_reach_the_wire(wire: Wire, callbacks: list[Any]) -> None:
    callbacks.append(Masking())

    async def run() -> None:
        async with llm_router.AsyncClient() as client:
            await chat(model="m", messages=MESSAGES, tools=TOOLS, temperature=0)(client)
            stream = await chat(model="m", messages=MESSAGES, stream=True)(client)
            assert len([chunk async for chunk in stream]) == 4
            await client.responses.create(model="m", input="Hi", instructions="x")
            await client.embeddings.create(model="m", input="Hi")

    asyncio.run(run())
    masked = [{"role": "user", "content": "***"}]
    first, second, third, fourth = wire.take()
    assert first.body == {"messages": masked, "model": "m", "temperature": 0}
    assert second["messages"] == masked
    assert (third["input"], third["instructions"], fourth["input"]) == ("***", "x", "***")


def test_a_prompt_managers_changes_reach_the_wire(wire: Wire, callbacks: list[Any]) -> None:
    callbacks.append(Prompting())
    llm_router.Client().chat.completions.create(model="m", messages=MESSAGES)
    (sent,) = wire.take()
    assert (sent["model"], [m["role"] for m in sent["messages"]]) == ("other", ["system", "user"])


def test_callbacks_that_change_nothing_change_nothing(wire: Wire, callbacks: list[Any]) -> None:
    class Watching(litellm.integrations.custom_logger.CustomLogger):  # type: ignore[misc,name-defined]
        def log_pre_api_call(self, model: str, messages: Any, kwargs: dict[str, Any]) -> None:
            """Looks only."""

    callbacks.append(Watching())
    answer: Any = {"role": "assistant", "content": None, "tool_calls": [], "refusal": None}
    both(chat(model="m", messages=[*MESSAGES, answer, *MESSAGES], max_tokens=3, stop=None), wire)
    both(chat(model="o1", messages=MESSAGES, tools=TOOLS, temperature=0), wire)


@pytest.mark.process
def test_a_switch_that_has_no_effect_is_warned_about_once(wire: Wire) -> None:
    program = """
        import warnings
        from personalvibe import llm_router
        import litellm
        litellm.drop_params = True
        for _ in range(2):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                llm_router.chat_completion("openai/m", [{"role": "user", "content": "Hi"}])
            print(sum("litellm.drop_params" in str(warning.message) for warning in caught))
    """
    assert run(program).split() == ["1", "0"]


# --- what is printed ---


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.mark.process
def test_nothing_misleading_is_printed(wire: Wire) -> None:
    program = """
        import asyncio, logging, time
        logging.basicConfig(level=logging.WARNING)
        from personalvibe import llm_router

        messages = [{"role": "user", "content": "Hi"}]
        client = llm_router.Client()
        create = client.chat.completions.create
        create(model="gpt-5.1", messages=messages, reasoning_effort="xhigh")
        create(model="gpt-4o", messages=messages, reasoning_effort="minimal", temperature=0)
        create(model="my-own-model", messages=messages, user="u")
        usage = {"include_usage": True}
        list(create(model="mine", messages=messages, stream=True, stream_options=usage))
        client.responses.create(model="gpt-5.1", input="x", reasoning={"effort": "xhigh"})
        client.responses.create(model="gpt-4o", input="x", reasoning={"effort": "low"})
        list(client.responses.create(model="mine", input="x", stream=True))
        client.embeddings.create(model="my-embedding", input="x", dimensions=2)
        client.images.generate(model="my-image", prompt="x")
        client.audio.speech.create(model="my-speech", voice="alloy", input="x")
        client.moderations.create(input="x")
        async def main():
            async with llm_router.AsyncClient() as other:
                await other.chat.completions.create(
                    model="gpt-4o", messages=messages, reasoning_effort="low")
        asyncio.run(main())
    """
    assert run(program) == ""


@pytest.mark.process
def test_a_warning_of_litellm_about_another_provider_is_heard(wire: Wire) -> None:
    llm_router.chat_completion("openai/m", MESSAGES)  # LiteLLM's modules warn when they load
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        llm_router.chat_completion("openai/m", MESSAGES)
    program = """
        import logging
        from personalvibe import llm_router
        llm_router.chat_completion("openai/m", [{"role": "user", "content": "Hi"}])
        logging.getLogger("LiteLLM").warning("Dropping what another provider does not take")
    """
    assert "Dropping what another provider" in run(program)


# --- embeddings, which are read in another way ---


VECTORS = [[0.25, -0.5], [1.5, 3.25]]


def encoded(vector: list[float]) -> str:
    return base64.b64encode(struct.pack("<2f", *vector)).decode()


@pytest.mark.parametrize(
    "body",
    {
        "encoded": {
            "data": [
                {"object": "embedding", "index": i, "embedding": encoded(v)}
                for i, v in enumerate(VECTORS)
            ]
        },
        "numbers": {"data": [{"object": "embedding", "index": 0, "embedding": VECTORS[0]}]},
        "more fields": {"data": [{"object": "embedding", "index": 0, "embedding": [1], "x": 1}]},
        "fields missing": {"data": [{"embedding": [1.0]}]},
        "none": {"data": []},
        "null": {"data": None},
        "no data": {},
        "texts": {"data": ["x"]},
        "not base64": {"data": [{"object": "embedding", "index": 0, "embedding": "*"}]},
        "more beside": {
            "data": [{"object": "embedding", "index": 0, "embedding": [1.0]}],
            "y": {"z": 1},
        },
    }.items(),
    ids=lambda item: item[0],
)
@pytest.mark.parametrize("arguments", [{}, {"encoding_format": "base64"}, {"dimensions": 2}])
def test_embeddings_read_as_the_sdk_reads_them(
    body: tuple[str, Any], arguments: dict[str, Any], wire: Wire
) -> None:
    usage = {"prompt_tokens": 1, "total_tokens": 1, "detail": {"x": 1}}
    content = {"object": "list", "model": "m", "usage": usage, **body[1]}
    wire.route = lambda _: Answer(body=content, headers={"x-request-id": "req_9"})

    def seen(client: Any) -> Any:
        try:
            reply = client.embeddings.create(model="m", input=["a", "b"], **arguments)
        except Exception as error:
            return type(error).__name__, str(error)
        texts = [repr(reply), reply.to_json(), repr(dict(reply)), reply.model_dump_json()]
        return texts, reply._request_id, reply.model_dump(exclude_unset=True), copy.copy(reply)

    assert seen(llm_router.Client()) == seen(openai.OpenAI())


def test_embeddings_are_litellms_and_the_sdks(wire: Wire) -> None:
    reply = llm_router.embedding("openai/m", ["a", "b"])
    assert isinstance(reply, litellm.EmbeddingResponse)
    assert isinstance(reply.data[0], openai.types.Embedding)
    assert reply.data[1]["embedding"] == reply["data"][1].embedding == [0.25, -0.5]
    assert pickle.loads(pickle.dumps(reply)) == reply
    assert (
        reply._hidden_params["response_cost"] is not None
        or reply._hidden_params["model_id"] is None
    )
