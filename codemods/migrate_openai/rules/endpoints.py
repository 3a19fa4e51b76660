"""Calls for what a server keeps: files, batches, threads. The router names them as LiteLLM does."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Call
from codemods.migrate_openai.rules.sdk_names import RESOURCES

# By rule, a line a call: the SDK's method, the router's function, and what it takes by position.
_TEXTS = {
    "MOA171": """
files.create            create_file
files.list              file_list
files.retrieve          file_retrieve  file_id
files.delete            file_delete    file_id
files.content           file_content   file_id
files.retrieve_content  file_content   file_id
""",
    "MOA172": """
batches.create    create_batch
batches.list      list_batches
batches.retrieve  retrieve_batch  batch_id
batches.cancel    cancel_batch    batch_id
""",
    "MOA173": """
fine_tuning.jobs.create    create_fine_tuning_job
fine_tuning.jobs.list      list_fine_tuning_jobs
fine_tuning.jobs.retrieve  retrieve_fine_tuning_job  fine_tuning_job_id
fine_tuning.jobs.cancel    cancel_fine_tuning_job    fine_tuning_job_id
""",
    "MOA174": """
vector_stores.create          vector_store_create
vector_stores.list            vector_store_list
vector_stores.retrieve        vector_store_retrieve       vector_store_id
vector_stores.update          vector_store_update         vector_store_id
vector_stores.delete          vector_store_delete         vector_store_id
vector_stores.search          vector_store_search         vector_store_id
vector_stores.files.create    vector_store_file_create    vector_store_id
vector_stores.files.list      vector_store_file_list      vector_store_id
vector_stores.files.retrieve  vector_store_file_retrieve  file_id
vector_stores.files.update    vector_store_file_update    file_id
vector_stores.files.delete    vector_store_file_delete    file_id
vector_stores.files.content   vector_store_file_content   file_id
""",
    "MOA175": """
beta.assistants.list          get_assistants
beta.assistants.create        create_assistants
beta.assistants.delete        delete_assistant  assistant_id
beta.threads.create           create_thread
beta.threads.retrieve         get_thread        thread_id
beta.threads.messages.create  add_message       thread_id
beta.threads.messages.list    get_messages      thread_id
beta.threads.runs.create      run_thread        thread_id
""",
    "MOA176": """
containers.create                  create_container
containers.list                    list_containers
containers.retrieve                retrieve_container               container_id
containers.delete                  delete_container                 container_id
containers.files.create            upload_container_file            container_id
containers.files.list              list_container_files             container_id
containers.files.retrieve          retrieve_container_file          file_id
containers.files.delete            delete_container_file            file_id
containers.files.content.retrieve  retrieve_container_file_content  file_id
""",
    "MOA177": """
videos.create            video_generation
videos.list              video_list
videos.retrieve          video_status         video_id
videos.download_content  video_content        video_id
videos.remix             video_remix          video_id
videos.edit              video_edit
videos.extend            video_extension
videos.create_character  video_create_character
videos.get_character     video_get_character  character_id
""",
    "MOA178": """
evals.create         create_eval
evals.list           list_evals
evals.retrieve       get_eval     eval_id
evals.update         update_eval  eval_id
evals.delete         delete_eval  eval_id
evals.runs.create    create_run   eval_id
evals.runs.list      list_runs    eval_id
evals.runs.retrieve  get_run      run_id
evals.runs.cancel    cancel_run   run_id
evals.runs.delete    delete_run   run_id
""",
    "MOA179": """
responses.input_items.list  list_input_items   response_id
responses.compact           compact_responses
""",
    "MOA181": """
realtime.client_secrets.create  create_realtime_client_secret
""",
    "MOA184": """
models.list      list_models
models.retrieve  retrieve_model  model
models.delete    delete_model    model
""",
}


def _calls(text: str) -> tuple[Call, ...]:
    rows = [line.split() for line in text.strip().splitlines()]
    # Vector stores began as a beta.
    rows += [[f"beta.{row[0]}", *row[1:]] for row in rows if row[0].startswith("vector_stores.")]
    return tuple(
        Call(sdk=sdk, function=function, has_model=False, positional=tuple(positional))
        for sdk, function, *positional in rows
    )


CALLS = {rule: _calls(text) for rule, text in _TEXTS.items()}

# What else has the SDK's spelling on a router client, and goes through LiteLLM: methods that call
# those above, and those that LiteLLM has no function for and passes through.
_RESOURCES = {
    "files": "MOA171",
    "batches": "MOA172",
    "fine_tuning": "MOA173",
    "vector_stores": "MOA174",
    "beta.vector_stores": "MOA174",
    "beta.assistants": "MOA175",
    "beta.threads": "MOA175",
    "containers": "MOA176",
    "videos": "MOA177",
    "evals": "MOA178",
    "responses.input_tokens": "MOA179",
}
# What the SDK that LiteLLM brings does not have any more.
_GONE = ("beta.assistants.files.", "beta.threads.messages.files.", "fine_tunes.", "edits.")
PASSED_THROUGH = "MOA185"
_RAW = frozenset({"with_raw_response", "with_streaming_response"})
# The methods of a client that send whatever the program says.
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "get_api_list", "request"})


def is_gone(path: str) -> bool:
    """Had the SDK this method once?"""
    return path.startswith(_GONE)


def plain(path: str) -> str:
    """A method that hands out the HTTP response, as the one that hands out what is in it."""
    return ".".join(part for part in path.split(".") if part not in _RAW)


def rule_as_spelled(path: str) -> str:
    """The rule of a method of the SDK that keeps its spelling; "": it is none of those.

    Sockets are no requests, and LiteLLM passes none through.
    """
    resource, _, method = path.rpartition(".")
    if is_gone(path) or method == "connect" or plain(path) != path:
        return ""
    if resource.partition(".")[0] not in RESOURCES:
        return PASSED_THROUGH if path in _VERBS else ""
    found = (rule for resource, rule in _RESOURCES.items() if path.startswith(f"{resource}."))
    return next(found, PASSED_THROUGH)


# Methods that others call on clients, as the SDK spells them.
SPELLINGS = (
    *("create_and_poll", "upload_and_poll", "wait_for_processing", "submit_tool_outputs"),
    *("submit_tool_outputs_and_poll", "create_and_run", "create_and_run_poll", "list_events"),
)
