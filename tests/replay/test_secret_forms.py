"""Tokens by the prefixes of their vendors are hidden; what only reads like a secret stays."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Iterable
from pathlib import Path

import httpx

from personalvibe.replay import use_cassette
from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.redaction.token_prefixes import TOKEN_PREFIXES, TokenPrefix

C = "cnry7Qx2Lm9Zt4Kp"
"""No word, and of no known shape."""


def sample(line: TokenPrefix, prefix: str, seed: int) -> str:
    alphabets = {
        "hex": "0123456789abcdef",
        "caps": string.ascii_uppercase + string.digits,
        "uuid": "0123456789abcdef",
    }
    letters = alphabets.get(line.alphabet, string.ascii_letters + string.digits)
    chosen = "".join(random.Random(seed).choices(letters, k=line.length - 2)) + "7a"
    return prefix + (chosen.upper() if line.alphabet == "caps" else chosen)


def recorded(path: Path, url: str, texts: Iterable[str]) -> list[str]:
    """What a cassette holds of prompts that were sent."""
    with use_cassette(path, record_mode="once"), httpx.Client(base_url=url) as client:
        for text in texts:
            client.post("/", json={"content": text})
    return [json.loads(one.request.body)["content"] for one in cassette.load(path)]


def test_every_vendors_tokens_are_hidden_in_a_prompt(tmp_path: Path, server) -> None:
    tokens = [
        (line.vendor, sample(line, prefix, seed))
        for line in TOKEN_PREFIXES
        for seed, prefix in enumerate(line.prefixes)
    ]
    shown = recorded(tmp_path / "it.yaml", server.url, (f"I have {one}, see" for _, one in tokens))
    wrong = [one for one in zip(tokens, shown, strict=True) if one[1] != "I have REDACTED, see"]
    assert wrong == []


HARMLESS = [
    "def login(user: str, password: str, token: str = None) -> bool:",
    "password: required\ntoken: string\nsecret: optional",
    "api_key=os.environ['API_KEY'], token=get_token()",
    'OpenAI(api_key="YOUR_API_KEY")',
    "API_KEY=$MY_KEY\nDB_PASSWORD=${DB_PASSWORD}\nTOKEN=<token>",
    "max_tokens=100 and total_tokens: 512, next_page_token=abcdef123456",
    "The key: value pairs of the author: keynote speakers; a secret is a secret.",
    "pad_token=</s> eos_token='<eos>'",
    "https://example.com/docs?page=2#section-token",
    "a=1&b=2",
    "sk-learn-is-a-library and task-oriented-dialogue-systems, desk-research",
    "text-embedding-3-small, claude-3-5-sonnet-20241022, gpt-4o-mini-2024-07-18",
    "the store_ and feature_engineering_is_useful_for_models of re_",
    "{ apiKey: apiKey, token: string, password: password }",
    "The password is required and the token is invalid.",
    "the secret is claude-3-5-sonnet-20241022, the token: text-embedding-3-small",
    'required: ["api_key", "user_id"], required: ["password", "expires_at"]',
    'getToken("user-1"); setPassword("password")',
    "[db]\npassword = getpass()\ntoken = response_token\n",
    "the env secret manager; set token limits; an ENV token variable",
    "<token>hello</token> <token> a word </token>",
    '<input name="password" value="required"/> <Field id="token" default="none"/>',
    "Authorization: required for administrators",
    "https://example.com/hooks/2024-01-01/guide and /docs/token/usage-of-tokens-in-models",
    "https://api.example.com/v1/webhooks/12345?next=https%3A%2F%2Fexample.com%2Fa%3Fpage%3D2",
    "SELECT password FROM users; the account was identified by 'someone'",
    "| parameter | type |\n|---|---|\n| api_key | string |\n| password | string, required |",
    "| plan | API key | OAuth |\n|---|---|---|\n| free | read-only | none |\n| pro | full | yes |",
    "We keep keys, secrets\nand others, too. user, token\nme, you",
    "name,auth\n/v1/models,bearer\n/v1/chat,oauth2\n",
    "f(user, password)\ng(one, other)\nrequired:\n  - api_key,\n  - user_identifier,\n",
    "<tr><th>Password</th><th>Length</th></tr><tr><td>must be changed</td><td>8</td></tr>",
    "token,logprob\nhello,-0.1\nworld,-0.2\n",
    "kind: Secret\nmetadata:\n  name: mysecretname\n",
    "kind: ConfigMap\ndata:\n  stripe: some-value-1234\n",
    "[settings]\nsecrets = 1\nregion = eu-central-1\n",
    "INSERT INTO users (id, password_hint) VALUES (1, 'the usual one');",
    "token\nhello\nworld\nSee above\n",
    "Password\nRequired\n\nAPI key\nsee the docs\n",
    "api_key\n# comment\nsee-the-documentation\n",
    "R&D, the key & the token \\\\ and so on; a=1&token=&b=2",
    "\\begin{tabular}{ll}\nparameter & type \\\\\npassword & string \\\\\n\\end{tabular}",
    'Answer with {"name": "get_token", "arguments": {"user": "me"}} or ["a", "b"].',
    'An error {\\"code\\": \\"invalid_api_key\\", \\"param\\": null} and [1, 2] {x}',
    'The schema is {"type": "object", "properties": {"password": {"type": "string"}}}.',
    "Client(api_key=apikey, token=tok)\nClient(api_key=openai_key)\nx = Client(token=my_token)",
    "def f(*, to_access_token: Callable[[], str], api_key: Final[str], x: {}): token=x['a']",
    "password: Joi.string().min(8).required(), password: z.string().min(8)",
    'access_token=resp.json()["access_token"], token = await get_token("user-1")',
    'Client(api_key=SecretStr(os.environ["KEY_2"]), token=SecretStr("your-token-here"))',
    'api_key = Config.get("openai.key.v2"); password = System.getenv("DB_PASSWORD_2")',
    'api_key: str = Field("key-1"), password = models.CharField("New-password-1")',
    'secret = Secret("projects/x/versions/1"); token := os.Getenv("TOKEN_2")',
    '("token", "access_token"), ("auth", "client-credentials"), ["api_key", "eu-central-1"]',
    '[("password", "Resource owner password-based")], headers.get("Authorization", "")',
    "headers: { Authorization: `Bearer ${token}` }, {'Authorization': f'Bearer {token}'}",
    'headers.set("Authorization", "Bearer " + token), ("Authorization", f"Token {self.key2}")',
    "map[token:string user:me] struct{token:int pass:bool} {secret:latest key:v2}",
    "{accessToken:d?.key??null,token:c?l:null}, pass to `suffix=`, a token to 'be-2'",
    "[token] => word\n[api_key] => null\n[password] => (hidden)\n",
    'Password string `json:"password,omitempty"`\npub api_key: Option<SecretString>,',
    "'password' => env('DB_PASSWORD', ''), 'password' => Hash::make($request->password)",
    "password => required, Options { Password = password, Token = token2 }",
    "{&quot;type&quot;: &quot;object&quot;, &quot;password&quot;: &quot;&quot;} &lt;password&gt;",
    "f=map%5Btoken%3Astring+user%3Ame%5D&g=%5B%28%22password%22%2C+%22owner+based%22%29%5D",
    "<![CDATA[password=None]]> {&quot;a&quot;: &quot;f(token=tok)&quot;, &quot;b: token=tok&quot;}",
    "token=x[&#x27;a&#x27;], {\\n: Client(token=tok)\\n",
    "https://x.example.com/?q=%7B%22page_token%22%3A%22required%22%7D&amp;max_tokens%3D100",
    "A password: at least 8 characters, a digit, no spaces. Passwort: mindestens 8 Zeichen.",
]


def test_what_is_no_secret_stays(tmp_path: Path, server) -> None:
    assert recorded(tmp_path / "it.yaml", server.url, HARMLESS) == HARMLESS


def test_what_is_named_can_be_kept(tmp_path: Path, server) -> None:
    path = tmp_path / "it.yaml"
    keep = ["body:db_password", "body:otp", "header:x-house-ticket"]
    server.answers["/"] = lambda rest, sent: {}
    server.headers["/"] = [("x-house-ticket", C)]
    with use_cassette(path, record_mode="once", redact_keep=keep):
        httpx.post(server.url, json={"content": f"DB_PASSWORD={C}1", "otp": f"{C}2"})
    assert path.read_text().count(f"{C}1") == 1
    assert f"otp: {C}2" in path.read_text()
    assert f"x-house-ticket: {C}" in path.read_text()
