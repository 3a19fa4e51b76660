import os

os.environ.setdefault("OPENAI_API_KEY", "none")  # the SDK wants one even where nothing is sent
