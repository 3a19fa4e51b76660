"""Virtual environments of a project: one for the program as it was, one for the migrated one.

They are the same but for the SDK: a program for openai 0.28 has its own before. A program for
openai 1 and later has LiteLLM's SDK on both sides, so that a test can only be lost by the
migration.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from projects import Project

CONSTRAINTS = Path(__file__).with_name("constraints")
_UV = (sys.executable, "-m", "uv")
_BOTH_SIDES = ("pytest>=7", "pytest-timeout")


class InstallError(Exception):
    """Something cannot be installed; the message is the installer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one side of the comparison runs with."""

    python: Path
    encodings: Path
    """tiktoken's encodings, which cannot be downloaded: LiteLLM brings them along."""

    @property
    def installed(self) -> str:
        """The same as long as the same is installed."""
        return (self.python.parents[1] / "installed.txt").read_text(encoding="utf-8")


def prepare(project: Project, source: Path, folder: Path, checkout: Path) -> tuple[Side, Side]:
    """Make what is missing, put the router of `checkout` in its place: before and after."""
    after = _environment(project, source, folder / "venv-after", _router_requirements(checkout))
    before = after
    if project.before:
        before = _environment(project, source, folder / "venv-before", project.before)
    _install(after, "--no-deps", "--reinstall", str(checkout))
    packages = next(after.parents[1].glob("lib/python*/site-packages"))
    _check_paths(project, source, packages)
    encodings = packages / "litellm" / "litellm_core_utils" / "tokenizers"
    return Side(python=before, encodings=encodings), Side(python=after, encodings=encodings)


def freeze(project: Project, python: Path) -> Path:
    """Write down what is installed, as constraints for the next time."""
    listing = _run(*_UV, "pip", "freeze", "--quiet", "--python", str(python))
    lines = [line for line in listing.splitlines() if _is_pin(line, project)]
    path = CONSTRAINTS / f"{project.name}.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _is_pin(line: str, project: Project) -> bool:
    # The SDK differs between the two sides of a program for 0.28.
    name, _, version = line.partition("==")
    return bool(version) and not (project.before and name == "openai")


def _check_paths(project: Project, source: Path, packages: Path) -> None:
    """Refuse a path on which the tests would import what is installed, not the migrated copy."""
    where = [source / folder for folder in project.pythonpath]
    for name in _own_packages(source, packages):
        if not any((folder / name).exists() for folder in where):
            raise InstallError(f"{name} is in no folder of pythonpath: {project.pythonpath}")


def _own_packages(source: Path, packages: Path) -> set[str]:
    """The names at the top of what was installed from the sources."""
    names: set[str] = set()
    for origin in packages.glob("*.dist-info/direct_url.json"):
        url = json.loads(origin.read_text(encoding="utf-8"))["url"]
        if url.startswith(source.resolve().as_uri()):
            record = (origin.parent / "RECORD").read_text(encoding="utf-8")
            names |= {path.partition(",")[0].partition("/")[0] for path in record.splitlines()}
    metadata = (".dist-info", ".pth", "..")
    return {name for name in names if not name.endswith(metadata) and name.isidentifier()}


def _router_requirements(checkout: Path) -> tuple[str, ...]:
    """LiteLLM and the SDK, at the versions that the tests of this checkout run with."""
    pins = (checkout / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return tuple(pin for pin in pins if pin.startswith(("litellm==", "openai==")))


def _environment(project: Project, source: Path, folder: Path, packages: tuple[str, ...]) -> Path:
    """`packages` are installed whatever the project says about them."""
    python = folder / "bin" / "python"
    wanted = [*project.install, *_BOTH_SIDES, *packages]
    digest = _digest(project, wanted)
    stamp = folder / "installed.txt"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return python
    _run(*_UV, "venv", "--quiet", "--clear", "--seed", "--python", sys.executable, str(folder))
    settled = [
        *_listed("--overrides", folder / "overrides.txt", packages),
        *_listed("--excludes", folder / "excludes.txt", project.without),
    ]
    constraints = CONSTRAINTS / f"{project.name}.txt"
    if constraints.is_file():
        settled += ["--constraints", str(constraints)]
    _install(python, *settled, *wanted, cwd=source)
    stamp.write_text(digest, encoding="utf-8")
    return python


def _listed(option: str, listing: Path, requirements: tuple[str, ...]) -> list[str]:
    listing.write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
    return [option, str(listing)]


def _digest(project: Project, wanted: list[str]) -> str:
    stated = json.dumps([project.commit, project.without, wanted])
    return hashlib.sha256(stated.encode()).hexdigest()


def _install(python: Path, *wanted: str, cwd: Path | None = None) -> None:
    _run(*_UV, "pip", "install", "--quiet", "--python", str(python), *wanted, cwd=cwd)


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallError(f"{' '.join(command[:3])}: {done.stderr.strip()}")
    return done.stdout
