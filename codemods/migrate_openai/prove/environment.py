"""The environment of a command: the hook, an empty home, no proxy to anywhere, and no real key."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from codemods.migrate_openai.prove.scratch import Scratch
from personalvibe.replay.redaction.shapes import shape_hits

_QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "HF_HUB_OFFLINE": "1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "ANONYMIZED_TELEMETRY": "False",
}
# A port on which nothing can listen, for programs that no hook reaches.
_NOWHERE = "http://127.0.0.1:9"
_SECRET = re.compile(
    r"(^|_)(\w*A?P?I_?KEYS?|KEYS?|PAT|TOKEN|AUTH|\w*SECRETS?|PASSWORD|PASSWD|PASSPHRASE"
    r"|CREDENTIALS?|ORG_ID|ORGANIZATION)(_|$)",
    re.IGNORECASE,
)
_SETTING = re.compile(r"\d{0,8}|true|false|yes|no|on|off|none", re.IGNORECASE)
_LOGIN = re.compile(r"://[^/@\s]+@")
# Servers of the user's session, which would act for the program outside of its copy.
_SERVERS = ("SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "DOCKER_HOST")


def compose(place: Scratch, caller: Mapping[str, str], python: Path | None) -> dict[str, str]:
    """For a command in the copy; ``python``: the interpreter whose folder goes first in PATH."""
    env = {name: moved(value, place) for name, value in without_keys(caller).items()}
    env |= {**_QUIET, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    env.setdefault("OPENAI_API_KEY", "sk-stand-in")
    env.pop("PYTEST_CURRENT_TEST", None)  # of a test that runs the proof
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(place.hook), env.get("PYTHONPATH", "")]))
    plugins = [p for p in caller.get("PYTEST_PLUGINS", "").split(",") if p]
    env["PYTEST_PLUGINS"] = ",".join([*plugins, "migrate_proof_pytest"])
    env |= _home(place, caller)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        env[name] = env[name.lower()] = _NOWHERE
    env["NO_PROXY"] = env["no_proxy"] = "127.0.0.1,localhost,::1"
    if python is not None:
        env["PATH"] = os.pathsep.join([str(python.parent), caller.get("PATH", "")])
        env.pop("PYTHONHOME", None)
    return env


def without_keys(caller: Mapping[str, str]) -> dict[str, str]:
    """The variables, with a dummy in the place of every key."""
    return {
        name: _dummy(name) if _is_secret(name, value) else _LOGIN.sub("://dummy:dummy@", value)
        for name, value in caller.items()
        if name not in _SERVERS
    }


def _is_secret(name: str, value: str) -> bool:
    if _SETTING.fullmatch(value):
        return False
    if _SECRET.search(name):
        return True
    return not value.startswith(os.sep) and any(True for _ in shape_hits(value))


def _dummy(name: str) -> str:
    return "sk-stand-in" if name == "OPENAI_API_KEY" else f"dummy-{name.lower().replace('_', '-')}"


def _home(place: Scratch, caller: Mapping[str, str]) -> dict[str, str]:
    """An empty home for every run: no cache of the one before, and nothing left in the user's."""
    home = place.home / "user"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    real = Path(caller.get("HOME") or Path.home())
    kept = {
        "PYENV_ROOT": real / ".pyenv",
        "PYTHONUSERBASE": real / ".local",
        "HF_HOME": real / ".cache" / "huggingface",
    }
    found = {
        name: str(path)
        for name, path in kept.items()
        if name not in caller and os.access(path, os.R_OK)
    }
    folders = {
        "CACHE": ".cache",
        "CONFIG": ".config",
        "DATA": ".local/share",
        "STATE": ".local/state",
    }
    xdg = {f"XDG_{name}_HOME": str(home / path) for name, path in folders.items()}
    return {**found, **xdg, "HOME": str(home)}


def moved(paths: str, place: Scratch) -> str:
    """Paths into the project, joined as in PATH, as paths into its copy."""
    return os.pathsep.join(_moved(path, place) for path in paths.split(os.pathsep))


def _moved(path: str, place: Scratch) -> str:
    origin = str(place.origin)
    if path != origin and not path.startswith(origin + os.sep):
        return path
    there = Path(str(place.root) + path[len(origin) :])
    # What was not copied (an environment, caches) stays; what is not there yet is to be written.
    fresh = not Path(path).exists() and there.parent.exists()
    return str(there) if fresh or there.exists() else path
