"""The programs on the page of every rule, and the registry itself."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from codemods.migrate_openai.model import FileResult
from codemods.migrate_openai.rules import CALLS, LEGACY_CALLS, RULES
from codemods.migrate_openai.rules.reasons import REASONS

from .conftest import rule_examples


@pytest.mark.parametrize(("rule", "before", "after"), list(rule_examples()))
def test_the_programs_on_a_page(
    rule: str,
    before: str,
    after: str,
    check_transformed: Callable[..., FileResult],
    check_noop: Callable[..., FileResult],
) -> None:
    result = check_noop(before) if before == after else check_transformed(before, after)
    assert rule in {finding.rule for finding in result.findings}
    for finding in result.findings:
        assert finding.rule in RULES
        assert finding.kind == RULES[finding.rule].kind
        assert (finding.status == "left") == bool(finding.reason)
        assert not finding.reason or finding.reason in REASONS


def test_ids_are_stable() -> None:
    assert all(re.fullmatch(r"MOA\d{3}", rule) for rule in RULES)
    assert set(RULES) >= {"MOA101", "MOA104", "MOA201", "MOA301", "MOA401", "MOA901"}


SETTINGS = "timeout=5"
OLD_HEADER = """\
from personalvibe import llm_router

llm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28

"""


@pytest.mark.parametrize("path", sorted(CALLS))
def test_every_call_of_a_client(path: str, check_transformed: Callable[..., FileResult]) -> None:
    call = CALLS[path]
    model = 'model="m", ' if call.has_model else ""
    new_model = 'model="openai/m", ' if call.has_model else ""
    check_transformed(
        f"from openai import OpenAI\n\nclient = OpenAI()\nx = client.{path}({model}a=1)\n",
        f"from personalvibe import llm_router\n\nx = llm_router.{call.function}({new_model}a=1)\n",
    )
    check_transformed(
        f"from openai import AsyncOpenAI\n\nclient = AsyncOpenAI({SETTINGS})\n"
        f"async def f():\n    return client.{path}({model}a=1)\n",
        "from personalvibe import llm_router\n\n"
        f"client = llm_router.AsyncClient({SETTINGS})\n"
        f"async def f():\n    return client.a{call.function}({new_model}a=1)\n",
    )
    check_transformed(
        f"import openai\n\nx = openai.{path}({model}a=1)\n",
        f"from personalvibe import llm_router\n\nx = llm_router.{call.function}({new_model}a=1)\n",
    )


@pytest.mark.parametrize("path", sorted(LEGACY_CALLS))
def test_every_call_of_the_old_module(
    path: str, check_transformed: Callable[..., FileResult]
) -> None:
    function, has_model = LEGACY_CALLS[path].function, LEGACY_CALLS[path].has_model
    prefix, provider = ("openai/", 'provider="openai", ') if has_model else ("", "")
    check_transformed(
        f'import openai\n\nx = openai.{path}(engine="m", request_timeout=3, headers=h)\n',
        f'{OLD_HEADER}x = llm_router.{function}(model="{prefix}m", timeout=3, extra_headers=h)\n',
    )
    resource, _, verb = path.partition(".")
    check_transformed(
        f"from openai import {resource} as R\n\nx = R.{verb}(**options)\n",
        f"{OLD_HEADER}x = llm_router.{function}({provider}**options)\n",
    )
