"""Over 100 kinds of credentials, planted where cassettes have them: the audit finds each.

They are drawn as their vendors draw them, from a generator with a fixed seed: none gives access.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from personalvibe.cli import main

_DRAW = random.Random(20_240_101)
HEX = "0123456789abcdef"
ALNUM = string.ascii_letters + string.digits
WORD = ALNUM + "_-"
CAPS = string.ascii_uppercase + string.digits
BASE64 = ALNUM + "+/"


def drawn(alphabet: str, length: int) -> str:
    return "".join(_DRAW.choices(alphabet, k=length))


def uuid() -> str:
    return "-".join(drawn(HEX, length) for length in (8, 4, 4, 4, 12))


def jwt(**claims: object) -> str:
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": "1234567890", **claims}]
    coded = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode() for one in parts]
    return ".".join([*(one.rstrip("=") for one in coded), drawn(WORD, 43)])


def pem(kind: str) -> str:
    lines = "\n".join(drawn(BASE64, 64) for _ in range(6))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----"


# Known by what they look like, wherever they stand.
BY_SHAPE = {
    "OpenAI project key": f"sk-proj-{drawn(WORD, 120)}",
    "OpenAI service account key": f"sk-svcacct-{drawn(WORD, 120)}",
    "OpenAI admin key": f"sk-admin-{drawn(WORD, 80)}",
    "OpenAI legacy key": f"sk-{drawn(ALNUM, 20)}T3BlbkFJ{drawn(ALNUM, 20)}",
    "Anthropic key": f"sk-ant-api03-{drawn(WORD, 93)}AA",
    "OpenRouter key": f"sk-or-v1-{drawn(HEX, 64)}",
    "DeepSeek key": f"sk-{drawn(HEX, 32)}",
    "Langfuse secret key": f"sk-lf-{uuid()}",
    "Google API key": f"AIza{drawn(WORD, 35)}",
    "Google OAuth token": f"ya29.a0{drawn(WORD, 160)}",
    "Google refresh token": f"1//0{drawn(WORD, 60)}",
    "Google client secret": f"GOCSPX-{drawn(WORD, 28)}",
    "AWS access key id": f"AKIA{drawn(CAPS, 16)}",
    "AWS temporary key id": f"ASIA{drawn(CAPS, 16)}",
    "AWS session token": f"IQoJb3JpZ2luX2Vj{drawn(BASE64, 300)}",
    "Azure client secret": f"{drawn(ALNUM, 3)}8Q~{drawn(ALNUM, 34)}",
    "Hugging Face token": f"hf_{drawn(ALNUM, 34)}",
    "Groq key": f"gsk_{drawn(ALNUM, 52)}",
    "xAI key": f"xai-{drawn(ALNUM, 80)}",
    "Replicate token": f"r8_{drawn(ALNUM, 37)}",
    "Perplexity key": f"pplx-{drawn(ALNUM, 48)}",
    "NVIDIA key": f"nvapi-{drawn(WORD, 64)}",
    "Cerebras key": f"csk-{drawn(ALNUM, 48)}",
    "Tavily key": f"tvly-{drawn(ALNUM, 32)}",
    "Jina key": f"jina_{drawn(ALNUM, 60)}",
    "Pinecone key": f"pcsk_{drawn(ALNUM, 60)}",
    "LangSmith key": f"lsv2_pt_{drawn(HEX, 32)}_{drawn(HEX, 10)}",
    "Databricks token": f"dapi{drawn(HEX, 32)}",
    "GitHub token": f"ghp_{drawn(ALNUM, 36)}",
    "GitHub fine-grained token": f"github_pat_{drawn(ALNUM, 22)}_{drawn(ALNUM, 59)}",
    "GitLab token": f"glpat-{drawn(WORD, 20)}",
    "Slack bot token": f"xoxb-{drawn(string.digits, 12)}-{drawn(ALNUM, 24)}",
    "Slack app token": f"xapp-1-A{drawn(CAPS, 10)}-{drawn(HEX, 64)}",
    "Slack webhook": f"https://hooks.slack.com/services/T{drawn(CAPS, 8)}/B{drawn(CAPS, 8)}"
    f"/{drawn(ALNUM, 24)}",
    "Discord webhook": f"https://discord.com/api/webhooks/123456789012345678/{drawn(WORD, 68)}",
    "Discord bot token": f"M{drawn(ALNUM, 23)}.{drawn(WORD, 6)}.{drawn(WORD, 38)}",
    "Telegram bot token": f"7418529630:AA{drawn(WORD, 33)}",
    "Stripe live key": f"sk_live_{drawn(ALNUM, 24)}",
    "Stripe restricted key": f"rk_live_{drawn(ALNUM, 24)}",
    "Stripe webhook secret": f"whsec_{drawn(ALNUM, 32)}",
    "Twilio key": f"SK{drawn(HEX, 32)}",
    "SendGrid key": f"SG.{drawn(WORD, 22)}.{drawn(WORD, 43)}",
    "Mailgun key": f"key-{drawn(HEX, 32)}",
    "Mailchimp key": f"{drawn(HEX, 32)}-us12",
    "npm token": f"npm_{drawn(ALNUM, 36)}",
    "PyPI token": f"pypi-AgEIcHlwaS5vcmc{drawn(WORD, 120)}",
    "Docker token": f"dckr_pat_{drawn(WORD, 27)}",
    "DigitalOcean token": f"dop_v1_{drawn(HEX, 64)}",
    "Linear key": f"lin_api_{drawn(ALNUM, 40)}",
    "Notion token": f"ntn_{drawn(ALNUM, 46)}",
    "Notion legacy token": f"secret_{drawn(ALNUM, 43)}",
    "Airtable token": f"pat{drawn(ALNUM, 14)}.{drawn(HEX, 64)}",
    "Figma token": f"figd_{drawn(WORD, 40)}",
    "Shopify token": f"shpat_{drawn(HEX, 32)}",
    "Square token": f"sq0atp-{drawn(WORD, 22)}",
    "Facebook token": f"EAACEdEose0cBA{drawn(ALNUM, 120)}",
    "Atlassian token": f"ATATT3xFfGF0{drawn(WORD, 170)}",
    "Asana token": f"1/1203948576123457:{drawn(HEX, 32)}",
    "HubSpot token": f"pat-na1-{uuid()}",
    "New Relic key": f"NRAK-{drawn(CAPS, 27)}",
    "Grafana token": f"glsa_{drawn(ALNUM, 32)}_{drawn(HEX, 8)}",
    "Sentry token": f"sntrys_{drawn(BASE64, 80)}",
    "Sentry DSN": f"https://{drawn(HEX, 32)}@o123456.ingest.sentry.io/1234567",
    "Supabase key": f"sb_secret_{drawn(WORD, 31)}",
    "Vault token": f"hvs.{drawn(WORD, 90)}",
    "age key": f"AGE-SECRET-KEY-1{drawn('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58)}",
    "JSON web token": jwt(role="service_role"),
    "RSA private key": pem("RSA PRIVATE KEY"),
    "OpenSSH private key": pem("OPENSSH PRIVATE KEY"),
    "PGP private key": pem("PGP PRIVATE KEY BLOCK"),
    "password in an address": f"postgresql://app:{drawn(ALNUM, 18)}@db.example.com:5432/app",
    "MongoDB address": f"mongodb+srv://app:{drawn(ALNUM, 18)}@c0.ab1cd.mongodb.net/app",
    "Redis address": f"redis://:{drawn(ALNUM, 24)}@cache.example.com:6379/0",
    "S3 presigned address": "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    f"&X-Amz-Credential=AKIA{drawn(CAPS, 16)}%2F20240101%2Fus-east-1%2Fs3%2Faws4_request"
    f"&X-Amz-Signature={drawn(HEX, 64)}",
    "Google signed address": "https://storage.googleapis.com/b/k?X-Goog-Algorithm=GOOG4-RSA-SHA256"
    f"&X-Goog-Signature={drawn(HEX, 128)}",
    "Azure shared access signature": "https://a.blob.core.windows.net/c/b?sv=2022-11-02&se=2024"
    f"&sr=b&sp=r&sig={drawn(ALNUM, 43)}%3D",
    "Azure storage key": "DefaultEndpointsProtocol=https;AccountName=a;"
    f"AccountKey={drawn(BASE64, 86)}==",
}  # fmt: skip

# Known by the name beside them: (name, value) as a header, a parameter, a field, a line of text.
BY_HEADER = {
    "Azure OpenAI key": ("api-key", drawn(HEX, 32)),
    "Mistral key": ("authorization", f"Bearer {drawn(ALNUM, 32)}"),
    "Cohere key": ("authorization", f"Bearer {drawn(ALNUM, 40)}"),
    "Together key": ("authorization", f"Bearer {drawn(HEX, 64)}"),
    "AssemblyAI key": ("authorization", drawn(HEX, 32)),
    "Deepgram key": ("authorization", f"Token {drawn(HEX, 40)}"),
    "Elasticsearch key": ("authorization", f"ApiKey {drawn(ALNUM, 40)}=="),
    "basic authentication": (
        "authorization", f"Basic {base64.b64encode(b'app:k7Qz9mWb3XvR').decode()}"
    ),
    "AWS signature": (
        "authorization",
        f"AWS4-HMAC-SHA256 Credential=AKIA{drawn(CAPS, 16)}/20240101/us-east-1/bedrock/aws4_request"
        f", SignedHeaders=host, Signature={drawn(HEX, 64)}",
    ),
    "AWS security token": ("x-amz-security-token", drawn(BASE64, 300)),
    "ElevenLabs key": ("xi-api-key", drawn(HEX, 32)),
    "Serper key": ("x-api-key", drawn(HEX, 40)),
    "Brave key": ("x-subscription-token", f"BSA{drawn(WORD, 28)}"),
    "Bing key": ("ocp-apim-subscription-key", drawn(HEX, 32)),
    "RapidAPI key": ("x-rapidapi-key", drawn(ALNUM, 50)),
    "Datadog key": ("dd-api-key", drawn(HEX, 32)),
    "Datadog application key": ("dd-application-key", drawn(HEX, 40)),
    "Pinecone UUID key": ("api-key", uuid()),
    "Weaviate cluster key": ("x-weaviate-api-key", drawn(ALNUM, 36)),
    "GitLab private token": ("private-token", drawn(WORD, 20)),
    "Vault header": ("x-vault-token", drawn(ALNUM, 26)),
    "Shopify header": ("x-shopify-access-token", drawn(HEX, 32)),
    "Cloudflare key": ("x-auth-key", drawn(HEX, 37)),
    "Algolia key": ("x-algolia-api-key", drawn(HEX, 32)),
    "CSRF token": ("x-csrf-token", drawn(ALNUM, 40)),
    "gateway's own header": ("x-acme-gateway", drawn(ALNUM, 40)),
}  # fmt: skip
BY_PARAMETER = {
    "SerpAPI key": ("api_key", drawn(HEX, 64)),
    "Google key parameter": ("key", drawn(WORD, 39)),
    "access token parameter": ("access_token", drawn(ALNUM, 40)),
    "Azure function code": ("sig", drawn(ALNUM, 43)),
    "session parameter": ("session_token", drawn(ALNUM, 40)),
    "OpenWeather key": ("appid", drawn(HEX, 32)),
}
BY_FIELD = {
    "OAuth access token": ("access_token", drawn(ALNUM, 40)),
    "OAuth refresh token": ("refresh_token", drawn(ALNUM, 40)),
    "OAuth client secret": ("client_secret", drawn(ALNUM, 40)),
    "identity token": ("id_token", drawn(ALNUM, 60)),
    "password": ("password", "correct-horse-7battery"),
    "AWS secret key": ("SecretAccessKey", drawn(BASE64, 40)),
    "STS session token": ("SessionToken", drawn(BASE64, 200)),
    "private key id": ("private_key_id", drawn(HEX, 40)),
    "API key in camel case": ("apiKey", drawn(ALNUM, 32)),
    "webhook secret": ("webhookSecret", drawn(ALNUM, 32)),
    "realtime client secret": ("client_secret", drawn(ALNUM, 48)),
    "a name of its own": ("acme_session_token", drawn(ALNUM, 40)),
}
BY_LINE = {
    "exported variable": f"export AWS_SECRET_ACCESS_KEY={drawn(BASE64, 40)}",
    "settings file": f"[db]\npassword = '{drawn(ALNUM, 16)}'",
    "YAML setting": f"database:\n  password: {drawn(ALNUM, 16)}\n",
    "curl with a header": f"curl -H 'Authorization: Bearer {drawn(ALNUM, 40)}' https://x.test",
    "curl with a user": f"curl -u app:{drawn(ALNUM, 16)} https://x.test",
    "option of a command": f"mysql --user=app --password={drawn(ALNUM, 16)}",
    "Twilio auth token": f"TWILIO_AUTH_TOKEN={drawn(HEX, 32)}",
    "Heroku key": f"HEROKU_API_KEY={uuid()}",
    "Okta token": f"OKTA_API_TOKEN=00{drawn(WORD, 40)}",
    "Snowflake password": f"SNOWFLAKE_PASSWORD={drawn(ALNUM, 20)}",
    "npm login": f"//registry.npmjs.org/:_authToken={uuid()}",
    "netrc": f"machine api.example.com login app password {drawn(ALNUM, 20)}",
    "Kubernetes token": f"users:\n- name: app\n  user:\n    token: {drawn(WORD, 60)}\n",
    "Docker login": json.dumps({"auths": {"x.test": {"auth": drawn(ALNUM, 40)}}}),
    "code": f'client = Client(api_key="{drawn(ALNUM, 32)}")',
    "XML answer": f"<r><SecretAccessKey>{drawn(BASE64, 40)}</SecretAccessKey></r>",
}

Wrap = Callable[[str], str]
PLACES: dict[str, Wrap] = {
    "alone": lambda text: text,
    "in a sentence": lambda text: f"Use {text} for it, please.",
    "in quotes": lambda text: f'My key is "{text}".',
    "on a line": lambda text: f"first\n{text}\nlast",
    "in base64": lambda text: base64.b64encode(f"settings\n{text}\n".encode()).decode(),
}


def exchange(
    text: str = "Hello.",
    *,
    answer: Any = None,
    uri: str = "https://api.example.com/v1/chat",
    **headers: str,
) -> dict[str, Any]:
    return {
        "request": {
            "method": "POST",
            "uri": uri,
            "headers": {name: [value] for name, value in headers.items()},
            "body": json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}),
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": ["application/json"]},
            "body": {"string": json.dumps(answer or {"choices": []})},
        },
    }


def exchanges() -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, value in BY_SHAPE.items():
        for place, wrapped in PLACES.items():
            yield f"{kind}, {place}", exchange(wrapped(value))
        yield f"{kind}, in an answer", exchange(answer={"choices": [{"text": value}]})
    for kind, (name, value) in BY_HEADER.items():
        yield kind, exchange(**{name: value})
    for kind, (name, value) in BY_PARAMETER.items():
        yield kind, exchange(uri=f"https://api.example.com/v1?q=a&{name}={value}")
    for kind, (name, value) in BY_FIELD.items():
        yield kind, exchange(answer={"data": [{name: value}]})
        if kind != "a name of its own":
            yield f"{kind}, in a string", exchange(json.dumps({name: value}))
    for kind, line in BY_LINE.items():
        yield kind, exchange(line)
        yield f"{kind}, in an answer", exchange(answer={"choices": [{"text": line}]})


def test_every_kind_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = dict(exchanges())
    path = tmp_path / "c.yaml"
    document = {"interactions": list(kinds.values()), "version": 1}
    path.write_bytes(yaml.dump(document, Dumper=yaml.CSafeDumper, encoding="utf-8"))
    assert main(["cassettes", "audit", "--json", "--level", "error", str(path)]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    found = {one["interaction"] for one in findings if one["rule"] == "secret"}
    missing = [kind for number, kind in enumerate(kinds, 1) if number not in found]
    assert missing == []
