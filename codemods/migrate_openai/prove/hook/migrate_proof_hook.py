# ruff: noqa: PTH110, UP031
"""What a proof changes inside the processes of the program proved.

Every HTTP request is written to a log with the place that sent it. Requests to LLM providers go to
the stand-in on loopback instead; nothing else leaves the machine. Loaded by the interpreters of
the programs proved: Python 3.8, standard library only, nothing imported before its time.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codemods.migrate_openai.prove.hook import migrate_proof_children as children
    from codemods.migrate_openai.prove.hook import migrate_proof_clients as clients
    from codemods.migrate_openai.prove.hook import migrate_proof_network as network
    from codemods.migrate_openai.prove.hook import migrate_proof_places as places
    from codemods.migrate_openai.prove.hook import migrate_proof_state as state
else:
    import migrate_proof_children as children
    import migrate_proof_clients as clients
    import migrate_proof_network as network
    import migrate_proof_places as places
    import migrate_proof_state as state


def install(here: str) -> None:
    """Take hold of the process; ``here``: the folder of this file and of settings.json."""
    state.load(here)
    _move_paths()
    state.write(
        {"kind": "python", "path": sys.executable, "version": "%d.%d.%d" % sys.version_info[:3]}
    )
    sys.addaudithook(network.guard)
    places.follow()
    if state.settings["isolation"] == "hooks":
        children.follow()
        clients.PATCHES.update(children.PATCHES)
    sys.meta_path.insert(0, clients.AfterImport())


def _move_paths() -> None:
    """An editable install points at the user's tree: point it at the copy."""
    origin, root = str(state.settings["origin"]), str(state.settings["root"])

    def moved(path: str) -> str:
        if path == origin or path.startswith(origin + os.sep):
            new = root + path[len(origin) :]
            if os.path.exists(new):
                return new
        return path

    sys.path[:] = [moved(entry) if isinstance(entry, str) else entry for entry in sys.path]
    for name, module in list(sys.modules.items()):
        mapping = getattr(module, "MAPPING", None)
        if name.startswith("__editable__") and isinstance(mapping, dict):
            mapping.update({key: moved(value) for key, value in mapping.items()})
