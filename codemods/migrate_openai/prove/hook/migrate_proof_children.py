"""The Python processes that the program starts get this hook, whatever they are started with.

Needed where the kernel does not keep the program off the network: -I, -E, -S and a cleaned
environment would start an interpreter that no hook reaches.
"""

from __future__ import annotations

import functools
import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_PASSED_ON = ("PYTHONPATH", "PYTEST_PLUGINS", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_PYTHON = re.compile(r"(python|pypy)[\d.]*(\.exe)?$")
# Options of one letter that can stand together; those that take a value end them.
_LETTERS = re.compile(r"-[bBdEhiIOPqRsSuvVx?]+$")
_WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")

_variables: dict[str, str] = {}


def follow() -> None:
    """Called at the start, while the environment is what the proof made it."""
    for name in _PASSED_ON:
        for spelling in (name, name.lower()):
            if spelling in os.environ:
                _variables[spelling] = os.environ[spelling]
    for name, place in _WITH_ENVIRONMENT.items():
        if hasattr(os, name):
            setattr(os, name, _hooked(getattr(os, name), place))
    system = os.system
    setattr(os, "system", lambda command: system(shell(os.fsdecode(command))))  # noqa: B010


def patch_subprocess(module: Any) -> None:
    popen = module.Popen.__init__

    @functools.wraps(popen)
    def started(self: Any, args: Any, *rest: Any, **options: Any) -> None:
        if isinstance(args, (list, tuple)):
            args = arguments(args)
        else:
            args = shell(args) if isinstance(args, str) else args
        if options.get("env") is not None:
            options["env"] = environment(options["env"])
        popen(self, args, *rest, **options)

    module.Popen.__init__ = started


def arguments(given: Any) -> list[Any]:
    """The command without what keeps the interpreter from loading the hook."""
    words = list(given)
    start = next((n for n, word in enumerate(words) if _is_python(word)), None)
    if start is None:
        return words
    n = start + 1
    while n < len(words) and isinstance(words[n], str) and words[n].startswith("-"):
        if words[n] in _WITH_VALUE:
            n += 2
            continue
        if not _LETTERS.match(words[n]):
            break
        words[n] = _option(words[n])
        n += 1
    return [word for word in words if word is not None]


def _option(letters: str) -> str | None:
    left = "".join(letter for letter in letters[1:] if letter not in "EIS")
    if "I" in letters and "s" not in left:
        left += "s"  # the part of -I that leaves the hook alone
    return "-" + left if left else None


def shell(text: str) -> str:
    """A command for a shell: the options of every interpreter in it that is written out."""
    text = re.sub(r"\benv\s+(-i|-|--ignore-environment)(?=\s)", "env", text)
    return re.sub(
        r"((?:python|pypy)[\d.]*)((?:\s+-[bBdEiIOPqRsSuvx]+(?=\s))+)",
        lambda found: " ".join([found[1], *filter(None, map(_option, found[2].split()))]),
        text,
    )


def environment(given: Mapping[Any, Any]) -> dict[Any, Any]:
    """The environment with what loads the hook."""
    as_bytes = any(isinstance(name, bytes) for name in given)
    found = dict(given)
    for name, value in _variables.items():
        key, setting = (name.encode(), value.encode()) if as_bytes else (name, value)
        if name == "PYTHONPATH" and found.get(key):
            hook = value.partition(os.pathsep)[0]
            paths = os.fsdecode(found[key]).split(os.pathsep)
            joined = os.pathsep.join([hook, *(path for path in paths if path != hook)])
            setting = joined.encode() if as_bytes else joined
        found[key] = setting
    return found


def _is_python(word: Any) -> bool:
    try:
        return bool(_PYTHON.match(os.path.basename(os.fsdecode(word))))  # noqa: PTH119
    except TypeError:
        return False


def _hooked(call: Callable[..., Any], place: int) -> Callable[..., Any]:
    """``place``: where the environment stands among the arguments; 0 where there is none."""

    @functools.wraps(call)
    def started(path: Any, words: Any, *rest: Any, **options: Any) -> Any:
        if place and rest:
            rest = (environment(rest[0]), *rest[1:])
        if not isinstance(words, (list, tuple)):
            return call(path, words, *rest, **options)
        first = [path, *words[1:]] if _is_python(path) else words
        return call(path, [*words[:1], *arguments(first)[1:]], *rest, **options)

    return started


_WITH_ENVIRONMENT = {"execv": 0, "execve": 2, "posix_spawn": 2, "posix_spawnp": 2}

PATCHES = {"subprocess": patch_subprocess}
