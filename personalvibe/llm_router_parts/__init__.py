"""The parts of the router, whose face is the module ``llm_router`` beside this folder.

The functions are in `chat`, `responses` and `media`, with their arguments in `options`; `settings`
and `models` say where a call goes, `begin` starts it, `call` is handed to LiteLLM, `wire` sends it,
and `replies`, `streams` and `errors` are what comes back. Nothing here imports the face; it
introduces itself to `settings`, because its variables are the settings.
"""
