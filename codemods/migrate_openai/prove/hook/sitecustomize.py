# ruff: noqa: PTH100, PTH120
# Runs at the start of every Python process of a proof, found through PYTHONPATH.
# Python 3.8 and the standard library: it is loaded by the interpreters of the programs proved.
import os
import sys


def _chain(here: str) -> None:
    """Run the sitecustomize that this one hides, as Python would have."""
    import importlib.machinery
    import importlib.util

    path = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


_here = os.path.dirname(os.path.abspath(__file__))
TYPE_CHECKING = False
if TYPE_CHECKING:
    from codemods.migrate_openai.prove.hook import migrate_proof_hook as hook
else:
    import migrate_proof_hook as hook

hook.install(_here)
_chain(_here)
