"""Tags of YAML that name Python objects."""

from __future__ import annotations

from typing import Any

_PYTHON = ("!!python/", "tag:yaml.org,2002:python/", "!python/")
_PLAIN = ("python/str", "python/unicode", "python/none", "python/bool", "python/int")


def python_tags(content: bytes) -> dict[str, int]:
    """The tags, each with the line of its first use; of a damaged file, those before the damage.

    Those of plain strings and numbers make nothing, and are left out.
    """
    if b"python/" not in content:
        return {}
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, int] = {}
    try:
        for token in yaml.scan(content, Loader=loader):
            if isinstance(token, yaml.TagToken):
                tag = "".join(part or "" for part in token.value)
                if tag.startswith(_PYTHON) and not tag.endswith(_PLAIN):
                    found.setdefault(tag, token.start_mark.line + 1)
    except (yaml.YAMLError, UnicodeDecodeError):
        return found
    return found
