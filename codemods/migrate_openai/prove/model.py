"""What a proof is made of: requests, runs, sites, differences. Data only."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any


class Verdict(StrEnum):
    """What a proof says about a site."""

    DIFFERENT = "different"
    NOT_EXERCISED = "not exercised"
    NOT_PROVEN = "not proven"
    """It was exercised only by what failed, before and after."""
    PROVEN = "proven"
    ISOLATED = "proven in isolation"

    @property
    def is_open(self) -> bool:
        """Nothing is known about the site yet."""
        return self in (Verdict.NOT_EXERCISED, Verdict.NOT_PROVEN)


class Isolation(Enum):
    """What keeps a command off the network."""

    AUTO = "auto"
    """A namespace where the system allows one, else hooks; a wish only, never a result."""
    NAMESPACE = "namespace"
    HOOKS = "hooks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One line of the project that was executing. ``file`` is relative to the project."""

    file: str
    line: int
    function: str
    span: tuple[int, int, int, int] | None = None
    """First line and column, last line and column of the expression, as `ast` counts them; None
    where the interpreter does not say (before 3.11)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Python:
    """The interpreter of a run's first process; empty where there was none."""

    path: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A command that has ended. The exit code is None when it was stopped at the time limit."""

    exit_code: int | None
    output: str
    errors: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """One HTTP request as the program handed it to its transport."""

    process: str
    """How the process was started."""
    test: str
    """The pytest node id that was running; empty outside pytest."""
    task: str
    """The thread or asyncio task: ``main``, ``main/1``, ``main/1/2``."""
    stack: tuple[Frame, ...]
    """The project's frames, innermost first."""
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    timeout: Mapping[str, float | None]
    """Seconds, by phase: read, and as far as the transport says connect, write, pool."""
    retries: int | None
    """How often the SDK would repeat the request; None where it does not say."""
    llm: bool = True
    """Sent by the SDK or LiteLLM, or to a provider: no download or telemetry of the program's."""
    own_server: bool = False
    """Answered by a server of the program's own, whose port is another in every run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution of a command."""

    exit_code: int | None
    """None when the command was stopped at the time limit."""
    calls: tuple[SentRequest, ...]
    tests: Mapping[str, str]
    """pytest node id -> passed, failed, skipped or xfailed, with what a failure says."""
    output: str
    """What the command printed to stdout, with the copy's path taken out."""
    errors: str
    """The same for stderr."""
    mocked: frozenset[Frame] = frozenset()
    """Lines of the project whose call a `unittest.mock` answered."""
    patched: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """pytest node id -> the names of the SDK that the test put something else in the place of."""
    python: Python = Python()
    sdk: Mapping[str, str] = field(default_factory=dict)
    """Version of openai that was loaded -> the package that it sends with."""
    transport_mocks: frozenset[str] = frozenset()
    """What the tests replaced httpx by: respx, pytest-httpx."""
    cut: int = 0
    """Records of the log that cannot be read."""
    isolation: Isolation = Isolation.HOOKS
    refusal: str = ""
    """Why a namespace was not to be had, where it was wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What exercises the code, and the interpreters that run it."""

    arguments: tuple[str, ...]
    before_python: str = ""
    """The interpreter for the old code; empty for the one that the command finds in PATH."""
    after_python: str = ""
    before_with: tuple[str, ...] = ()
    """Requirements for the old code only, such as ``openai==0.28.1``."""
    before_reason: str = ""
    """What they follow from, where nobody asked for them."""

    @property
    def text(self) -> str:
        return shlex.join(self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class CallSite:
    """A call in the old code and what became of it."""

    file: str
    line: int
    column: int
    rule: str
    source: str
    """The old call, shortened."""
    new_line: int | None = None
    place: str = ""
    """Line and column as people find them: in a notebook, within the cell."""

    def __str__(self) -> str:
        return f"{self.file}:{self.place or f'{self.line}:{self.column}'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedValue:
    """One thing that differs. A value that is absent is `ABSENT`; secrets are fingerprints."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A pair of requests that are not the same, or one that has no partner."""

    changes: tuple[ChangedValue, ...]
    where: Frame | None
    """The line in the migrated code; in the old code when the request is no longer sent."""
    test: str = ""
    times: int = 1
    """How many pairs differ in this way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteResult:
    site: CallSite
    verdict: Verdict
    requests: int
    """Requests that the old code sent from here."""
    differences: tuple[Difference, ...] = ()
    unstable: tuple[str, ...] = ()
    """Paths left out, because they differ between two runs of the old code as well."""
    known: tuple[str, ...] = ()
    """Differences that the documentation announces: they are not held against the migration."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """A command's own outcome, before and after."""

    command: Command
    before: Run
    after: Run
    changes: tuple[ChangedValue, ...]
    announced: frozenset[str] = frozenset()
    """Tests of which the migration says that they will break, with rule MOA905."""

    @property
    def same(self) -> bool:
        return not self.changes

    @property
    def failed(self) -> bool:
        """It failed before and after, in the same way: nothing is proven by it."""
        return self.same and self.before.exit_code != 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    sites: tuple[SiteResult, ...]
    elsewhere: tuple[Difference, ...]
    """Differences of requests that no site accounts for."""
    commands: tuple[CommandResult, ...]
    requests: int = 0
    """Sent by the old code in all."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """File -> its migrated text, for the report."""

    def count(self, verdict: str) -> int:
        return sum(result.verdict == verdict for result in self.sites)

    @property
    def same(self) -> bool:
        return (
            not self.count(Verdict.DIFFERENT)
            and not self.elsewhere
            and all(command.same for command in self.commands)
        )

    @property
    def holds(self) -> bool:
        """Something is proven and nothing speaks against it."""
        proven = self.count(Verdict.PROVEN) or self.count(Verdict.ISOLATED) or not self.sites
        return self.same and bool(proven) and not any(command.failed for command in self.commands)

    @property
    def different_files(self) -> frozenset[str]:
        """Files with a site that differs."""
        found = {r.site.file for r in self.sites if r.verdict is Verdict.DIFFERENT}
        found |= {d.where.file for d in self.elsewhere if d.where is not None}
        return frozenset(found)


class _Absent:
    def __repr__(self) -> str:
        return "(absent)"


ABSENT = _Absent()
