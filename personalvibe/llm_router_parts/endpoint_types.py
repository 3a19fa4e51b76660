"""The functions of endpoints, for editors and type checkers: the SDK's parameters and replies.

Nothing here exists when a program runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload

_P = ParamSpec("_P")
_R = TypeVar("_R", covariant=True)


class _EndpointFunction(Protocol[_P, _R]):
    """A method of the SDK; with an option of the router beside them, its arguments are any."""

    @overload
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R: ...
    @overload
    def __call__(self, *args: Any, provider: str, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, custom_llm_provider: str, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, api_key: str | None, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, base_url: str | None, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, api_base: str | None, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, azure_endpoint: str | None, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, max_retries: int | None, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, organization: str | None, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, project: str | None, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, api_version: str | None, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, azure_deployment: str | None, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, azure_ad_token: str | None, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, azure_ad_token_provider: Any, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, api_type: str | None, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, default_headers: Any, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, default_query: Any, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, http_client: Any, **kwargs: Any) -> _R: ...
    @overload
    def __call__(self, *args: Any, legacy: bool, **kwargs: Any) -> Any: ...


if TYPE_CHECKING:
    from openai import resources  # noqa: TID251  # whose methods these are

    def _endpoint(method: Callable[Concatenate[Any, _P], _R]) -> _EndpointFunction[_P, _R]: ...

    create_file = _endpoint(resources.Files.create)
    file_list = _endpoint(resources.Files.list)
    file_retrieve = _endpoint(resources.Files.retrieve)
    file_delete = _endpoint(resources.Files.delete)
    file_content = _endpoint(resources.Files.content)
    create_batch = _endpoint(resources.Batches.create)
    list_batches = _endpoint(resources.Batches.list)
    retrieve_batch = _endpoint(resources.Batches.retrieve)
    cancel_batch = _endpoint(resources.Batches.cancel)
    create_fine_tuning_job = _endpoint(resources.fine_tuning.Jobs.create)
    list_fine_tuning_jobs = _endpoint(resources.fine_tuning.Jobs.list)
    retrieve_fine_tuning_job = _endpoint(resources.fine_tuning.Jobs.retrieve)
    cancel_fine_tuning_job = _endpoint(resources.fine_tuning.Jobs.cancel)
    get_assistants = _endpoint(resources.beta.Assistants.list)
    create_assistants = _endpoint(resources.beta.Assistants.create)
    delete_assistant = _endpoint(resources.beta.Assistants.delete)
    create_thread = _endpoint(resources.beta.Threads.create)
    get_thread = _endpoint(resources.beta.Threads.retrieve)
    add_message = _endpoint(resources.beta.threads.Messages.create)
    get_messages = _endpoint(resources.beta.threads.Messages.list)
    run_thread = cast("resources.beta.threads.Runs", None).create
    vector_store_create = _endpoint(resources.VectorStores.create)
    vector_store_list = _endpoint(resources.VectorStores.list)
    vector_store_retrieve = _endpoint(resources.VectorStores.retrieve)
    vector_store_update = _endpoint(resources.VectorStores.update)
    vector_store_delete = _endpoint(resources.VectorStores.delete)
    vector_store_search = _endpoint(resources.VectorStores.search)
    vector_store_file_create = _endpoint(resources.vector_stores.Files.create)
    vector_store_file_list = _endpoint(resources.vector_stores.Files.list)
    vector_store_file_retrieve = _endpoint(resources.vector_stores.Files.retrieve)
    vector_store_file_update = _endpoint(resources.vector_stores.Files.update)
    vector_store_file_delete = _endpoint(resources.vector_stores.Files.delete)
    vector_store_file_content = _endpoint(resources.vector_stores.Files.content)
    create_container = _endpoint(resources.Containers.create)
    list_containers = _endpoint(resources.Containers.list)
    retrieve_container = _endpoint(resources.Containers.retrieve)
    delete_container = _endpoint(resources.Containers.delete)
    upload_container_file = _endpoint(resources.containers.Files.create)
    list_container_files = _endpoint(resources.containers.Files.list)
    retrieve_container_file = _endpoint(resources.containers.Files.retrieve)
    delete_container_file = _endpoint(resources.containers.Files.delete)
    retrieve_container_file_content = _endpoint(resources.containers.files.Content.retrieve)
    video_generation = _endpoint(resources.Videos.create)
    video_edit = _endpoint(resources.Videos.edit)
    video_extension = _endpoint(resources.Videos.extend)
    video_create_character = _endpoint(resources.Videos.create_character)
    video_get_character = _endpoint(resources.Videos.get_character)
    video_status = _endpoint(resources.Videos.retrieve)
    video_content = _endpoint(resources.Videos.download_content)
    video_remix = _endpoint(resources.Videos.remix)
    video_list = _endpoint(resources.Videos.list)
    create_eval = _endpoint(resources.Evals.create)
    list_evals = _endpoint(resources.Evals.list)
    get_eval = _endpoint(resources.Evals.retrieve)
    update_eval = _endpoint(resources.Evals.update)
    delete_eval = _endpoint(resources.Evals.delete)
    create_run = _endpoint(resources.evals.Runs.create)
    list_runs = _endpoint(resources.evals.Runs.list)
    get_run = _endpoint(resources.evals.Runs.retrieve)
    cancel_run = _endpoint(resources.evals.Runs.cancel)
    delete_run = _endpoint(resources.evals.Runs.delete)
    create_skill = _endpoint(resources.Skills.create)
    list_skills = _endpoint(resources.Skills.list)
    get_skill = _endpoint(resources.Skills.retrieve)
    delete_skill = _endpoint(resources.Skills.delete)
    list_models = _endpoint(resources.Models.list)
    retrieve_model = _endpoint(resources.Models.retrieve)
    delete_model = _endpoint(resources.Models.delete)
    list_input_items = _endpoint(resources.responses.InputItems.list)
    compact_responses = _endpoint(resources.responses.Responses.compact)
    create_realtime_client_secret = _endpoint(resources.realtime.ClientSecrets.create)

    acreate_file = _endpoint(resources.AsyncFiles.create)
    afile_list = _endpoint(resources.AsyncFiles.list)
    afile_retrieve = _endpoint(resources.AsyncFiles.retrieve)
    afile_delete = _endpoint(resources.AsyncFiles.delete)
    afile_content = _endpoint(resources.AsyncFiles.content)
    acreate_batch = _endpoint(resources.AsyncBatches.create)
    alist_batches = _endpoint(resources.AsyncBatches.list)
    aretrieve_batch = _endpoint(resources.AsyncBatches.retrieve)
    acancel_batch = _endpoint(resources.AsyncBatches.cancel)
    acreate_fine_tuning_job = _endpoint(resources.fine_tuning.AsyncJobs.create)
    alist_fine_tuning_jobs = _endpoint(resources.fine_tuning.AsyncJobs.list)
    aretrieve_fine_tuning_job = _endpoint(resources.fine_tuning.AsyncJobs.retrieve)
    acancel_fine_tuning_job = _endpoint(resources.fine_tuning.AsyncJobs.cancel)
    aget_assistants = _endpoint(resources.beta.AsyncAssistants.list)
    acreate_assistants = _endpoint(resources.beta.AsyncAssistants.create)
    adelete_assistant = _endpoint(resources.beta.AsyncAssistants.delete)
    acreate_thread = _endpoint(resources.beta.AsyncThreads.create)
    aget_thread = _endpoint(resources.beta.AsyncThreads.retrieve)
    aadd_message = _endpoint(resources.beta.threads.AsyncMessages.create)
    aget_messages = _endpoint(resources.beta.threads.AsyncMessages.list)
    arun_thread = cast("resources.beta.threads.AsyncRuns", None).create
    avector_store_create = _endpoint(resources.AsyncVectorStores.create)
    avector_store_list = _endpoint(resources.AsyncVectorStores.list)
    avector_store_retrieve = _endpoint(resources.AsyncVectorStores.retrieve)
    avector_store_update = _endpoint(resources.AsyncVectorStores.update)
    avector_store_delete = _endpoint(resources.AsyncVectorStores.delete)
    avector_store_search = _endpoint(resources.AsyncVectorStores.search)
    avector_store_file_create = _endpoint(resources.vector_stores.AsyncFiles.create)
    avector_store_file_list = _endpoint(resources.vector_stores.AsyncFiles.list)
    avector_store_file_retrieve = _endpoint(resources.vector_stores.AsyncFiles.retrieve)
    avector_store_file_update = _endpoint(resources.vector_stores.AsyncFiles.update)
    avector_store_file_delete = _endpoint(resources.vector_stores.AsyncFiles.delete)
    avector_store_file_content = _endpoint(resources.vector_stores.AsyncFiles.content)
    acreate_container = _endpoint(resources.AsyncContainers.create)
    alist_containers = _endpoint(resources.AsyncContainers.list)
    aretrieve_container = _endpoint(resources.AsyncContainers.retrieve)
    adelete_container = _endpoint(resources.AsyncContainers.delete)
    aupload_container_file = _endpoint(resources.containers.AsyncFiles.create)
    alist_container_files = _endpoint(resources.containers.AsyncFiles.list)
    aretrieve_container_file = _endpoint(resources.containers.AsyncFiles.retrieve)
    adelete_container_file = _endpoint(resources.containers.AsyncFiles.delete)
    aretrieve_container_file_content = _endpoint(resources.containers.files.AsyncContent.retrieve)
    avideo_generation = _endpoint(resources.AsyncVideos.create)
    avideo_edit = _endpoint(resources.AsyncVideos.edit)
    avideo_extension = _endpoint(resources.AsyncVideos.extend)
    avideo_create_character = _endpoint(resources.AsyncVideos.create_character)
    avideo_get_character = _endpoint(resources.AsyncVideos.get_character)
    avideo_status = _endpoint(resources.AsyncVideos.retrieve)
    avideo_content = _endpoint(resources.AsyncVideos.download_content)
    avideo_remix = _endpoint(resources.AsyncVideos.remix)
    avideo_list = _endpoint(resources.AsyncVideos.list)
    acreate_eval = _endpoint(resources.AsyncEvals.create)
    alist_evals = _endpoint(resources.AsyncEvals.list)
    aget_eval = _endpoint(resources.AsyncEvals.retrieve)
    aupdate_eval = _endpoint(resources.AsyncEvals.update)
    adelete_eval = _endpoint(resources.AsyncEvals.delete)
    acreate_run = _endpoint(resources.evals.AsyncRuns.create)
    alist_runs = _endpoint(resources.evals.AsyncRuns.list)
    aget_run = _endpoint(resources.evals.AsyncRuns.retrieve)
    acancel_run = _endpoint(resources.evals.AsyncRuns.cancel)
    adelete_run = _endpoint(resources.evals.AsyncRuns.delete)
    acreate_skill = _endpoint(resources.AsyncSkills.create)
    alist_skills = _endpoint(resources.AsyncSkills.list)
    aget_skill = _endpoint(resources.AsyncSkills.retrieve)
    adelete_skill = _endpoint(resources.AsyncSkills.delete)
    alist_models = _endpoint(resources.AsyncModels.list)
    aretrieve_model = _endpoint(resources.AsyncModels.retrieve)
    adelete_model = _endpoint(resources.AsyncModels.delete)
    alist_input_items = _endpoint(resources.responses.AsyncInputItems.list)
    acompact_responses = _endpoint(resources.responses.AsyncResponses.compact)
    acreate_realtime_client_secret = _endpoint(resources.realtime.AsyncClientSecrets.create)
