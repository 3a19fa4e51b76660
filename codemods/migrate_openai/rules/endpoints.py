"""Calls for what a server keeps: files, batches, threads. The router names them as LiteLLM does."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import calls_by_rule
from codemods.migrate_openai.rules.sdk_names import RESOURCES

# A line a call: see `calls_by_rule`.
_TEXT = """
MOA171 files.create                      create_file
MOA171 files.list                        file_list
MOA171 files.retrieve                    file_retrieve                   file_id
MOA171 files.delete                      file_delete                     file_id
MOA171 files.content                     file_content                    file_id
MOA171 files.retrieve_content            file_content                    file_id
MOA172 batches.create                    create_batch
MOA172 batches.list                      list_batches
MOA172 batches.retrieve                  retrieve_batch                  batch_id
MOA172 batches.cancel                    cancel_batch                    batch_id
MOA173 fine_tuning.jobs.create           create_fine_tuning_job
MOA173 fine_tuning.jobs.list             list_fine_tuning_jobs
MOA173 fine_tuning.jobs.retrieve         retrieve_fine_tuning_job        fine_tuning_job_id
MOA173 fine_tuning.jobs.cancel           cancel_fine_tuning_job          fine_tuning_job_id
MOA174 vector_stores.create              vector_store_create
MOA174 vector_stores.list                vector_store_list
MOA174 vector_stores.retrieve            vector_store_retrieve           vector_store_id
MOA174 vector_stores.update              vector_store_update             vector_store_id
MOA174 vector_stores.delete              vector_store_delete             vector_store_id
MOA174 vector_stores.search              vector_store_search             vector_store_id
MOA174 vector_stores.files.create        vector_store_file_create        vector_store_id
MOA174 vector_stores.files.list          vector_store_file_list          vector_store_id
MOA174 vector_stores.files.retrieve      vector_store_file_retrieve      file_id
MOA174 vector_stores.files.update        vector_store_file_update        file_id
MOA174 vector_stores.files.delete        vector_store_file_delete        file_id
MOA174 vector_stores.files.content       vector_store_file_content       file_id
MOA175 beta.assistants.list              get_assistants
MOA175 beta.assistants.create            create_assistants
MOA175 beta.assistants.delete            delete_assistant                assistant_id
MOA175 beta.threads.create               create_thread
MOA175 beta.threads.retrieve             get_thread                      thread_id
MOA175 beta.threads.messages.create      add_message                     thread_id
MOA175 beta.threads.messages.list        get_messages                    thread_id
MOA175 beta.threads.runs.create          run_thread                      thread_id
MOA176 containers.create                 create_container
MOA176 containers.list                   list_containers
MOA176 containers.retrieve               retrieve_container              container_id
MOA176 containers.delete                 delete_container                container_id
MOA176 containers.files.create           upload_container_file           container_id
MOA176 containers.files.list             list_container_files            container_id
MOA176 containers.files.retrieve         retrieve_container_file         file_id
MOA176 containers.files.delete           delete_container_file           file_id
MOA176 containers.files.content.retrieve retrieve_container_file_content file_id
MOA177 videos.create                     video_generation
MOA177 videos.list                       video_list
MOA177 videos.retrieve                   video_status                    video_id
MOA177 videos.download_content           video_content                   video_id
MOA177 videos.remix                      video_remix                     video_id
MOA177 videos.edit                       video_edit
MOA177 videos.extend                     video_extension
MOA177 videos.create_character           video_create_character
MOA177 videos.get_character              video_get_character             character_id
MOA178 evals.create                      create_eval
MOA178 evals.list                        list_evals
MOA178 evals.retrieve                    get_eval                        eval_id
MOA178 evals.update                      update_eval                     eval_id
MOA178 evals.delete                      delete_eval                     eval_id
MOA178 evals.runs.create                 create_run                      eval_id
MOA178 evals.runs.list                   list_runs                       eval_id
MOA178 evals.runs.retrieve               get_run                         run_id
MOA178 evals.runs.cancel                 cancel_run                      run_id
MOA178 evals.runs.delete                 delete_run                      run_id
MOA179 responses.input_items.list        list_input_items                response_id
MOA179 responses.compact                 compact_responses
MOA181 realtime.client_secrets.create    create_realtime_client_secret
MOA184 models.list                       list_models
MOA184 models.retrieve                   retrieve_model                  model
MOA184 models.delete                     delete_model                    model
"""
# Vector stores began as a beta.
_STORES = [line for line in _TEXT.splitlines(keepends=True) if " vector_stores." in line]
_BETA = "".join(_STORES).replace(" vector_stores.", " beta.vector_stores.")
CALLS = calls_by_rule(_TEXT + _BETA, has_model=False)

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
