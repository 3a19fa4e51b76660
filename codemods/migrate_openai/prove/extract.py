"""A call cut out of its file, with its client and made-up arguments: a program of its own. Pure."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator

from codemods.migrate_openai.prove.model import CallSite
from codemods.migrate_openai.rules import CALLS, LEGACY_CALLS, Call

_MESSAGE = '{"role": "user", "content": "hello"}'
_FUNCTION = '{"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}'
_TOOL = f'{{"type": "function", "function": {_FUNCTION}}}'
# Keyword -> an expression of the right shape. Anything else is a short text.
_VALUES = (
    {
        "messages": f"[{_MESSAGE}]",
        "a message": _MESSAGE,
        "model": '"gpt-4o-mini"',
        "engine": '"gpt-4o-mini"',
        "deployment_id": '"gpt-4o-mini"',
        "input": '"hello"',
        "prompt": '"hello"',
        "instructions": '"be brief"',
        "voice": '"alloy"',
        "file": '("a.wav", b"RIFF")',
        "image": '("a.png", b"PNG")',
        "mask": '("m.png", b"PNG")',
        "tools": f"[{_TOOL}]",
        "a tool": _TOOL,
        "functions": f"[{_FUNCTION}]",
        "a function": _FUNCTION,
        "parameters": '{"type": "object", "properties": {}}',
        "tool_choice": '"auto"',
        "function_call": '"auto"',
        "response_format": '{"type": "text"}',
        "text_format": "_Model",
        "stop": '["stop"]',
        "stream": "True",
        "stream_options": '{"include_usage": True}',
        "size": '"1024x1024"',
        "response_id": '"resp_1"',
        "metadata": '{"a": "b"}',
        "extra_headers": '{"x-extra": "1"}',
        "extra_body": '{"extra": 1}',
        "extra_query": '{"extra": "1"}',
        "headers": '{"x-extra": "1"}',
        "default_headers": '{"x-default": "1"}',
        "default_query": '{"default": "1"}',
        "logit_bias": '{"50256": -100}',
        "base_url": '"https://gateway.example.com/v1"',
        "api_base": '"https://gateway.example.com/v1"',
        "azure_endpoint": '"https://unit.openai.azure.com"',
        "api_version": '"2024-10-21"',
        "azure_ad_token_provider": '(lambda: "text")',
        "azure_deployment": '"gpt-4o-mini"',
        "reasoning_effort": '"low"',
        "reasoning": '{"effort": "low"}',
        "encoding_format": '"float"',
        "temperature": "0.5",
        "top_p": "0.5",
        "presence_penalty": "0.5",
        "frequency_penalty": "0.5",
        "timeout": "30",
        "request_timeout": "30",
        "max_retries": "1",
    }
    | dict.fromkeys(
        ("max_tokens", "max_completion_tokens", "max_output_tokens", "n", "best_of", "seed"), "2"
    )
    | dict.fromkeys(("top_logprobs", "dimensions"), "3")
    | dict.fromkeys(("logprobs", "store", "parallel_tool_calls", "echo"), "True")
)
# What the SDK takes for a tool where it reads the reply by it.
_STRICT_FUNCTION = (
    '{"name": "f", "strict": True, "parameters": {"type": "object", "properties": {}, '
    '"required": [], "additionalProperties": False}}'
)
# What the items of a list are called, where they are more than a text.
_ITEMS = {"messages": "a message", "tools": "a tool", "functions": "a function"}
_STRICT_TOOL = f'{{"type": "function", "function": {_STRICT_FUNCTION}}}'
_FOR_PARSE = {
    "a function": _STRICT_FUNCTION,
    "a tool": _STRICT_TOOL,
    "tools": f"[{_STRICT_TOOL}]",
    "parameters": '{"type": "object", "properties": {}, "required": [], '
    '"additionalProperties": False}',
}
_REQUIRED = {
    "chat": ("model", "messages"),
    "ChatCompletion": ("model", "messages"),
    "completions": ("model", "prompt"),
    "Completion": ("model", "prompt"),
    "embeddings": ("model", "input"),
    "Embedding": ("model", "input"),
    "moderations": ("input",),
    "Moderation": ("input",),
    "images": ("prompt",),
    "Image": ("prompt",),
    "speech": ("model", "voice", "input"),
    "transcriptions": ("model", "file"),
    "translations": ("model", "file"),
    "Audio": ("model", "file"),
    "responses": ("model", "input"),
}
_PARSES = ("parse", "chat_completion_parse", "achat_completion_parse")
_CLIENTS = ("OpenAI", "AsyncOpenAI", "AzureOpenAI", "AsyncAzureOpenAI", "Client", "AsyncClient")
_TRANSPORT = '__import__("httpx").{}Client(headers={{"x-transport": "1"}})'
_PRELUDE = """\
import asyncio, inspect, json
from typing import Any
try:
    import pydantic
    class _Model(pydantic.BaseModel):
        name: str
except ImportError:
    pass
"""
_POSTLUDE = """
async def _arun(result):
    if inspect.isawaitable(result):
        result = await result
    if hasattr(result, "__aenter__"):
        async with result as stream:
            async for _ in stream:
                pass
    elif hasattr(result, "__aiter__"):
        async for _ in result:
            pass
def _run(result):
    if hasattr(result, "__enter__") and hasattr(result, "__iter__"):
        with result as stream:
            list(stream)
    elif hasattr(result, "__enter__"):
        with result as stream:
            list(stream)
    elif hasattr(result, "__next__") or type(result).__name__.endswith(("Stream", "Wrapper")):
        list(result)
"""


class UnfitError(Exception):
    """The call cannot be cut out. Its text says why."""


def extract(site: CallSite, old: str, new: str, router: str) -> tuple[str, str]:
    """The two programs. Raises `UnfitError`."""
    old_tree, new_tree = _inlined(ast.parse(old)), _inlined(ast.parse(new))
    old_call = _call_at(old_tree, site.line, site.column)
    new_line = site.new_line or site.line
    if old_call is not None:
        new_call = _new_call(new_tree, new_line, old_tree, old_call)
    else:
        old_call = _handed_over(old_tree, site.line, site.column)
        new_call = _handed_over(new_tree, new_line, None)
    base, rule = _base(old_call)
    values = _Values(rule)
    before = values.filled(old_call, rule.positional, generate=True)
    after = values.filled(new_call, rule.positional, generate=False)
    waits = _waits(new_call.func, old_tree, base)
    old_client = _client(old_tree, base, values, waits=waits, legacy=rule.legacy)
    new_base = _new_base(new_call.func)
    # A client from another module that knows the provider: the call then names none.
    provider = _model(old_call) == _model(new_call) and "provider" not in _keywords(new_call)
    new_client = _new_client(
        new_tree, new_base, values, router, waits=waits, settings='provider="openai"' * provider
    )
    return (
        _program(old_tree, "openai", old_client, base, before, waits),
        _program(new_tree, router, new_client, new_base, after, waits),
    )


def _inlined(tree: ast.Module) -> ast.Module:
    """``create = client.chat.completions.create`` put where ``create`` is called."""
    methods: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _method(node.value) is not None:
            for target in node.targets:
                methods.setdefault(ast.unparse(target), []).append(node.value)
    for call in list(_calls(tree)) if methods else ():
        found = methods.get(ast.unparse(call.func), [])
        if len(found) == 1:
            value = found[0]
            if isinstance(value, ast.Call):
                call.keywords = [*value.keywords, *call.keywords]
            method = _method(value)
            assert method is not None
            call.func = copy.deepcopy(method)  # it has one parent: see _handed_over
    return tree


def _method(value: ast.expr) -> ast.Attribute | None:
    """The method of the SDK or of the router that a value is, with arguments bound or without."""
    if isinstance(value, ast.Call) and ast.unparse(value.func).endswith("partial"):
        value = value.args[0] if len(value.args) == 1 else value
    return value if isinstance(value, ast.Attribute) and _is_router(value) else None


def _keywords(call: ast.Call) -> dict[str | None, ast.expr]:
    return {keyword.arg: keyword.value for keyword in call.keywords}


def _model(call: ast.Call) -> str | None:
    model = _keywords(call).get("model")
    return None if model is None else ast.unparse(model)


def _waits(func: ast.expr, old_tree: ast.AST, base: ast.expr) -> bool:
    """Is the call asynchronous?"""
    if isinstance(func, ast.Attribute) and func.attr in _FUNCTIONS:
        return func.attr in _ASYNC
    made = (ast.unparse(call.func) for call in _constructions(old_tree, base))
    return any(name.rpartition(".")[2].startswith("Async") for name in made)


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _call_at(tree: ast.AST, line: int, column: int) -> ast.Call | None:
    found = [
        call
        for call in _calls(tree)
        if call.lineno == line and call.col_offset == column - 1 and _known(call)
    ]
    return min(found, key=lambda c: (c.end_lineno or 0, c.end_col_offset or 0), default=None)


# They call what they are given first with the arguments that follow.
_FORWARDERS = ("partial", "partialmethod", "submit", "to_thread", "apply_async")


def _handed_over(tree: ast.AST, line: int, column: int | None) -> ast.Call:
    """A method that is named without being called, called with what a call of it needs.

    ``column``: where it begins in the old code; None for the router's in its place.
    """
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    more = ast.keyword(arg=None, value=ast.Name(id="_needed", ctx=ast.Load()))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or node.lineno != line:
            continue
        if column is not None and (node.col_offset != column - 1 or _spelling(node) is None):
            continue
        parent = parents[node]
        if not _is_router(node) or (isinstance(parent, ast.Call) and parent.func is node):
            continue
        if isinstance(parent, ast.Call) and parent.args[:1] == [node]:
            name = ast.unparse(parent.func).rpartition(".")[2].lstrip("_")
            if name in _FORWARDERS:
                return ast.Call(func=node, args=parent.args[1:], keywords=[*parent.keywords, more])
        return ast.Call(func=node, args=[], keywords=[more])
    raise UnfitError("it is handed over uncalled, or chosen at run time")


def _known(call: ast.Call) -> bool:
    try:
        _base(call)
    except UnfitError:
        return False
    return True


def _new_call(tree: ast.AST, line: int, old_tree: ast.AST, old_call: ast.Call) -> ast.Call:
    """The call that took the old one's place: as many calls into its line, or as it is called."""
    router = _in_order(
        call
        for call in _calls(tree)
        if call.lineno == line and isinstance(call.func, ast.Attribute) and _is_router(call.func)
    )
    if not router:
        raise UnfitError("its new form was not found")
    mates = _in_order(
        call for call in _calls(old_tree) if call.lineno == old_call.lineno and _known(call)
    )
    if len(mates) == len(router):
        return router[mates.index(old_call)]
    names = {keyword.arg for keyword in old_call.keywords}
    return max(router, key=lambda call: len(names & {keyword.arg for keyword in call.keywords}))


def _in_order(calls: Iterable[ast.Call]) -> list[ast.Call]:
    return sorted(calls, key=lambda call: (call.lineno, call.col_offset))


def router_calls(tree: ast.AST, first: int, last: int) -> list[tuple[int, int]]:
    """Where calls of the router begin on some lines: line and column, in order."""
    return sorted(
        (call.lineno, call.col_offset)
        for call in _calls(tree)
        if first <= call.lineno <= last
        and any(
            isinstance(method, ast.Attribute) and _is_router(method)
            for method in (call.func, *call.args[:1])
        )
    )


_SYNC = {call.function.removeprefix("a") for call in [*CALLS.values(), *LEGACY_CALLS.values()]}
_ASYNC = {f"a{name}" for name in _SYNC}
_FUNCTIONS = _SYNC | _ASYNC


def _is_router(func: ast.Attribute) -> bool:
    return func.attr in _FUNCTIONS or _spelling(func) is not None


def _spelling(func: ast.expr) -> tuple[ast.expr, Call] | None:
    """(what the call is made on, the rule) for the SDK's spelling of a call."""
    text = ast.unparse(func)
    for table in (CALLS, LEGACY_CALLS):
        for sdk in sorted(table, key=len, reverse=True):
            for tail in (f".{sdk}", f".beta.{sdk}"):
                if text.endswith(tail):
                    return _without(func, tail.count(".")), table[sdk]
    return None


def _without(func: ast.expr, attributes: int) -> ast.expr:
    for _ in range(attributes):
        assert isinstance(func, ast.Attribute)
        func = func.value
    return func


def _base(call: ast.Call) -> tuple[ast.expr, Call]:
    found = _spelling(call.func)
    if found is None:
        raise UnfitError("its form is not one that can be cut out")
    return found


def _new_base(func: ast.expr) -> ast.expr:
    found = _spelling(func)
    if found is not None and not (isinstance(func, ast.Attribute) and func.attr in _FUNCTIONS):
        return found[0]
    assert isinstance(func, ast.Attribute)
    return func.value


class _Values:
    """The same made-up value for the same expression, in the old call and in the new one."""

    def __init__(self, rule: Call) -> None:
        self._known: dict[str, str] = {}
        self._rule = rule

    def filled(self, call: ast.Call, positional: tuple[str, ...], *, generate: bool) -> ast.Call:
        """The call with every expression that needs the rest of the program replaced."""
        args = []
        for index, value in enumerate(call.args):
            if isinstance(value, ast.Starred):
                continue  # as if the list were empty, on both sides
            name = positional[index] if index < len(positional) else ""
            args.append(self._value(value, name, whole=True, generate=generate))
        names = {keyword.arg for keyword in call.keywords} | set(positional[: len(args)])
        keywords = []
        for keyword in call.keywords:
            if keyword.arg is None:
                keywords.append(self._spread(keyword, names, generate))
                continue
            value = self._value(keyword.value, keyword.arg, whole=True, generate=generate)
            keywords.append(ast.keyword(arg=keyword.arg, value=value))
        return ast.Call(func=call.func, args=args, keywords=keywords)

    def construction(self, call: ast.Call, *, generate: bool) -> ast.Call:
        # What is spread into a client is something else than what is spread into a call.
        plain = [keyword for keyword in call.keywords if keyword.arg is not None]
        bare = ast.Call(func=call.func, args=call.args, keywords=plain)
        filled = self.filled(bare, (), generate=generate)
        name = ast.unparse(call.func).rpartition(".")[2]
        for keyword in filled.keywords:
            if keyword.arg == "http_client":
                keyword.value = _expression(_TRANSPORT.format("Async" * name.startswith("Async")))
        return filled

    def _spread(self, keyword: ast.keyword, names: set[str | None], generate: bool) -> ast.keyword:
        text = ast.unparse(keyword.value)
        if text not in self._known:
            if not generate:
                raise UnfitError(f"**{text} is new")
            kind = next((k for k in _REQUIRED if k in self._rule.sdk.split(".")), "")
            given = [name for name in _REQUIRED.get(kind, ()) if name not in names]
            pairs = ", ".join(f'"{name}": {_VALUES[name]}' for name in given)
            self._known[text] = f"{{{pairs}}}"
        return ast.keyword(arg=None, value=_expression(self._known[text]))

    def _value(self, value: ast.expr, name: str, *, whole: bool, generate: bool) -> ast.expr:
        if isinstance(value, ast.Constant):
            return value
        if isinstance(value, ast.List | ast.Tuple) and not any(
            isinstance(item, ast.Starred) for item in value.elts
        ):
            kind = _ITEMS.get(name, "")
            items = [self._value(i, kind, whole=bool(kind), generate=generate) for i in value.elts]
            return ast.List(elts=items, ctx=ast.Load())
        if isinstance(value, ast.Dict) and None not in value.keys:
            keys = [self._value(k, "", whole=False, generate=generate) for k in value.keys if k]
            items = [
                self._value(item, kind, whole=bool(kind), generate=generate)
                for kind, item in zip(map(_kind_of, keys), value.values, strict=True)
            ]
            return ast.Dict(keys=list(keys), values=items)
        if isinstance(value, ast.UnaryOp) and isinstance(value.operand, ast.Constant):
            return value
        text = ast.unparse(value)
        if text not in self._known:
            if not generate:
                raise UnfitError(f"{text} is new")
            self._known[text] = self._made_up(value, name if whole else "")
        return _expression(self._known[text])

    def _made_up(self, value: ast.expr, name: str) -> str:
        if name == "response_format" and (
            self._rule.sdk.endswith(_PARSES) or ast.unparse(value)[:1].isupper()
        ):
            return "_Model"
        if self._rule.sdk.endswith(_PARSES):
            return _FOR_PARSE.get(name, _VALUES.get(name, '"text"'))
        return _VALUES.get(name, '"text"')


def _kind_of(key: ast.expr) -> str:
    """What stands under a key, where it is more than a text."""
    kinds = {"function": "a function", "parameters": "parameters", "schema": "parameters"}
    return kinds.get(str(key.value), "") if isinstance(key, ast.Constant) else ""


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _imports(tree: ast.Module, wanted: str) -> Iterator[str]:
    """The imports of a package, wherever they stand, without a module's own relative ones."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [n for n in node.names if _within(n.name, wanted)]
            if names:
                yield ast.unparse(ast.Import(names=names))
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            paths = [f"{node.module}.{n.name}" for n in node.names]
            if _within(node.module, wanted) or any(_within(path, wanted) for path in paths):
                yield ast.unparse(node)


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _constructions(tree: ast.AST, base: ast.expr) -> Iterator[ast.Call]:
    """What a file assigns to the receiver of a call, where that makes a client."""
    text = ast.unparse(base)
    if isinstance(base, ast.Call):
        yield base
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        for target in targets:
            value = node.value  # type: ignore[attr-defined]
            if isinstance(value, ast.Call) and ast.unparse(target) == text and _makes(value):
                yield value


def _makes(call: ast.Call) -> bool:
    return ast.unparse(call.func).rpartition(".")[2] in _CLIENTS


def _client(
    tree: ast.AST, base: ast.expr, values: _Values, *, waits: bool, legacy: bool
) -> ast.expr | None:
    """The construction of the old client; None where the module itself is called."""
    if isinstance(base, ast.Name) and _is_module(tree, base.id, "openai"):
        return None
    if legacy:
        raise UnfitError("its receiver is not the openai module")
    for call in _constructions(tree, base):
        if _makes(call):
            return values.construction(call, generate=True)
    return _expression('__import__("openai").' + ("AsyncOpenAI()" if waits else "OpenAI()"))


def _new_client(
    tree: ast.AST, base: ast.expr, values: _Values, router: str, *, waits: bool, settings: str
) -> ast.expr | None:
    if isinstance(base, ast.Name) and _is_module(tree, base.id, router):
        return None
    for call in _constructions(tree, base):
        if _makes(call):
            return values.construction(call, generate=False)
    name = "AsyncClient" if waits else "Client"
    return _expression(f'__import__("importlib").import_module("{router}").{name}({settings})')


def _is_module(tree: ast.AST, name: str, module: str) -> bool:
    package, _, last = module.rpartition(".")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            if any((n.asname or n.name) == name and n.name == module for n in node.names):
                return True
        elif (
            isinstance(node, ast.ImportFrom)
            and (node.module, node.level) == (package, 0)
            and any((n.asname or n.name) == name and n.name == last for n in node.names)
        ):
            return True
    return False


class _Swap(ast.NodeTransformer):
    """The receiver of a call, replaced by ``_client``."""

    def __init__(self, base: ast.expr) -> None:
        self._text = ast.unparse(base)

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr) and ast.unparse(node) == self._text:
            return ast.Name(id="_client", ctx=ast.Load())
        return self.generic_visit(node)


def _program(
    tree: ast.Module,
    package: str,
    client: ast.expr | None,
    base: ast.expr,
    call: ast.Call,
    waits: bool,
) -> str:
    lines = [_PRELUDE, *dict.fromkeys(_imports(tree, package)), _POSTLUDE]
    if client is not None:
        lines.append(f"_client = {ast.unparse(client)}")
        func = _Swap(base).visit(ast.parse(ast.unparse(call.func), mode="eval").body)
        assert isinstance(func, ast.expr)
        call = ast.Call(func=func, args=call.args, keywords=call.keywords)
    text = ast.unparse(ast.fix_missing_locations(call))
    if waits:
        lines.append(f"async def _main():\n    await _arun({text})\nasyncio.run(_main())")
    else:
        lines.append(f"_run({text})")
    return "\n".join(lines) + "\n"
