"""What becomes of clients that may stand in for one another, by what stands in their way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from codemods.migrate_openai.flow.terms import CLIENT_CLASSES, Client, Member
from codemods.migrate_openai.rules.client_attributes import is_passed_on

RUN_TIME = "is of a class chosen at run time"


class FateKind(StrEnum):
    ROUTER = "router"
    STAYS = "stays"


class Obstacle(Enum):
    """Why clients cannot simply become the router's."""

    SDK_USES = auto()
    """They are used for something that has no counterpart; the router's may pass it on."""
    HANDED = auto()
    OUTSIDE = auto()
    PATCHED = auto()
    UNUSED = auto()
    """They are declared and never made, and nothing is called on them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientGroup:
    """Clients that may stand in for one another, and what the project does with them."""

    members: frozenset[Member]
    sites: int
    others: tuple[str, ...]
    foreign: tuple[str, ...]
    outside: str
    configured: bool
    patched: bool
    shared: bool
    """Does more than one file make, use or import them?"""
    indirect: bool
    """Is the class of one of them named elsewhere than where it is made?"""
    unnamed_models: bool
    """Does only the client know the provider of a model?"""
    prefixed_models: bool
    """Does a call that was migrated before write the provider into its model?"""
    half_migrated: bool
    """Are there calls on them that were migrated before?"""

    @property
    def is_made(self) -> bool:
        return any(isinstance(member, Client) for member in self.members)

    @property
    def azure(self) -> bool:
        return any(CLIENT_CLASSES[m.cls][1] for m in self.members if m.cls in CLIENT_CLASSES)


_STANDS: Mapping[Obstacle, Callable[[ClientGroup], object]] = {
    Obstacle.SDK_USES: lambda group: group.others,
    Obstacle.HANDED: lambda group: group.foreign,
    Obstacle.OUTSIDE: lambda group: group.outside,
    Obstacle.PATCHED: lambda group: group.patched,
    Obstacle.UNUSED: lambda group: not group.is_made and not group.sites,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of a client, and of all that may stand in for it."""

    kind: FateKind
    passes: bool = False
    """Does a router client pass on all that keeps it? Then it may move, if it cannot be split."""
    provider: bool = False
    """Is the provider named where the client is made, so that models stay as they are?"""
    local: bool = True
    """Is the client used in the file that makes it, and nowhere else?"""
    configured: bool = False
    """Does the program set attributes of the client after it is made?"""
    patched: bool = False
    """Does the file that makes the client put something else in the place of a part of it?"""
    as_spelled: bool = False
    """Do the calls keep the SDK's spelling, because only the client knows its provider?"""
    half_migrated: bool = False
    """Were calls of it migrated before, and it was not?"""
    members: frozenset[Member] = frozenset()
    others: tuple[str, ...] = ()
    """What keeps it: ``files.create``, or the name of a package that it is handed to."""
    foreign: tuple[str, ...] = ()
    outside: str = ""
    """The file that makes it, where that is not part of the run."""

    @property
    def asynchronous(self) -> bool | None:
        """None where synchronous and asynchronous clients share a name."""
        kinds = {CLIENT_CLASSES[m.cls][0] for m in self.members if m.cls in CLIENT_CLASSES}
        return kinds.pop() if len(kinds) == 1 else None


def decide(group: ClientGroup) -> Fate:
    obstacles = {obstacle for obstacle, stands in _STANDS.items() if stands(group)}
    passes = (
        obstacles == {Obstacle.SDK_USES}
        and group.sites > 0
        and all(map(is_passed_on, group.others))
    )
    # Where its calls stand in one file they may leave it; those migrated before stay on it.
    moves = not obstacles or (passes and (group.shared or group.half_migrated))
    named = group.azure or (group.unnamed_models and not group.prefixed_models)
    return Fate(
        kind=FateKind.ROUTER if moves else FateKind.STAYS,
        passes=passes,
        provider=group.is_made and named and not group.indirect,
        local=not group.shared,
        configured=group.configured,
        patched=group.patched,
        as_spelled=group.indirect and (group.azure or group.unnamed_models),
        half_migrated=group.half_migrated,
        members=group.members,
        others=group.others,
        foreign=group.foreign,
        outside=group.outside,
    )
