"""What becomes of clients that may stand in for one another, by what stands in their way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from codemods.migrate_openai.model import Spelling
from codemods.migrate_openai.plan.client_notes import ClientGroup
from codemods.migrate_openai.rules.client_attributes import is_passed_on


class Obstacle(Enum):
    """Why clients cannot simply become the router's."""

    SDK_USES = auto()
    """They are used for something that has no counterpart; the router's may pass it on."""
    HANDED = auto()
    OUTSIDE = auto()
    REPLACED = auto()
    """A test replaces them where it would not find the router's."""
    UNUSED = auto()
    """They are declared and never made, and nothing is called on them."""


_STANDS: Mapping[Obstacle, Callable[[ClientGroup], object]] = {
    Obstacle.SDK_USES: lambda group: group.notes.others,
    Obstacle.HANDED: lambda group: group.notes.foreign,
    Obstacle.OUTSIDE: lambda group: group.outside,
    Obstacle.REPLACED: lambda group: group.ineffective_patch,
    Obstacle.UNUSED: lambda group: not group.is_made and not group.notes.called,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a client, and of all that may stand in for it."""

    group: ClientGroup
    moves: bool
    """Does it become the router's?"""
    passes: bool = False
    """Does a router client pass on all that keeps it? Then it may move, if it cannot be split."""
    provider: bool = False
    """Is the provider named where the client is made, so that models stay as they are?"""
    unused: bool = False
    """Is it declared, and never made nor called?"""
    as_spelled: bool = False
    """Do the calls keep the SDK's spelling, and the client the arguments that it is made with?"""


def decide(group: ClientGroup, spelling: Spelling) -> Decision:
    notes = group.notes
    obstacles = {obstacle for obstacle, stands in _STANDS.items() if stands(group)}
    passed_on = all(map(is_passed_on, notes.others))
    passes = obstacles == {Obstacle.SDK_USES} and notes.called and passed_on
    # Where its calls stand in one file they may leave it; those migrated before stay on it.
    moves = not obstacles or (passes and (group.shared or notes.half_migrated))
    # A class of the program's own has no place for a provider: its calls name it.
    nameable = notes.unnamed_models and not notes.prefixed_models and not group.derived
    as_spelled = _keeps_spelling(group, spelling)
    named = group.is_made and (group.azure or nameable) and not group.indirect
    return Decision(
        group=group,
        moves=moves,
        passes=passes,
        provider=named and (not as_spelled or notes.half_migrated),
        unused=Obstacle.UNUSED in obstacles,
        as_spelled=as_spelled,
    )


def _keeps_spelling(group: ClientGroup, spelling: Spelling) -> bool:
    """Where something else may stand in a client's place, all that may answer the SDK's spelling.

    So does the router's client, which alone knows the provider of a model that is not written out.
    """
    notes = group.notes
    return (
        spelling is Spelling.SDK
        or notes.replaced
        or (notes.public and spelling is Spelling.AUTO)
        or (group.indirect and (group.azure or notes.unnamed_models))
    )
