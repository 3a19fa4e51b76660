"""The import statements: what is not read any more goes, the router comes in its place."""

from __future__ import annotations

import ast
import bisect
import sys

from codemods.migrate_openai.flow.scopes import Binding, Scope
from codemods.migrate_openai.flow.signatures import called_name
from codemods.migrate_openai.flow.terms import Sdk
from codemods.migrate_openai.model import Edit
from codemods.migrate_openai.plan.planner import Planner
from codemods.migrate_openai.rewrite.text import is_alone, removal
from codemods.migrate_openai.rules.sdk_names import LEGACY_MODULES

LEFT = "MOA901"
TYPE = "MOA403"
_LEGACY = "{}.legacy = True  # no retries, replies are dictionaries: as openai 0.28"
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Imports:
    """Run last: it looks at what the other edits leave."""

    def __init__(self, planner: Planner) -> None:
        self.p = planner
        self._whole: set[ast.stmt] = set()
        self._inserted: dict[int, Edit] = {}
        self.spans = sorted((e.start, e.end) for e in planner.plan.edits if e.end > e.start)

    def run(self) -> None:
        removable = self._removable() if self.p.plan.edits else {}
        self._report_types({a for aliases in removable.values() for a in aliases})
        if not self.p.plan.edits:
            return
        self._whole = {s for s, aliases in removable.items() if len(aliases) == len(_names(s))}
        needs_router = bool(self.p.plan.router_names) and not self.p.router_bound
        needs_functools = self.p.plan.needs_partial
        self._edit(removable, needs_router, needs_functools)

    def _report_types(self, removed: set[ast.alias]) -> None:
        """Types of the SDK that stay: one finding for each name imported."""
        for scope in self.p.index.own_scope.values():
            for bindings in scope.bindings.values():
                for binding in bindings:
                    alias = binding.node
                    if not isinstance(alias, ast.alias) or alias in removed:
                        continue
                    terms = self.p.evaluator.binding(binding)
                    imported = [t.name for t in terms if isinstance(t, Sdk)]
                    if any(name.startswith("openai.types") for name in imported):
                        self.p.left(TYPE, alias, "type")
                    elif any(name.startswith(LEGACY_MODULES) for name in imported):
                        self.p.left(LEFT, alias, "no-counterpart", f"of 0.28 only: {imported[0]}")

    # -- what is not read any more

    def _removable(self) -> dict[ast.stmt, list[ast.alias]]:
        found: dict[ast.stmt, list[ast.alias]] = {}
        loads = self._remaining_loads()
        unread: set[ast.alias] = set()
        for scope in self.p.index.own_scope.values():
            for name, bindings in scope.bindings.items():
                for binding in bindings:
                    if self._is_openai(binding) and not loads & {(scope, name), binding.node}:
                        statement = self.p.index.parents[binding.node]
                        assert isinstance(statement, ast.stmt)
                        assert isinstance(binding.node, ast.alias)
                        if not self._is_reexported(scope, name, binding):
                            found.setdefault(statement, []).append(binding.node)
                            if (scope, name) not in self._read:
                                unread.add(binding.node)
        for statement, aliases in list(found.items()):
            if len(aliases) < len(_names(statement)) or self._is_probe(statement):
                # A name that was idle before stays beside the names that stay, and in a try,
                # which asks whether it is there.
                found[statement] = [a for a in aliases if a not in unread]
        return {statement: aliases for statement, aliases in found.items() if aliases}

    def _is_probe(self, statement: ast.stmt) -> bool:
        outer = self.p.parent(statement)
        return isinstance(outer, ast.Try) and statement in outer.body

    def _is_openai(self, binding: Binding) -> bool:
        if binding.kind != "import":
            return False
        terms = self.p.evaluator.binding(binding)
        return any(isinstance(t, Sdk) for t in terms)

    def _is_reexported(self, scope: Scope, name: str, binding: Binding) -> bool:
        if scope.parent is not None:
            return False
        if name in self.p.view.wanted or name in self.p.analysis.parsed.hidden:
            return True
        alias = binding.node
        assert isinstance(alias, ast.alias)
        if alias.asname is not None and alias.asname == alias.name:
            return True
        listed = any(
            isinstance(b.value, (ast.List, ast.Tuple))
            and any(isinstance(e, ast.Constant) and e.value == name for e in b.value.elts)
            for b in self.p.index.module.bindings.get("__all__", [])
        )
        if listed:
            return True
        return (scope, name) not in self._read and self.p.facts.path.endswith("__init__.py")

    def _remaining_loads(self) -> set[tuple[Scope, str] | ast.AST]:
        """The bindings that are read, and (scope, name) where it may be any of that name."""
        found: set[tuple[Scope, str] | ast.AST] = set()
        self._read: set[tuple[Scope, str]] = set()
        for node in self.p.index.nodes:
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
                owner = self.p.index.owner_of(node.id, self.p.scope(node))
                if owner is None:
                    continue
                self._read.add((owner, node.id))
                if not self._is_covered(self.p.text.start(node)) or not self.p.is_placed(node):
                    reaching = self.p.index.reaching(node)
                    found |= {b.node for b in reaching} or {(owner, node.id)}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._string(node, found)
        return found

    def _string(self, node: ast.Constant, found: set[tuple[Scope, str] | ast.AST]) -> None:
        """A name in a string annotation counts as read."""
        if not isinstance(node.value, str) or len(node.value) > 200:
            return
        if not (self.p.is_annotation(node) or self._is_cast(node)):
            return
        if self._is_touched(self.p.text.start(node), self.p.text.end(node)):
            return
        try:
            tree = ast.parse(node.value.strip(), mode="eval")
        except (SyntaxError, ValueError):
            return
        for child in ast.walk(tree):
            if isinstance(child, ast.Name):
                owner = self.p.index.owner_of(child.id, self.p.scope(node))
                if owner is not None:
                    found.add((owner, child.id))

    def _is_cast(self, node: ast.Constant) -> bool:
        parent = self.p.parent(node)
        return (
            isinstance(parent, ast.Call)
            and parent.args[:1] == [node]
            and called_name(parent.func) == "cast"
        )

    def _is_covered(self, offset: int) -> bool:
        index = bisect.bisect_right(self.spans, (offset, len(self.p.text.text) + 1)) - 1
        return index >= 0 and self.spans[index][0] <= offset < self.spans[index][1]

    def _is_touched(self, start: int, end: int) -> bool:
        return any(s < end and e > start for s, e in self.spans)

    # -- edits

    def _edit(
        self, removable: dict[ast.stmt, list[ast.alias]], needs_router: bool, functools: bool
    ) -> None:
        statement = self._statement()
        lines = (["import functools"] if functools else []) + ([statement] if needs_router else [])
        module = self.p.index.module
        inner = sorted(
            (s for s in removable if self.p.scope(s) is not module), key=self.p.text.start
        )
        everywhere = self._wanted_outside(inner)
        anchor = self._anchor(inner, everywhere) if lines else None
        placed_inner: set[ast.stmt] = set()
        if anchor is None and lines and not everywhere:
            # Lazy imports stay lazy: each function gets its own.
            placed_inner = set(self._first_of_each_function(inner))
        old = needs_router and self.p.plan.legacy
        setting = [_LEGACY.format(self.p.router)] if old else []
        again = self._tried_again(anchor, removable)
        hollow = self._hollow({*placed_inner, anchor})
        for node, aliases in self._idle(hollow).items():
            removable[node] = removable.get(node, []) + aliases
            if len(removable[node]) == len(_names(node)):
                self._whole.add(node)
        for node, aliases in removable.items():
            if any(node in set(ast.walk(outer)) for outer in hollow):
                continue
            new = lines if node is anchor or node in placed_inner | again else []
            self._drop(node, aliases, new)
        if lines and anchor is not None and anchor not in removable:
            self._insert_behind(anchor, self._set_off(anchor, lines))
        if lines and anchor is None and not placed_inner:
            self._insert_at_top([*lines, *setting])
            return
        for place in placed_inner or ([anchor] if anchor is not None else []):
            last = self._end_of_imports(place)
            blank = self._separator(last) in {"\n", "\r\n"}
            self._insert_behind(last, ["", *setting] if blank and setting else setting)

    def _statement(self) -> str:
        package, _, module = self.p.options.router.rpartition(".")
        name = self.p.router
        alias = "" if name == module else f" as {name}"
        return f"from {package} import {module}{alias}" if package else f"import {module}{alias}"

    def _set_off(self, anchor: ast.stmt, lines: list[str]) -> list[str]:
        """A blank line comes first where the standard library's imports end in one."""
        text = self.p.text
        module = getattr(anchor, "module", None) or _names(anchor)[0].name
        below = (anchor.end_lineno or anchor.lineno) + 1
        set_off = (
            module.split(".")[0] in sys.stdlib_module_names
            and self._separator(anchor) in {"\n", "\r\n"}
            and text.line_span(below - 1)[1] < len(text.text)
            and not text.line(below).strip()
        )
        return ["", *lines] if set_off else lines

    def _end_of_imports(self, statement: ast.stmt) -> ast.stmt:
        """The last import of the block that an import statement stands in."""
        parent = self.p.parent(statement)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(parent, name, None)
            if isinstance(block, list) and statement in block:
                last = statement
                for following in block[block.index(statement) + 1 :]:
                    if not isinstance(following, (ast.Import, ast.ImportFrom)):
                        break
                    if following not in self._whole and self._separator(following) != "; ":
                        last = following
                return last
        return statement

    def _hollow(self, kept: set[ast.stmt | None]) -> list[ast.stmt]:
        """Take away each try and if that held nothing but imports which go."""
        found: list[ast.stmt] = []
        for node in self.p.index.nodes:
            if not isinstance(node, (ast.Try, ast.If)):
                continue
            if "#" in self.p.text.of(node) or self.p.text.of(node).startswith("elif"):
                continue
            blocks = [node.body, node.orelse]
            if isinstance(node, ast.Try):
                blocks += [node.finalbody, *(handler.body for handler in node.handlers)]
            statements = [statement for block in blocks for statement in block]
            if (
                any(s in self._whole for s in statements)
                and not kept & set(statements)
                and all(s in self._whole or isinstance(s, ast.Pass) for s in statements)
            ):
                found.append(node)
                edit = removal(self.p.text, node, only_child=self._is_only_child(node))
                self.p.plan.edits = [
                    e
                    for e in self.p.plan.edits
                    if not (edit.start <= e.start and e.end <= edit.end)
                ]
                self.p.plan.edits.append(edit)
        return found

    def _idle(self, hollow: list[ast.stmt]) -> dict[ast.stmt, list[ast.alias]]:
        """Imports that only served what is taken away: ``TYPE_CHECKING``."""
        gone = {node for statement in hollow for node in ast.walk(statement)}
        names = {
            node.id
            for node in gone
            if isinstance(node, ast.Name) and "TYPE_CHECKING" in ast.dump(self.p.parent(node))
        }
        module = self.p.index.module
        found: dict[ast.stmt, list[ast.alias]] = {}
        for name in names:
            if any(
                isinstance(node, ast.Name) and node.id == name and node not in gone
                for node in self.p.index.nodes
            ):
                continue
            for binding in module.bindings.get(name, []):
                statement = self.p.index.parents[binding.node]
                if (
                    isinstance(binding.node, ast.alias)
                    and isinstance(statement, ast.stmt)
                    and not self._is_reexported(module, name, binding)
                ):
                    found.setdefault(statement, []).append(binding.node)
        return found

    def _tried_again(
        self, anchor: ast.stmt | None, removable: dict[ast.stmt, list[ast.alias]]
    ) -> set[ast.stmt]:
        """Imports in the except clauses of the try that the router's import stands in."""
        outer = self.p.parent(anchor) if anchor is not None else None
        if not isinstance(outer, ast.Try) or anchor not in outer.body:
            return set()
        clauses = {part for handler in outer.handlers for part in ast.walk(handler)}
        return {statement for statement in removable if statement in clauses}

    def _wanted_outside(self, inner: list[ast.stmt]) -> bool:
        """Is the router named anywhere that no function-level import of openai covers?"""
        covered = [self._reach(statement) for statement in inner]
        return any(
            not any(start <= at < end for start, end in covered)
            for at, _ in self.p.plan.router_names
        )

    def _reach(self, statement: ast.stmt) -> tuple[int, int]:
        """Where the name is bound for sure: from the import to the end of its branch."""
        inside: ast.AST = statement
        outer = self.p.parent(inside)
        while isinstance(outer, (ast.Try, ast.With, ast.AsyncWith)) and inside in outer.body:
            inside, outer = outer, self.p.parent(outer)
        blocks = (getattr(outer, name, None) for name in ("body", "orelse", "finalbody"))
        block = next(b for b in blocks if isinstance(b, list) and inside in b)
        return self.p.text.start(statement), self.p.text.end(block[-1])

    def _first_of_each_function(self, inner: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        spans: list[tuple[int, int]] = []
        for statement in inner:
            start, end = self._reach(statement)
            if any(s <= start and end <= e for s, e in spans):
                continue
            if any(start <= at < end for at, _ in self.p.plan.router_names):
                found.append(statement)
                spans.append((start, end))
        return found

    def _anchor(self, inner: list[ast.stmt], everywhere: bool) -> ast.stmt | None:
        """The module-level import statement that the router's import replaces or follows."""
        first_use = min(at for at, _ in self.p.plan.router_names or [(len(self.p.text.text), True)])
        runtime = any(needed for _, needed in self.p.plan.router_names)
        imports = [
            s
            for s in self.p.tree_imports()
            if self.p.text.start(s) < first_use and not self._is_conditional(s)
        ]
        ours = [s for s in imports if self._imports_openai(s) and self._surely_runs(s)]
        ours.sort(key=lambda s: (self._is_typing_only(s), self._is_tried(s)))
        if ours and not (runtime and self._is_typing_only(ours[0])):
            return ours[0]
        if inner and not everywhere:
            return None
        body = [
            s
            for s in imports
            if s in self.p.analysis.tree.body
            and not (isinstance(s, ast.ImportFrom) and s.module == "__future__")
        ]
        absolute = [s for s in body if not (isinstance(s, ast.ImportFrom) and s.level)]
        return next(reversed(absolute or body), None)

    def _imports_openai(self, statement: ast.stmt) -> bool:
        return any(
            any(isinstance(t, Sdk) for t in self.p.evaluator.binding(b))
            for bindings in self.p.index.module.bindings.values()
            for b in bindings
            if b.kind == "import" and self.p.index.parents[b.node] is statement
        )

    def _is_typing_only(self, statement: ast.stmt) -> bool:
        return any(
            isinstance(arm[0], ast.If) and "TYPE_CHECKING" in ast.dump(arm[0].test)
            for arm in self.p.index.arms.get(statement, ())
        )

    def _is_tried(self, statement: ast.stmt) -> bool:
        return any(
            isinstance(node, ast.Try) and name == "body"
            for node, name in self.p.index.arms.get(statement, ())
        )

    def _surely_runs(self, statement: ast.stmt) -> bool:
        """Does what stands in this import's place, or behind it, run whatever is installed?

        In a try, only where nothing before it and nothing left of it may fail.
        """
        parent = self.p.parent(statement)
        if not isinstance(parent, ast.Try) or statement not in parent.body:
            return True
        return statement is parent.body[0] and statement in self._whole

    def _is_conditional(self, statement: ast.stmt) -> bool:
        """In a branch that may not run. The body of a try counts as running."""
        for node, name in self.p.index.arms.get(statement, ()):
            if isinstance(node, (ast.With, ast.AsyncWith)):
                continue
            if isinstance(node, ast.Try) and name == "body":
                continue
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                continue
            return True
        return False

    def _drop(self, node: ast.stmt, aliases: list[ast.alias], new: list[str]) -> None:
        text = self.p.text
        assert isinstance(node, (ast.Import, ast.ImportFrom))
        start, end = text.start(node), text.end(node)
        separator = self._separator(node)
        if len(aliases) == len(node.names):
            if new:
                edit = Edit(start=start, end=end, replacement=separator.join(new))
            else:
                edit = removal(text, node, only_child=self._is_only_child(node))
            self.p.plan.edits.append(edit)
            return
        kept = [a for a in node.names if a not in aliases]
        if new:
            self._insert_behind(node, self._set_off(node, new))
        for index, alias in enumerate(node.names):
            if alias not in aliases:
                continue
            later = [a for a in node.names[index + 1 :] if a in kept]
            if later:
                stop = text.start(node.names[index + 1])
                self.p.plan.edits.append(Edit(start=text.start(alias), end=stop, replacement=""))
            else:
                previous = node.names[index - 1] if index else alias
                self.p.plan.edits.append(
                    Edit(start=text.end(previous), end=text.end(alias), replacement="")
                )

    def _separator(self, node: ast.stmt) -> str:
        line, _ = self.p.text.line_span(node.lineno)
        indent = self.p.text.text[line : self.p.text.start(node)]
        if indent.strip() or not is_alone(self.p.text, node):
            return "; "
        return self.p.text.newline + indent

    def _is_only_child(self, statement: ast.stmt) -> bool:
        parent = self.p.parent(statement)
        if isinstance(parent, ast.Module):
            return False
        for name in ("body", "orelse", "finalbody"):
            block = getattr(parent, name, None)
            if isinstance(block, list) and statement in block:
                remaining = [s for s in block if not self._goes(s)]
                return not remaining and block[0] is statement
        return True

    def _goes(self, statement: ast.stmt) -> bool:
        """Is a statement removed whole, by this part or another?"""
        if statement in self._whole:
            return True
        start, end = self.p.text.start(statement), self.p.text.end(statement)
        return any(
            e.start <= start and end <= e.end and not e.replacement.strip()
            for e in self.p.plan.edits
        )

    def _insert_behind(self, node: ast.stmt, lines: list[str]) -> None:
        """Write lines behind a statement, below the comment on its line and what went before."""
        text = self.p.text
        end = text.end(node)
        separator = self._separator(node)
        if separator == "; ":
            lines = [line.partition("  #")[0] for line in lines]
        else:
            last = text.line_span(node.end_lineno or node.lineno)[0]
            end = last + len(text.line(node.end_lineno or node.lineno))
        before = self._inserted.pop(end, None)
        if before is not None:
            self.p.plan.edits.remove(before)
        joined = before.replacement if before is not None else ""
        joined += "".join((separator if line else text.newline) + line for line in lines)
        if joined:
            self._inserted[end] = edit = Edit(start=end, end=end, replacement=joined)
            self.p.plan.edits.append(edit)

    def _insert_at_top(self, lines: list[str]) -> None:
        text = self.p.text
        newline = self.p.text.newline
        body = self.p.analysis.tree.body
        behind: ast.stmt | None = None
        for statement in body:
            docstring = (
                statement is body[0]
                and isinstance(statement, ast.Expr)
                and isinstance(statement.value, ast.Constant)
                and isinstance(statement.value.value, str)
            )
            future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
            if not (docstring or future):
                break
            behind = statement
        joined = "".join(line + newline for line in lines)
        if behind is None:
            first = body[0]
            at = text.line_span(_first_line(first))[0]
            is_import = isinstance(first, (ast.Import, ast.ImportFrom))
            blank = 0 if is_import else 2 if isinstance(first, _DEFINITIONS) else 1
            edit = Edit(start=at, end=at, replacement=joined + newline * blank)
            self.p.plan.edits.append(edit)
        else:
            self._insert_behind(behind, lines)


def _names(statement: ast.stmt) -> list[ast.alias]:
    assert isinstance(statement, (ast.Import, ast.ImportFrom))
    return statement.names


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min(node.lineno, *(d.lineno for d in decorators)) if decorators else node.lineno
