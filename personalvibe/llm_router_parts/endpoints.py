"""What is asked of a server besides a model: files, batches, fine-tuning, stores, threads, ...

Each is known by the request that the SDK's methods build, so that whatever leads to it goes to
LiteLLM: a page, a helper that waits, the raw response, a stream.
"""

from __future__ import annotations

import functools
from importlib import import_module
from typing import Any, NamedTuple

from .packages import load_litellm


class Endpoint(NamedTuple):
    """One request of the SDK, and LiteLLM's function for it.

    Attributes:
        name: the router's function; the asynchronous twin has an ``a`` before it.
        shape: the method of the SDK's client.
        request: its method and path; what stands in brackets is of some of the SDK's releases.
        litellm: LiteLLM's function, with its module where that is not LiteLLM itself; "": none.
        handler: LiteLLM's module whose handlers send it with the SDK; "": it has an HTTP handler.
        azure: LiteLLM's azure provider knows it; its openai provider is told otherwise.
        passed_on: why LiteLLM cannot send it, to OpenAI or Azure.
        only_async: why only asynchronous clients go by LiteLLM.
    """

    name: str
    shape: str
    request: str
    litellm: str
    handler: str = ""
    azure: bool = True
    passed_on: str = ""
    only_async: str = ""


_HANDLERS = ("assistants", "batches", "files", "fine_tuning")


#: The SDK's resources that LiteLLM's handlers ask.
HANDLED = ("batches", "beta", "files", "fine_tuning")


def _rows(area: str, text: str, litellm: str = "{name}", **more: Any) -> list[Endpoint]:
    """
    Args:
        area: LiteLLM's module for these.
        text: the SDK's resource and its path; then a line an endpoint: name, method of the
            resource, request.
        litellm: what LiteLLM calls the function of a *name* or a *method*.
    """
    (resource, base), *rows = (line.split() for line in text.strip().splitlines())
    handler = area if area in _HANDLERS else ""
    return [
        Endpoint(
            name=name,
            shape=f"{resource}.{method}",
            request=f"{verb} {base}{path.rstrip('/')}",
            litellm=litellm.format(name=name, method=method),
            handler=handler,
            **more,
        )
        for name, method, verb, path in rows
    ]


_FILES = """
files           /files
create_file     create    POST    /
file_list       list      GET     /
file_retrieve   retrieve  GET     /{file_id}
file_delete     delete    DELETE  /{file_id}
file_content    content   GET     /{file_id}/content
"""


_BATCHES = """
batches         /batches
create_batch    create    POST  /
list_batches    list      GET   /
retrieve_batch  retrieve  GET   /{batch_id}
cancel_batch    cancel    POST  /{batch_id}/cancel
"""


_FINE_TUNING = """
fine_tuning.jobs          /fine_tuning/jobs
create_fine_tuning_job    create    POST  /
list_fine_tuning_jobs     list      GET   /
retrieve_fine_tuning_job  retrieve  GET   /{fine_tuning_job_id}
cancel_fine_tuning_job    cancel    POST  /{fine_tuning_job_id}/cancel
"""


_ASSISTANTS = """
beta.assistants    /assistants
get_assistants     list    GET     /
create_assistants  create  POST    /
delete_assistant   delete  DELETE  /{assistant_id}
"""


_THREADS = """
beta.threads   /threads
create_thread  create           POST  /
get_thread     retrieve         GET   /{thread_id}
add_message    messages.create  POST  /{thread_id}/messages
get_messages   messages.list    GET   /{thread_id}/messages
run_thread     runs.create      POST  /{thread_id}/runs
"""


_VECTOR_STORES = """
vector_stores          /vector_stores
vector_store_create    create    POST    /
vector_store_list      list      GET     /
vector_store_retrieve  retrieve  GET     /{vector_store_id}
vector_store_update    update    POST    /{vector_store_id}
vector_store_delete    delete    DELETE  /{vector_store_id}
vector_store_search    search    POST    /{vector_store_id}/search
"""


_VECTOR_STORE_FILES = """
vector_stores.files         /vector_stores/{vector_store_id}/files
vector_store_file_create    create    POST    /
vector_store_file_list      list      GET     /
vector_store_file_retrieve  retrieve  GET     /{file_id}
vector_store_file_update    update    POST    /{file_id}
vector_store_file_delete    delete    DELETE  /{file_id}
vector_store_file_content   content   GET     /{file_id}/content
"""


_CONTAINERS = """
containers             /containers
create_container       create        POST    /
list_containers        list          GET     /
retrieve_container     retrieve      GET     /{container_id}
delete_container       delete        DELETE  /{container_id}
upload_container_file  files.create  POST    /{container_id}/files
list_container_files   files.list    GET     /{container_id}/files
"""


_CONTAINER_FILES = """
containers.files                 /containers/{container_id}/files/{file_id}
retrieve_container_file          retrieve          GET     /
delete_container_file            delete            DELETE  /
retrieve_container_file_content  content.retrieve  GET     /content
"""


_VIDEOS = """
videos                  /videos
video_generation        create            POST  /
video_edit              edit              POST  /edits
video_extension         extend            POST  /extensions
video_create_character  create_character  POST  /characters
video_get_character     get_character     GET   /characters/{character_id}
video_status            retrieve          GET   /{video_id}
video_content           download_content  GET   /{video_id}/content
video_remix             remix             POST  /{video_id}/remix
"""


_VIDEO_LIST = """
videos      /videos
video_list  list  GET  /
"""


_EVALS = """
evals        /evals
create_eval  create         POST    /
list_evals   list           GET     /
get_eval     retrieve       GET     /{eval_id}
update_eval  update         POST    /{eval_id}
delete_eval  delete         DELETE  /{eval_id}
create_run   runs.create    POST    /{eval_id}/runs
list_runs    runs.list      GET     /{eval_id}/runs
get_run      runs.retrieve  GET     /{eval_id}/runs/{run_id}
cancel_run   runs.cancel    POST    /{eval_id}/runs/{run_id}[/cancel]
delete_run   runs.delete    DELETE  /{eval_id}/runs/{run_id}
"""


_SKILLS = """
skills        /skills
create_skill  create    POST    /
list_skills   list      GET     /
get_skill     retrieve  GET     /{skill_id}
delete_skill  delete    DELETE  /{skill_id}
"""


_MODELS = """
models          /models
list_models     list      GET     /
retrieve_model  retrieve  GET     /{model}
delete_model    delete    DELETE  /{model}
"""


_RESPONSES = """
responses          /responses
list_input_items   input_items.list  GET   /{response_id}/input_items
compact_responses  compact           POST  /compact
"""


_REALTIME = """
realtime                       /realtime
create_realtime_client_secret  client_secrets.create  POST  /client_secrets
"""


ENDPOINTS: dict[str, Endpoint] = {
    endpoint.name: endpoint
    for endpoint in (
        *_rows("files", _FILES),
        *_rows("batches", _BATCHES),
        *_rows("fine_tuning", _FINE_TUNING),
        *_rows("assistants", _ASSISTANTS),
        *_rows("assistants", _THREADS),
        *_rows("vector_stores", _VECTOR_STORES, litellm="vector_stores.main.{method}"),
        *_rows("vector_store_files", _VECTOR_STORE_FILES, azure=False),
        *_rows("containers", _CONTAINERS),
        *_rows("containers", _CONTAINER_FILES, litellm="containers.{name}"),
        *_rows("videos", _VIDEOS),
        *_rows("videos", _VIDEO_LIST, only_async="LiteLLM's other function runs an event loop"),
        *_rows("evals", _EVALS, azure=False),
        *_rows("skills", _SKILLS, passed_on="LiteLLM's skills are Anthropic's"),
        *_rows("models", _MODELS, litellm="", passed_on="LiteLLM has no function for it"),
        *_rows("responses", _RESPONSES),
        *_rows("realtime", _REALTIME, passed_on="LiteLLM tells the provider by the model's name"),
    )
}


#: For every other request of the SDK: LiteLLM passes it through.
PASSAGE = Endpoint("llm_passthrough_route", "", "", "llm_passthrough_route", azure=False)


_Paths = dict[tuple[str, int], list[tuple[list[str], Endpoint]]]


@functools.cache
def _by_request() -> _Paths:
    found: _Paths = {}
    for endpoint in ENDPOINTS.values():
        verb, _, path = endpoint.request.partition(" ")
        short, *_ = path.split("[")
        for form in {short, path.replace("[", "").replace("]", "")}:
            parts = form.split("/")
            found.setdefault((verb, len(parts)), []).append((parts, endpoint))
    return found


def endpoint_of(verb: str, path: str) -> tuple[Endpoint | None, dict[str, str]]:
    """The endpoint of a request, and the ids in its path."""
    asked = path.partition("?")[0].split("/")
    for parts, endpoint in _by_request().get((verb.upper(), len(asked)), ()):
        pairs = list(zip(parts, asked, strict=True))
        if all(part == given or part[:1] == "{" for part, given in pairs):
            return endpoint, {part[1:-1]: given for part, given in pairs if part[:1] == "{"}
    return None, {}


def endpoint_name(name: str) -> tuple[str, bool]:
    """(the endpoint of a function's name, is it the asynchronous twin?); no endpoint: ""."""
    if name in ENDPOINTS:
        return name, False
    return (name[1:], True) if name[:1] == "a" and name[1:] in ENDPOINTS else ("", False)


def leads_to_endpoint(path: str) -> bool:
    """Is this, or a part of it, a resource whose methods send what LiteLLM has a function for?"""
    return any(f"{e.shape}.".startswith(f"{path}.") for e in ENDPOINTS.values() if e.litellm)


def litellm_twin(endpoint: Endpoint, is_async: bool) -> Any:
    """LiteLLM's function of an endpoint; None: the installed one has none."""
    if endpoint.only_async and not is_async:
        return None
    litellm = load_litellm()
    module, _, name = endpoint.litellm.rpartition(".")
    try:
        place = import_module(f"litellm.{module}") if module else litellm
    except ImportError:
        return None
    twins = (f"a{name}", f"a_{name}") if is_async else (name,)
    return next((getattr(place, twin) for twin in twins if hasattr(place, twin)), None)
