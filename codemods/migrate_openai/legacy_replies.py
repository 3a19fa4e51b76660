"""A reply of openai 0.28 was a dictionary that printed itself as JSON; today's replies are not."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.migrate_openai.model import Edit
from codemods.migrate_openai.plan import Planner


def edits(planner: Planner, call: ast.Call) -> Iterator[Edit]:
    """What keeps ``json.dumps(reply)``, ``str(reply)`` and ``print(reply)`` working.

    Only where the name holds the reply of this call and nothing else.
    """
    if any(k.arg == "stream" or k.arg is None for k in call.keywords):
        return
    value: ast.expr = call
    parent = planner.parent(call)
    if isinstance(parent, ast.Await):
        value, parent = parent, planner.parent(parent)
    match parent:
        case ast.Assign(targets=[ast.Name(id=name)]) if parent.value is value:
            pass
        case _:
            return
    for node in planner.index.nodes:
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            bindings = planner.index.reaching(node)
            if len(bindings) == 1 and bindings[0].value is value and not bindings[0].path:
                yield from _use(planner, node)


def _use(planner: Planner, node: ast.Name) -> Iterator[Edit]:
    text = planner.text
    call = planner.parent(node)
    if not isinstance(call, ast.Call) or node not in call.args or not planner.is_placed(node):
        return
    match call.func:
        case ast.Attribute(value=ast.Name(id="json"), attr="dumps" | "dump") if (
            node is call.args[0]
        ):
            yield Edit(start=text.end(node), end=text.end(node), replacement=".to_dict()")
        case ast.Name(id="print"):
            yield Edit(start=text.end(node), end=text.end(node), replacement=".to_json()")
        case ast.Name(id="str") if len(call.args) == 1 and not call.keywords:
            yield Edit(
                start=text.start(call), end=text.end(call), replacement=f"{node.id}.to_json()"
            )
