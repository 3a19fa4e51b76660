"""What must not be sent to a provider: text that looks like a credential."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from personalvibe.errors import UserError
from personalvibe.replay.redaction.shapes import shape_hits

# They say who the user is, and open nothing.
_HARMLESS = frozenset(
    {"AWS account number", "Google Cloud project", "OpenAI organization id", "OpenAI project id"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text that goes into a prompt, and how a user finds it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """A place that looks like a credential."""

    source: str
    line: int
    kind: str

    @property
    def place(self) -> str:
        return f"{self.source}:{self.line}"


def refuse_credentials(
    sources: Iterable[Source], prompt: str, allowed: Collection[str] = ()
) -> None:
    """Stop a prompt that holds what looks like a credential.

    Args:
        sources: what the prompt was made of, as far as it comes from files.
        prompt: as it would be sent; asked about whatever else is in it.
        allowed: files, or places (``file:line``), that the user vouches for.

    Raises:
        UserError: it names the first place.
    """
    known: set[str] = set()
    finds = [find for source in sources for find in _finds(source, known)]
    finds += _finds(Source(name="the prompt", text=prompt), known)
    finds = [find for find in finds if not {find.source, find.place} & set(allowed)]
    if not finds:
        return
    first = finds[0]
    more = f", and {len(finds) - 1:,} more" if len(finds) > 1 else ""
    option = f'--allow-secret "{first.place}"'
    raise UserError(
        f"{first.place}: looks like a credential: {first.kind}{more}; nothing was sent",
        f"Take it out, leave the file out with an `X` line, or allow it with {option}.",
    )


def _finds(source: Source, known: set[str]) -> list[Find]:
    """The places in one text; what they hold is entered in *known*, and what is there is left."""
    found = []
    hits = sorted(hit for hit in shape_hits(source.text) if hit.shape not in _HARMLESS)
    for hit in hits:
        secret = source.text[hit.start : hit.end]
        if secret not in known:
            line = source.text.count("\n", 0, hit.start) + 1
            found.append(Find(source=source.name, line=line, kind=hit.shape))
    known.update(source.text[hit.start : hit.end] for hit in hits)
    return found
