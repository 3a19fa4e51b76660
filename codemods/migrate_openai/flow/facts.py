"""What one module exports, calls and hands around, as terms.

Facts are small, pickle, and hold no syntax tree, so that those of a whole project fit in memory.
A place is the number of a node in `Index.nodes`: the same in every analysis of a text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from codemods.migrate_openai.flow.signatures import MethodKind
from codemods.migrate_openai.flow.terms import EMPTY, Ref, Term, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionFacts:
    qualname: str
    positional: tuple[str, ...]
    names: tuple[str, ...]
    kind: MethodKind
    is_property: bool
    fixture: bool
    returns: Terms
    params: tuple[tuple[str, Terms], ...]
    """Each parameter and its terms without the flows into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFacts:
    qualname: str
    place: int
    bases: tuple[Term, ...]
    attrs: dict[str, Terms]
    methods: dict[str, str]
    fields: tuple[str, ...]
    """Of a dataclass or a pydantic model: the parameters of its constructor, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """An argument of a call."""

    callee: Terms
    index: int | None
    keyword: str | None
    terms: Terms
    place: int
    """Of the argument."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """``base.attr = value``, where the base is not the ``self`` of a class of this module."""

    base: Terms
    attr: str
    terms: Terms
    container: bool = False
    """Is it an element that is stored, ``base.attr[key] = value``?"""


SDK_IN_MODULES = "sys.modules.openai"
"""What is replaced where a test imports another module under the SDK's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A test puts something else in the place of a name: ``patch.object(base, "name")``.

    With no base, ``name`` is the dotted path that a test tool is given: ``patch("app.OpenAI")``.
    """

    base: Terms
    name: str
    root: str = ""
    """The name in this file that ``base`` begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constructor:
    """How a call that may make a client names its class."""

    name: str
    """The first name of it: ``openai`` of ``openai.OpenAI``."""
    lazy: bool
    """Is that name imported where it is used, in a function?"""


class ModelNaming(StrEnum):
    """How the request of a use names its model, or why the use makes no request itself."""

    LITERAL = "literal"
    DYNAMIC = "dynamic"
    NONE = "none"
    HANDED = "handed"
    PREFIXED = "prefixed"
    """Of a call of the router: the model is written out with its provider."""
    PROVIDED = "provided"
    """Of a call of the router: ``provider=`` stands beside the model."""
    PATCHED = "patched"
    """With a parameter that only a library such as instructor adds: ``response_model``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One attribute chain that ends here: ``client.chat.completions.create``."""

    place: int
    terms: Terms
    names: tuple[str, ...]
    model: ModelNaming


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleFacts:
    path: str
    exports: dict[str, Terms]
    classes: dict[str, ClassFacts]
    functions: dict[str, FunctionFacts]
    flows: tuple[Flow, ...] = ()
    stores: tuple[Store, ...] = ()
    uses: tuple[Use, ...] = ()
    stars: tuple[Ref, ...] = ()
    reads: frozenset[Ref] = frozenset()
    """The names of other modules that this file imports, or reads from them."""
    sets_module: frozenset[str] = frozenset()
    """The settings of the openai module that this file assigns: ``api_key`` and so on."""
    legacy: bool = False
    """Does this file ask the router for replies as of openai 0.28?"""
    replacements: tuple[Replacement, ...] = ()
    constructors: dict[int, Constructor] = field(default_factory=dict)
    """The calls that may make clients, by place."""
    alias_sets: tuple[Terms, ...] = ()
    """Terms that an annotation declares to be one thing."""
    direct: frozenset[int] = frozenset()
    """The calls that make clients of a class which they name themselves; and the classes."""
    clients: Terms = EMPTY
    """The clients that this file makes or declares, used or not."""
    clients_to_leave: Terms = EMPTY
    """Those of them that the options, or a comment, say to leave."""
    clients_elsewhere: Terms = EMPTY
    """Those of them that sign for another service: ``OpenAI(provider=bedrock(...))``."""

    public_parameters: Terms = EMPTY
    """Those of them that are parameters which somebody outside of the project may fill."""
