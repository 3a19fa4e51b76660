"""Two runs of a command, request by request. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from codemods.migrate_openai.prove.model import (
    ABSENT,
    CallSite,
    ChangedValue,
    Difference,
    Frame,
    Run,
    SentRequest,
)
from codemods.migrate_openai.prove.normal import Sent, compare, normalise
from codemods.migrate_openai.prove.sites import SiteIndex


@dataclass(slots=True, kw_only=True)
class Group:
    """The same request sent once or several times in a row: attempts, or a loop."""

    site: CallSite | None
    frame: Frame | None
    sent: Sent
    test: str
    task: str
    position: int
    times: int = 1

    @property
    def place(self) -> str:
        """The site in the old code, whatever code runs; for people."""
        return f"{self.site.file}:{self.site.line}" if self.site else "no migrated call"

    @property
    def token(self) -> object:
        """What two requests have in common that were meant to be the same."""
        return self.site or ("nowhere", self.sent.address.rpartition("/")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A request of the old code with its partner; one of them may be missing."""

    before: Group | None
    after: Group | None

    @property
    def site(self) -> CallSite | None:
        for group in (self.before, self.after):
            if group is not None and group.site is not None:
                return group.site
        return None

    @property
    def difference(self) -> Difference | None:
        one, two = self.before, self.after
        if one is None or two is None:
            group = one or two
            assert group is not None
            said = f"{group.sent.method} {group.sent.address}"
            change = ChangedValue(
                path="request", before=said if one else ABSENT, after=said if two else ABSENT
            )
            where = group.frame
            if two is None and group.site is not None:
                # Where it should have been sent from.
                line = group.site.new_line or group.site.line
                where = Frame(file=group.site.file, line=line, function="")
            return Difference(changes=(change,), where=where, test=group.test)
        changes = compare(one.sent, two.sent)
        if one.site != two.site:
            changes += (ChangedValue(path="call site", before=one.place, after=two.place),)
        if one.times != two.times:
            changes += (ChangedValue(path="attempts", before=one.times, after=two.times),)
        if one.task == two.task and one.position != two.position:
            changes += (
                ChangedValue(path="order", before=one.position + 1, after=two.position + 1),
            )
        if not changes:
            return None
        return Difference(changes=changes, where=two.frame, test=two.test)


def pairs(before: Run, after: Run, old: SiteIndex, new: SiteIndex) -> list[Pair]:
    """Every request of either run, with its partner."""
    left, right = _tasks(before.calls, old), _tasks(after.calls, new)
    found: list[Pair] = []
    for key in left | right:
        found += _align(left.get(key, []), right.get(key, []))
    # What a mock of the SDK kept from being sent has nothing to be compared with.
    return [
        pair
        for pair in _reunite(found)
        if pair.before or not pair.after or pair.after.test not in before.patched
    ]


def _tasks(
    calls: Iterable[SentRequest], index: SiteIndex
) -> dict[tuple[str, str, str], list[Group]]:
    tasks: dict[tuple[str, str, str], list[Group]] = defaultdict(list)
    for call in calls:
        # Inside a test the process does not matter: a runner may deal tests to any worker.
        key = (call.test or call.process, call.test, call.task)
        site, frame = index.find(call)
        if site is None and not call.llm:
            continue
        sent, groups = normalise(call), tasks[key]
        if groups and groups[-1].site == site and groups[-1].sent.signature == sent.signature:
            groups[-1].times += 1
            continue
        groups.append(
            Group(
                site=site,
                frame=frame,
                sent=sent,
                test=call.test,
                task=call.task,
                position=len(groups),
            )
        )
    return tasks


def _align(left: Sequence[Group], right: Sequence[Group]) -> Iterator[Pair]:
    """Partners in order; what has none stays alone, so that one missing request is one."""
    matcher = SequenceMatcher(
        None, [g.token for g in left], [g.token for g in right], autojunk=False
    )
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            for one, two in zip(left[i:j], right[k:m], strict=True):
                # A request that is missing or added before this one is told once, there.
                yield Pair(before=one, after=replace(two, position=one.position))
        else:
            yield from (Pair(before=one, after=None) for one in left[i:j])
            yield from (Pair(before=None, after=two) for two in right[k:m])


def _reunite(found: list[Pair]) -> list[Pair]:
    """Pair what is left over: first the same request, then the same site, then by test."""
    done = [p for p in found if p.before is not None and p.after is not None]
    lost = [p.before for p in found if p.before is not None and p.after is None]
    new = [p.after for p in found if p.after is not None and p.before is None]
    kinships: tuple[Callable[[Group, Group], bool], ...] = (
        lambda a, b: a.token == b.token and a.sent.signature == b.sent.signature,
        lambda a, b: a.token == b.token and a.test == b.test,
        lambda a, b: a.token == b.token,
        lambda a, b: a.sent.signature == b.sent.signature and a.test == b.test,
    )
    for same in kinships:
        for one in list(lost):
            partner = next((two for two in new if same(one, two)), None)
            if partner is not None:
                lost.remove(one)
                new.remove(partner)
                done.append(Pair(before=one, after=partner))
    done += [Pair(before=one, after=None) for one in lost]
    done += [Pair(before=None, after=two) for two in new]
    return done


TIME_LIMIT = "time limit"
"""The path of a change that stands for an old program that did not end."""


def outcome(before: Run, after: Run, *, output: bool) -> tuple[ChangedValue, ...]:
    """What differs in the command's own result; what it prints counts only with ``output``."""
    changes = []
    if before.exit_code is None:
        changes.append(ChangedValue(path=TIME_LIMIT, before=_code(before), after=_code(after)))
    elif before.exit_code != after.exit_code:
        changes.append(
            ChangedValue(path="exit code", before=_code(before), after=_code(after)),
        )
    for name in [*before.tests, *(n for n in after.tests if n not in before.tests)]:
        one, two = before.tests.get(name, ABSENT), after.tests.get(name, ABSENT)
        # What a failure says holds addresses and times; that it fails is what counts.
        if str(one).partition(":")[0] != str(two).partition(":")[0]:
            changes.append(ChangedValue(path=f"test {name}", before=one, after=two))
    if output:
        changes += _lines("output", before.output, after.output)
        changes += _lines("stderr", before.errors, after.errors)
    return tuple(changes)


def _code(run: Run) -> object:
    return "stopped at the time limit" if run.exit_code is None else run.exit_code


def _lines(name: str, before: str, after: str) -> Iterator[ChangedValue]:
    old, new = before.splitlines(), after.splitlines()
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag != "equal":
            yield ChangedValue(
                path=f"{name} line {i + 1}",
                before="\n".join(old[i:j]) if j > i else ABSENT,
                after="\n".join(new[k:m]) if m > k else ABSENT,
            )
