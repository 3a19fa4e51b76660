"""Look into what was built: ``python .ci/distributions.py dist``. Exits with 1 at a surprise."""

from __future__ import annotations

import re
import sys
import tarfile
import zipfile
from pathlib import Path

# The first parts of the paths in a wheel.
PACKAGES = {"codemods", "personalvibe"}
# What the README's commands use, and somebody who goes on from the sources.
NEEDED = (
    ".ci/constraints.txt",
    ".ci/run",
    ".github/CONTRIBUTING.md",
    ".justfile",
    "LICENSE",
    "README.md",
    "cassettes/quickstart.yaml",
    "docs/examples/quickstart/prompts/quickstart/1.0.0.yaml",
    "docs/examples/support_desk/desk/clients.py",
    "docs/images/demo.svg",
    "pyproject.toml",
    "tests/conftest.py",
    "tests/test_docs.py",
)


def strays(wheel: Path) -> set[str]:
    """What a wheel has beside its packages and their metadata."""
    with zipfile.ZipFile(wheel) as archive:
        found = {name.partition("/")[0] for name in archive.namelist()}
    return {name for name in found - PACKAGES if not name.endswith(".dist-info")}


def missing(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}
    return set(NEEDED) - found


def relative_links(wheel: Path) -> list[str]:
    """Links of the page on a package index that lead nowhere there."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        page = archive.read(name).decode("utf-8")
    return re.findall(r"\]\((?!https://|#)([^)]*)\)", page)


def main(folder: str) -> int:
    (wheel,), (sdist,) = Path(folder).glob("*.whl"), Path(folder).glob("*.tar.gz")
    problems = [f"{wheel.name} has {name}" for name in sorted(strays(wheel))]
    problems += [f"{sdist.name} lacks {name}" for name in sorted(missing(sdist))]
    problems += [f"{wheel.name} shows the link {link}" for link in relative_links(wheel)]
    print("\n".join(problems) or f"{wheel.name} and {sdist.name} have what they should")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
