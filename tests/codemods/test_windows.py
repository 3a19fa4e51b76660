"""What paths of Windows become, asked on any system."""

from __future__ import annotations

from pathlib import PureWindowsPath

import pytest

from codemods.migrate_openai.cli.json_sarif import uri
from codemods.migrate_openai.cli.printable import patch_name


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (r"src\app\main.py", "src/app/main.py"),
        (r"my notes\größe.ipynb", "my%20notes/gr%C3%B6%C3%9Fe.ipynb"),
        (r"C:\my work\a.py", "file:///C:/my%20work/a.py"),
        (r"\\server\share\a.py", "file://server/share/a.py"),
    ],
)
def test_sarif_has_addresses(path: str, expected: str) -> None:
    assert uri(PureWindowsPath(path)) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (r"src\app\main.py", "src/app/main.py"),
        (r"C:\my work\a.ipynb:cell 3", "C:/my work/a.ipynb:cell 3"),
        ("src\\\u202eyp.py", r'"src/\342\200\256yp.py"'),
    ],
)
def test_the_heads_of_a_diff_have_slashes(path: str, expected: str) -> None:
    assert patch_name(PureWindowsPath(path)) == expected
