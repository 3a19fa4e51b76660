"""What it costs to name something of the router: no more than the openai SDK did."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import openai  # noqa: TID251  # its names are the ones in question
import pydantic
import pytest

from personalvibe import llm_router

from .wire import loaded_litellm

LOADED = "\nimport sys; print(*(n for n in ('openai', 'litellm') if n in sys.modules))"
NAMED = {
    "from-import": "from personalvibe.llm_router import RateLimitError, NOT_GIVEN, Stream",
    "annotation": """
        from personalvibe import llm_router
        def ask(n: int | llm_router.NotGiven = llm_router.NOT_GIVEN) -> llm_router.ChatCompletion:
            ...
    """,
    "annotation of LiteLLM's": """
        import openai
        from typing import Optional
        from personalvibe import llm_router
        from personalvibe.llm_router import EmbeddingResponse, ModelResponseStream
        def ask(last: Optional[llm_router.ModelResponse]) -> llm_router.ImageResponse | None: ...
        def all(replies: list[EmbeddingResponse]) -> ModelResponseStream: ...
        assert not isinstance(None, (llm_router.ModelResponse, EmbeddingResponse))
    """,
    "except": """
        from personalvibe import llm_router
        try:
            raise KeyError
        except (llm_router.APIError, llm_router.APITimeoutError, KeyError):
            pass
    """,
    "decorator": """
        from personalvibe import llm_router
        def retried(*kinds):
            return lambda function: function
        @retried(llm_router.RateLimitError, llm_router.InternalServerError)
        def ask(): ...
    """,
    "base class": """
        from personalvibe import llm_router
        class Busy(llm_router.APIConnectionError): ...
    """,
}  # fmt: skip


def loaded(program: str, tmp_path: Path) -> list[str]:
    """Which of the two packages a module has loaded once it is imported."""
    lines = [line.removeprefix("        ") for line in program.splitlines()]
    (tmp_path / "program.py").write_text("\n".join(lines) + LOADED)
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.process
@pytest.mark.parametrize("program", NAMED.values(), ids=NAMED)
def test_naming_what_the_sdk_has_loads_the_sdk_alone(program: str, tmp_path: Path) -> None:
    assert loaded(program, tmp_path) == ["openai"]


@pytest.mark.process
@pytest.mark.parametrize(
    "program",
    [
        "from personalvibe.llm_router import Client as OpenAI",
        "from personalvibe.llm_router import AsyncClient, chat_completion, of, legacy_error",
        "from personalvibe import llm_router\n"
        "client = llm_router.Client(api_key='k', base_url='http://127.0.0.1:9', timeout=3)\n"
        "azure = llm_router.AsyncClient(azure_endpoint='http://127.0.0.1:9', api_version='1',"
        " api_key='k')\n"
        "ask = client.chat.completions.create",
    ],
    ids=["client", "functions", "clients made"],
)
def test_the_routers_own_names_and_clients_load_neither(program: str, tmp_path: Path) -> None:
    assert loaded(program, tmp_path) == []


@pytest.mark.process
def test_every_public_name_of_the_sdk_comes_without_litellm(tmp_path: Path) -> None:
    # Timeout is LiteLLM's exception; Client and the like are the router's own.
    names = [
        name
        for name in openai.__all__
        if (name[0].isupper() or name in ("omit", "not_given"))
        and name != "Timeout"
        and getattr(openai, name) is not None
    ]
    assert len(names) > 20
    program = f"""
        import openai
        from personalvibe import llm_router
        for name in {names!r}:
            if name not in vars(llm_router):
                assert getattr(llm_router, name) is getattr(openai, name), name
    """
    assert loaded(program, tmp_path) == ["openai"]


@pytest.mark.parametrize("name", ["completion", "acompletion", "batch_completion", "drop_params"])
def test_what_would_go_past_the_router_is_no_name_of_it(name: str) -> None:
    with pytest.raises(
        AttributeError, match=f"no attribute '{name}'; LiteLLM's own are in litellm"
    ):
        getattr(llm_router, name)


@pytest.mark.parametrize("name", ["drop_params", "num_retries", "set_verbose", "api_keys"])
def test_a_switch_that_the_router_does_not_have_cannot_be_set(name: str) -> None:
    with pytest.raises(AttributeError, match=f"no setting '{name}'"):
        setattr(llm_router, name, True)


def test_what_the_router_has_can_be_replaced_by_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("chat_completion", "api_key", "Client", "RateLimitError", "DEFAULT_MODEL"):
        with monkeypatch.context() as patched:
            patched.setattr(llm_router, name, "replaced")
            assert getattr(llm_router, name) == "replaced"
        assert getattr(llm_router, name) != "replaced"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ChatCompletion", openai.types.chat.ChatCompletion),
        ("ChatCompletionChunk", openai.types.chat.ChatCompletionChunk),
        ("CreateEmbeddingResponse", openai.types.CreateEmbeddingResponse),
        ("Embedding", openai.types.Embedding),
        ("Response", openai.types.responses.Response),
    ],
)
def test_the_sdks_types_of_replies_go_by_their_names(name: str, kind: type) -> None:
    assert getattr(llm_router, name) is kind


def test_a_reply_type_of_litellms_is_litellms_when_it_is_used() -> None:
    kind = llm_router.ModelResponse
    theirs: Any = loaded_litellm().ModelResponse
    assert kind is llm_router.ModelResponse
    made = kind(model="m")
    assert type(made) is theirs
    assert isinstance(made, kind)
    assert isinstance(openai.types.chat.ChatCompletion.model_construct(), kind)
    assert not isinstance(loaded_litellm().EmbeddingResponse(), kind)
    assert issubclass(theirs, kind)
    assert kind.model_fields.keys() == theirs.model_fields.keys()

    class Mine(kind):  # type: ignore[misc, valid-type]  # found at run time
        pass

    class Holder(pydantic.BaseModel):
        reply: kind  # type: ignore[valid-type]

    assert issubclass(Mine, theirs)
    assert Holder(reply=made).reply is made
