"""Images: generate, edit, variation."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Call, Case, Rule

IMAGES = Rule(
    id="MOA141",
    title="images.generate, edit and create_variation",
    what="They become `image_generation`, `image_edit` and `image_variation`.",
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()
url = client.images.generate(model="dall-e-3", prompt=prompt, n=1).data[0].url
""",
            after="""\
from personalvibe import llm_router

url = llm_router.image_generation(model="openai/dall-e-3", prompt=prompt, n=1).data[0].url
""",
        ),
    ),
    calls=(
        Call(sdk="images.generate", function="image_generation"),
        Call(sdk="images.edit", function="image_edit"),
        Call(sdk="images.create_variation", function="image_variation"),
    ),
)

LEGACY = Rule(
    id="MOA142",
    title="openai.Image of 0.28",
    what="`create`, `create_edit` and `create_variation`, and their async twins.",
    cases=(
        Case(
            before="""\
import openai

images = openai.Image.create(prompt=prompt, n=1, size="256x256")["data"]
""",
            after="""\
from personalvibe import llm_router

llm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28

images = llm_router.image_generation(provider="openai", prompt=prompt, n=1, size="256x256")["data"]
""",
        ),
    ),
    calls=(
        Call(sdk="Image.create", function="image_generation", legacy=True),
        Call(sdk="Image.acreate", function="aimage_generation", legacy=True),
        Call(
            sdk="Image.create_edit",
            function="image_edit",
            legacy=True,
            positional=("image", "mask"),
        ),
        Call(
            sdk="Image.acreate_edit",
            function="aimage_edit",
            legacy=True,
            positional=("image", "mask"),
        ),
        Call(
            sdk="Image.create_variation",
            function="image_variation",
            legacy=True,
            positional=("image",),
        ),
        Call(
            sdk="Image.acreate_variation",
            function="aimage_variation",
            legacy=True,
            positional=("image",),
        ),
    ),
)

RULES = (IMAGES, LEGACY)
