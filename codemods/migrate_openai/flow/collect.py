"""Source -> `ModuleFacts`."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import takewhile

from codemods.migrate_openai.flow.call_patterns import is_shaped
from codemods.migrate_openai.flow.evaluate import Evaluator
from codemods.migrate_openai.flow.facts import (
    SDK_IN_MODULES,
    ClassFacts,
    Constructor,
    Flow,
    FunctionFacts,
    ModelNaming,
    ModuleFacts,
    Replacement,
    Store,
    Use,
)
from codemods.migrate_openai.flow.parse import parse
from codemods.migrate_openai.flow.scopes import BindingKind, FunctionNode, Index, Scope, places
from codemods.migrate_openai.flow.signatures import (
    called_name,
    class_named,
    decorator_name,
    default_factory,
    method_kind,
    root_of,
)
from codemods.migrate_openai.flow.terms import (
    ANYTHING,
    EMPTY,
    NONE,
    UNKNOWN,
    Access,
    Attr,
    Client,
    Cls,
    Foreign,
    Func,
    Inst,
    Param,
    Ref,
    Router,
    RouterClient,
    Sdk,
    SdkClient,
    Seq,
    Term,
    Terms,
    TypedClient,
    client_class,
    root,
)
from codemods.migrate_openai.model import Options, SourceFile
from codemods.migrate_openai.rules import ROUTER_FUNCTIONS

_STATEMENTS = frozenset(
    {ast.Return, ast.Yield, ast.Assign, ast.AnnAssign, ast.arg, ast.Call}
    | {ast.FunctionDef, ast.AsyncFunctionDef}
)
_FORWARDERS = {"partial": 0, "to_thread": 0, "submit": 0, "run_in_executor": 1, "apply_async": 0}
# Functions that replace an attribute by its name, most of them of the test tools.
PATCHERS = frozenset({"patch", "object", "setattr", "delattr", "multiple", "spy"})
_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_APPENDERS = frozenset({"append", "add", "appendleft", "insert", "put", "put_nowait"})
_CLIENTS = (SdkClient, RouterClient, Sdk, Router)
_OF_A_CLASS = frozenset({"create", "acreate"})  # of 0.28: ``self.api = openai.ChatCompletion``


class Analysis:
    """A parsed and indexed module. Lives in one process, for one file at a time."""

    def __init__(self, file: SourceFile, options: Options) -> None:
        self.file = file
        self.options = options
        self.parsed = parse(file.text)
        self.tree = self.parsed.tree
        self.index = Index(self.tree)
        _record_puts(self.index)
        self.index.finish()
        self.evaluator = Evaluator(self.index, file.path, options.router)

    def facts(self) -> ModuleFacts:
        return _Collector(self).collect()


def _record_puts(index: Index) -> None:
    """``names[k] = v`` and ``names.append(v)`` give elements to the container."""
    for node in index.nodes:
        target: ast.expr | None = None
        value: ast.expr | None = None
        match node:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name() as name)], value=stored):
                target, value = name, stored
            case ast.Call(func=ast.Attribute(value=ast.Name() as name, attr=attr), args=args) if (
                attr in _APPENDERS and args
            ):
                target, value = name, args[-1]
        if isinstance(target, ast.Name) and value is not None:
            scope = index.scope_of[node]
            owner = index.owner_of(target.id, scope)
            if owner is not None and any(
                b.kind is BindingKind.ASSIGN for b in owner.bindings.get(target.id, [])
            ):
                index.add_put(target.id, node, value, owner, scope)


class _Collector:
    def __init__(self, analysis: Analysis) -> None:
        self.index = analysis.index
        self.evaluator = analysis.evaluator
        self.path = analysis.file.path
        self.attrs: dict[str, dict[str, Terms]] = defaultdict(partial(defaultdict, frozenset))
        self.returns: dict[Scope, Terms] = defaultdict(frozenset)
        self.flows: list[Flow] = []
        self.stores: list[Store] = []
        self.uses: list[Use] = []
        self.reads: set[Ref] = set()
        self.sets_module: set[str] = set()
        self.legacy = False
        self.alias_sets: list[Terms] = []
        self.clients: set[Term] = set()
        self.clients_to_leave: set[Term] = set()
        self.clients_elsewhere: set[Term] = set()
        self.public_parameters: set[Term] = set()
        self.direct: set[int] = set()
        self.replacements: list[Replacement] = []
        self.constructors: dict[int, Constructor] = {}
        self.is_test = is_test(self.path)
        self.skipped = analysis.file.kept_lines
        self.moves_clients = analysis.options.applies("MOA201")

    def collect(self) -> ModuleFacts:
        for place, node in enumerate(self.index.nodes):
            self._visit(place, node)
        functions = {}
        classes = {}
        for node, scope in self.index.own_scope.items():
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                functions[scope.qualname] = self._function(node, scope)
                if not isinstance(node, ast.Lambda):
                    self._decorated(node)
            elif isinstance(node, ast.ClassDef):
                classes[scope.qualname] = self._class(node, scope)
        exports = {
            name: EMPTY.union(*map(self.evaluator.binding, bindings))
            for name, bindings in self.index.module.bindings.items()
        }
        for terms in exports.values():
            self._note_reads(terms)
        stars = tuple(
            Ref(self.path, "." * star.level + (star.module or ""), "")
            for star in self.index.module.star_imports
        )
        return ModuleFacts(
            path=self.path,
            exports={name: terms for name, terms in exports.items() if _matters(terms)},
            classes=classes,
            functions=functions,
            flows=tuple(self.flows),
            stores=tuple(self.stores),
            uses=tuple(self.uses),
            stars=stars,
            reads=frozenset(self.reads),
            sets_module=frozenset(self.sets_module),
            legacy=self.legacy,
            alias_sets=tuple(self.alias_sets),
            public_parameters=frozenset(self.public_parameters),
            replacements=tuple(self.replacements),
            constructors=self.constructors,
            clients=frozenset(self.clients),
            clients_to_leave=frozenset(self.clients_to_leave),
            clients_elsewhere=frozenset(self.clients_elsewhere),
            direct=frozenset(self.direct).union(cls.place for cls in classes.values()),
        )

    def _visit(self, place: int, node: ast.AST) -> None:
        kind = type(node)
        if kind is ast.Name or kind is ast.Attribute:
            parent = self.index.parents[node]
            if not (isinstance(parent, ast.Attribute) and parent.value is node):
                assert isinstance(node, (ast.Name, ast.Attribute))
                if isinstance(node.ctx, ast.Load):
                    self._chain(place, node)
        elif kind in _STATEMENTS:
            self._statement(place, node)

    def _statement(self, place: int, node: ast.AST) -> None:
        match node:
            case ast.Return(value=ast.expr() as value) | ast.Yield(value=ast.expr() as value):
                self.returns[self.index.scope_of[node]] |= self.evaluator.terms(value)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._store(target, value, None)
                    self._assigned_by_test(target, value)
            case ast.AnnAssign(target=target, value=value, annotation=annotation):
                self._declared(annotation)
                self._store(target, value, annotation)
            case ast.arg(annotation=ast.expr() as annotation):
                declared = self._declared(annotation)
                if self._is_public(node):
                    self.public_parameters |= declared
                    # A class, or an alias, of another file: whether of a client is seen there.
                    self.public_parameters |= {
                        term
                        for term in self.evaluator.annotation(annotation)
                        if isinstance(term, Inst) and isinstance(term.cls, Ref)
                    }
            case (
                ast.FunctionDef(returns=ast.expr() as annotation)
                | ast.AsyncFunctionDef(returns=ast.expr() as annotation)
            ):
                self._declared(annotation)
            case ast.Call():
                own = {
                    t for t in self.evaluator.terms(node) if isinstance(t, Client) and t.at == place
                }
                self.clients |= own
                if node.lineno in self.skipped or not self.moves_clients:
                    self.clients_to_leave |= own
                if any(k.arg == "provider" for k in node.keywords):
                    self.clients_elsewhere |= own
                self._arguments(node)
                self._construction(place, node)
                self._legacy_call(node)
                self._replacement(node)
                self._append(node)

    def _legacy_call(self, node: ast.Call) -> None:
        if any(k.arg == "legacy" for k in node.keywords):
            callee = self.evaluator.terms(node.func)
            self.legacy |= any(isinstance(term, Router) for term in callee)

    def _decorated(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """A decorator is called with the function, and may call it."""
        own = Func(self.path, self.index.own_scope[function].qualname)
        for decorator in function.decorator_list:
            callee = frozenset(
                t for t in self.evaluator.terms(decorator) if isinstance(root(t), (Func, Ref))
            )
            if callee:
                place = self.evaluator.place[decorator]
                terms = frozenset[Term]({own})
                flow = Flow(callee=callee, index=0, keyword=None, terms=terms, place=place)
                self.flows.append(flow)

    def _declared(self, annotation: ast.expr) -> set[Term]:
        """The clients that an annotation declares."""
        found: set[Term] = set()
        for term in self.evaluator.annotation(annotation):
            elements = term.elements if isinstance(term, Seq) else (term,)
            found |= {t for t in elements if isinstance(t, TypedClient)}
        self.clients |= found
        return found

    def _is_public(self, parameter: ast.arg) -> bool:
        """May somebody outside of the project call this function? By the names around it."""
        function = self.index.parents[self.index.parents[parameter]]
        names = self.index.own_scope[function].qualname.split(".")
        return not any(n.startswith(("_", "<")) and n != "__init__" for n in names)

    def _store(
        self,
        target: ast.expr,
        value: ast.expr | None,
        annotation: ast.expr | None,
        path: tuple[int, ...] = (),
    ) -> None:
        container = False
        if isinstance(target, (ast.Tuple, ast.List)):
            for place, each in places(target.elts):
                self._store(each, value, None, (*path, place))
            return
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Attribute):
            if value is not None:
                self._keep(target, self.evaluator.unpack(value, path))
            target, container = target.value, True
        if not isinstance(target, ast.Attribute):
            if annotation is not None and value is not None:
                self._note_aliases(
                    self.evaluator.annotation(annotation) | self.evaluator.terms(value)
                )
            return
        terms = self.evaluator.unpack(value, path) if value is not None else EMPTY
        if container:
            terms = frozenset({Seq(terms)})
        if annotation is not None:
            declared = self.evaluator.annotation(annotation)
            terms |= frozenset(t for t in declared if isinstance(t, (TypedClient, Inst, Seq)))
            self._note_aliases(terms)
        self._put(target, terms, container=container)

    def _keep(self, target: ast.Subscript, terms: Terms) -> None:
        """``st.session_state["client"] = ...`` is read again under that name."""
        match target.slice:
            case ast.Constant(value=str(key)) if _matters(terms):
                base = self.evaluator.terms(target.value)
                self.stores.append(Store(base=base, attr=key, terms=terms))

    def _put(self, target: ast.Attribute, terms: Terms, *, container: bool = True) -> None:
        base = self.evaluator.terms(target.value)
        for term in base:
            match term:
                case Inst(Cls(path, qualname)) | Cls(path, qualname) if path == self.path:
                    self.attrs[qualname][target.attr] |= terms or ANYTHING
                case Sdk("openai"):
                    self.sets_module.add(target.attr)
                case Router("llm_router") if target.attr == "legacy":
                    self.legacy = True
                case _ if _matters(terms) or _matters(frozenset({term})):
                    store = Store(
                        base=frozenset({term}), attr=target.attr, terms=terms, container=container
                    )
                    self.stores.append(store)

    def _append(self, node: ast.Call) -> None:
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute() as target, attr=attr), args=args
            ) if attr in _APPENDERS and args:
                terms = self.evaluator.terms(args[-1])
                if _matters(terms):
                    self._put(target, frozenset({Seq(terms)}))

    def _replacement(self, node: ast.Call) -> None:
        """``patch.object(client.chat.completions, "create")`` assigns, as far as clients go."""
        if called_name(node.func) in {"setitem", "delitem", "dict"} and node.args:
            self._module_replaced(node.args[0], node.args[1:2])
        if called_name(node.func) not in PATCHERS:
            return
        match node.args:
            case [value, ast.Constant(value=str(attr)), *_] if not isinstance(value, ast.Constant):
                base = self.evaluator.terms(value)
                if _matters(base):
                    self.stores.append(Store(base=base, attr=attr, terms=EMPTY))
                self._replaced(value, attr)
            case [ast.Constant(value=str(path)), *_] if "." in path:
                self.replacements.append(Replacement(base=EMPTY, name=path))
        if called_name(node.func) == "multiple" and node.args:
            self._replaced_names(node.args[0], [k.arg for k in node.keywords if k.arg])

    def _module_replaced(self, target: ast.expr, names: list[ast.expr]) -> None:
        """``setitem(sys.modules, "openai", fake)``, ``patch.dict("sys.modules", {...})``."""
        match target:
            case ast.Constant(value="sys.modules") | ast.Attribute(attr="modules"):
                keys = [k for n in names for k in (n.keys if isinstance(n, ast.Dict) else [n])]
                for key in keys:
                    if isinstance(key, ast.Constant) and str(key.value).startswith("openai"):
                        self.replacements.append(Replacement(base=EMPTY, name=SDK_IN_MODULES))

    def _replaced_names(self, target: ast.expr, names: list[str]) -> None:
        """``patch.multiple("app", OpenAI=DEFAULT)``, or of a module itself."""
        for name in names:
            match target:
                case ast.Constant(value=str(path)):
                    self.replacements.append(Replacement(base=EMPTY, name=f"{path}.{name}"))
                case _:
                    self._replaced(target, name)

    def _replaced(self, target: ast.expr, name: str) -> None:
        chain = chain_names(target)
        root_name = chain[0] if isinstance(root_of(target), ast.Name) else ""
        terms = self.evaluator.terms(target)
        self.replacements.append(Replacement(base=terms, name=name, root=root_name))

    def _assigned_by_test(self, target: ast.expr, value: ast.expr) -> None:
        """``bot.client = Fake()``; what a test keeps in itself replaces nothing."""
        if isinstance(target, ast.Subscript):
            self._module_replaced(target.value, [target.slice])
        if not (self.is_test and isinstance(target, ast.Attribute)):
            return
        if any(isinstance(t, (Client, RouterClient)) for t in self.evaluator.terms(value)):
            return
        match target.value:
            case ast.Name(id="self" | "cls") if self._derives_from_nothing(target):
                return
        self._replaced(target.value, target.attr)

    def _derives_from_nothing(self, node: ast.AST) -> bool:
        """Is the class around one of the tests' own, and none of the program's below another?"""
        owner = self.index.scope_of[node].owner_class()
        if owner is None or not isinstance(owner.node, ast.ClassDef):
            return True
        bases = (t for base in owner.node.bases for t in self.evaluator.terms(base))
        return all(isinstance(t, Foreign) for t in bases)

    def _note_aliases(self, terms: Terms) -> None:
        known = frozenset(t for t in terms if t not in (UNKNOWN, NONE))
        if len(known) > 1 and any(isinstance(t, TypedClient) for t in known):
            self.alias_sets.append(known)

    def _arguments(self, node: ast.Call) -> None:
        args = list(takewhile(lambda arg: not isinstance(arg, ast.Starred), node.args))
        keywords = {k.arg: k.value for k in node.keywords if k.arg is not None}
        self._flows(node.func, args, keywords)
        shift = _FORWARDERS.get(called_name(node.func))
        if shift is not None and len(node.args) > shift:
            self._flows(node.args[shift], args[shift + 1 :], keywords)
        match keywords.get("target"), keywords.get("args"):
            case ast.expr() as target, ast.Tuple(elts=elements):  # of a thread or a process
                self._flows(target, elements, {})

    def _flows(
        self, func: ast.expr, args: Iterable[ast.expr], keywords: Mapping[str, ast.expr]
    ) -> None:
        callee = self.evaluator.terms(func)
        for index, arg in enumerate(args):
            self._flow(callee, index, None, arg)
        for name, arg in keywords.items():
            self._flow(callee, None, name, arg)

    def _flow(self, callee: Terms, index: int | None, keyword: str | None, arg: ast.expr) -> None:
        terms = self.evaluator.terms(arg)
        targets = frozenset(t for t in callee if not isinstance(t, (Sdk, Router)) and t != UNKNOWN)
        if not targets:
            return
        matters = _matters(terms)
        if not matters and all(isinstance(t, Foreign) for t in targets):
            return
        if not matters:
            terms = frozenset({NONE if terms == {NONE} else UNKNOWN})
        place = self.evaluator.place[arg]
        flow = Flow(callee=targets, index=index, keyword=keyword, terms=terms, place=place)
        self.flows.append(flow)

    def _construction(self, place: int, node: ast.Call) -> None:
        name = root_of(class_named(node))
        may_be_class = any(map(_may_be_class, self.evaluator.terms(node.func)))
        if not (isinstance(name, ast.Name) and may_be_class):
            return
        self.constructors[place] = Constructor(name=name.id, lazy=is_lazy(self.index, name))
        # By the name of an import, with nothing assigned in between?
        imported = all(b.kind is BindingKind.IMPORT for b in self.index.reaching(name))
        if imported and default_factory(node) is None:
            self.direct.add(place)

    def _chain(self, place: int, node: ast.Attribute | ast.Name) -> None:
        names = chain_names(node)
        shaped = is_shaped(names) or names[-1] in ROUTER_FUNCTIONS
        terms = self.evaluator.terms(node)
        self._note_reads(terms)
        if not shaped and len(names) > 1 and names[-1] in _OF_A_CLASS:
            shaped = any(isinstance(root(t), (Inst, Cls)) for t in terms)
        if not shaped and not any(isinstance(root(t), _CLIENTS) for t in terms):
            return
        self.uses.append(Use(place=place, terms=terms, names=names, model=self._model(node)))

    def _note_reads(self, terms: Terms) -> None:
        for term in terms:
            while isinstance(term, Access):
                match term:
                    case Attr(Ref(path, module, ""), name):
                        self.reads.add(Ref(path, module, name))
                term = term.base
            if isinstance(term, Ref) and term.name:
                self.reads.add(term)

    def _model(self, node: ast.expr) -> ModelNaming:
        parent = self.index.parents[node]
        if not (isinstance(parent, ast.Call) and parent.func is node):
            return ModelNaming.HANDED
        if any(k.arg == "response_model" for k in parent.keywords):
            return ModelNaming.PATCHED
        keywords = {k.arg: k.value for k in parent.keywords}
        of_router = called_name(node) in ROUTER_FUNCTIONS
        if of_router and "provider" in keywords:
            return ModelNaming.PROVIDED
        match keywords.get("model"):
            case ast.Constant(value=str(model)) if of_router and "/" in model:
                return ModelNaming.PREFIXED
            case _ if None in keywords:
                return ModelNaming.DYNAMIC
            case None:
                return ModelNaming.NONE
            case ast.Constant():
                return ModelNaming.LITERAL
        return ModelNaming.DYNAMIC

    def _function(self, node: FunctionNode, scope: Scope) -> FunctionFacts:
        outer = self.index.scope_of[node]
        positional = tuple(a.arg for a in [*node.args.posonlyargs, *node.args.args])
        names = (*positional, *(a.arg for a in node.args.kwonlyargs))
        if isinstance(node, ast.Lambda):
            returns = self.evaluator.terms(node.body)
            decorators: set[str] = set()
        else:
            returns = self.returns.get(scope, EMPTY)
            decorators = {decorator_name(d) for d in node.decorator_list}
            if node.returns is not None:
                declared = self.evaluator.annotation(node.returns)
                if any(isinstance(t, TypedClient) for t in declared):
                    returns |= declared
                    self._note_aliases(returns)
                elif not returns or UNKNOWN in returns:
                    returns |= declared
        params = []
        for name in names:
            bindings = scope.bindings.get(name, [])
            parameters = (b for b in bindings if b.kind is BindingKind.PARAMETER)
            found = EMPTY.union(*map(self.evaluator.binding, parameters))
            rest = found - {Param(self.path, scope.qualname, name)}
            if any(isinstance(t, TypedClient) for t in rest):
                self._note_aliases(found)
            params.append((name, rest))
        return FunctionFacts(
            qualname=scope.qualname,
            positional=positional,
            names=names,
            kind=method_kind(node, outer),
            is_property=any("property" in decorator for decorator in decorators),
            fixture="fixture" in decorators,
            returns=returns,
            params=tuple(params),
        )

    def _class(self, node: ast.ClassDef, scope: Scope) -> ClassFacts:
        # ``Base[T]`` -> ``Base``: what is inherited stays the same.
        named = (base.value if isinstance(base, ast.Subscript) else base for base in node.bases)
        bases = (term for base in named for term in sorted(self.evaluator.terms(base), key=repr))
        attrs = self.attrs[scope.qualname]
        methods = {}
        fields = []
        for name, bindings in scope.bindings.items():
            for binding in bindings:
                if binding.kind is BindingKind.FUNCTION:
                    methods[name] = self.index.own_scope[binding.node].qualname
                else:
                    attrs[name] |= self.evaluator.binding(binding)
                if isinstance(binding.node, ast.AnnAssign):
                    fields.append(name)
        for name, terms in attrs.items():
            if any(isinstance(t, TypedClient) for t in terms):
                self._note_aliases(terms | {Attr(Inst(Cls(self.path, scope.qualname)), name)})
        return ClassFacts(
            qualname=scope.qualname,
            place=self.evaluator.place[node],
            bases=tuple(dict.fromkeys(bases)),
            attrs=dict(attrs),
            methods=methods,
            fields=tuple(fields) if "__init__" not in methods else (),
        )


def is_lazy(index: Index, name: ast.Name) -> bool:
    """Is a name imported in a function, each time that it runs?"""
    return any(binding.scope is not index.module for binding in index.reaching(name))


def is_test(path: str) -> bool:
    """Is this a file of a test suite, by its name or its folder?"""
    *folders, name = path.lower().split("/")
    named = name.startswith("test") or name in {"conftest.py", "tests.py"}
    return named or name.endswith("_test.py") or not _TEST_FOLDERS.isdisjoint(folders[-3:])


def chain_names(node: ast.expr) -> tuple[str, ...]:
    """The names of an attribute chain, the root included where it is a name."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        names.append(node.id)
    return tuple(reversed(names))


def _may_be_class(term: Term) -> bool:
    """May this be the class of a client, or what makes one?"""
    if isinstance(term, Sdk):
        return client_class(term.name) is not None
    return isinstance(root(term), (Ref, Cls, Func))


def _matters(terms: Terms) -> bool:
    """May these terms lead to a client?"""
    return any(map(_leads_on, terms))


def _leads_on(term: Term) -> bool:
    base = root(term)
    if isinstance(base, Foreign):
        return term is not base  # what the program may have put there
    if isinstance(base, Seq):
        return _matters(base.elements)
    return isinstance(base, (*_CLIENTS, Inst, Ref, Param, Cls, Func))
