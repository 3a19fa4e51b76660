"""The context of a large tree, as a multiple of the least that has to be done."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from personalvibe.context import get_context

FILES = 20_000
BAR = 8.0


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    text = "def f(x):\n    return x + 1\n" * 20
    for number in range(FILES):
        folder = root / f"src/p{number % 20}/q{number % 200}"
        if number < 200:
            folder.mkdir(parents=True)
        suffix = (".py", ".py", ".md", ".log")[number % 4]
        (folder / f"m{number}{suffix}").write_text(text)
    (root / ".gitignore").write_text("*.log\n__pycache__/\nbuild/\n.venv/\n*.egg-info/\n/data/\n")
    (root / "src/p1/.gitignore").write_text("*.md\n!m1.md\n")
    (root / "all.txt").write_text("**\nX src/p0/\n")
    (root / "few.txt").write_text("src/p2/q2/*.md\n")
    return root


def read_everything(root: Path) -> int:
    """Walk and read, nothing else."""
    return sum(
        len(Path(folder, name).read_bytes()) for folder, _, names in os.walk(root) for name in names
    )


def test_a_tree_of_20000_files(tree: Path) -> None:
    read_everything(tree)  # both sides find the files in the system's cache
    start = time.perf_counter()
    read_everything(tree)
    least = time.perf_counter() - start
    start = time.perf_counter()
    found = get_context(["all.txt"], tree)
    took = time.perf_counter() - start
    print(f"{len(found.files):,} of {FILES:,} files in {took:.2f} s, {took / least:.1f} x reading")
    assert len(found.files) > FILES / 2
    assert took / least <= BAR


def test_a_few_files_of_a_large_tree_need_no_walk(tree: Path) -> None:
    start = time.perf_counter()
    everything = get_context(["all.txt"], tree)
    middle = time.perf_counter()
    few = get_context(["few.txt"], tree)
    took = time.perf_counter() - middle
    assert 0 < len(few.files) < len(everything.files) / 50
    assert took < (middle - start) / 20
