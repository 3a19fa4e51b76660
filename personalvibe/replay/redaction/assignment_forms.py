"""How a secret is written down with its name: a table of patterns, and how far each is believed."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple


class Trust(Enum):
    """What a value must not be, or must be, so that a form is believed."""

    ANY = auto()
    """The form itself says that it is a value."""
    NO_WORD = auto()
    """Prose has such lines, too: ``password: required``."""
    NO_IDENTIFIER = auto()
    """Code has them: ``{ apiKey: apiKey }``."""
    NO_NAME = auto()
    """Code has its variables there, and tables put words together: ``("auth", "read-only")``."""
    DRAWN = auto()
    """Anything may stand there: only what looks drawn is a secret."""


class NamedForm(NamedTuple):
    """A name whose last word is one of `LAST_WORD`, with what stands around it."""

    head: str
    """To be matched up to the last word. Group: ``name``, as far as it comes before."""
    tail: str
    """What follows the last word. The value is in group ``d``, ``s`` or ``p``."""
    trust: Trust


class Form(NamedTuple):
    """Another form."""

    pattern: str
    """Groups: ``name``, and the value as above."""
    trust: Trust
    marks: tuple[str, ...]
    """One of them stands in every match; in lower case."""


# Bounded, so that no chain of words and no blob is gone through again from each of its parts.
_FIRST_WORDS = r"(?:[A-Za-z0-9]{1,40}[_.-]){0,6}?[A-Za-z0-9]{0,12}?"
LAST_WORD = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|psk|pre_?shared_?key|secret|(?<!max)token|api[_-]?key|apikey|"
    r"(?:access|secret|private|auth|encryption|signing|master|account|subscription|service|"
    r"deploy|hmac|license|client|consumer|storage|unseal)[_-]?key|connection[_-]?string|conn[_-]?str|database[_-]?url|dsn|"
    r"credentials?|bearer|jwt|otp|totp|webhook[_-]?url)"
    r"(?:[_-](?:value|base64|[0-9]+|prod|dev|staging))?"
    r"(?=[\s=:?\"'`\\\]()<>,;]|->)"
)
"""Of the name of a secret, in lower case, before something that may stand after a name."""
LONGEST_HEAD = 512
_NAME = "(?P<name>)"
"""Stands for a name in the patterns below."""
_QUOTED = r"(?:\"(?P<d>[^\"\n]+)\"|'(?P<s>[^'\n]+)')"
# Neither a variable that a call is given, nor the end of that call, nor a quote of HTML.
_BARE = (
    r"(?!(?-i:[a-z]+(?:_[a-z]+)+)[),])(?:(?!&[\w.-]+=|"
    r"&(?:amp;)*(?:quot|apos|lt|gt|#0*3[49]|#x0*2[27]);|[)\]}]{1,8}(?:[\s,;\"'`\\<>&]|\Z))"
    r"[^\s\"'`;,|<>\\])+"
)
_VALUE = rf"(?:{_QUOTED}|(?P<p>{_BARE}))"
# Of Python, Rust, C#, Objective-C; a text into which something is put is none.
_PREFIX = r"(?:(?:[bru@&]{1,2}#{0,3}|(?:f|\$@?)(?=\\*[\"'][^\"'{}\n]+[\"']))(?=\\*[\"']))?"
_IN_QUOTES = (
    rf"{_PREFIX}(?P<q>(?:\\*\"){{3}}|(?:\\*'){{3}}|\\*[\"'`])(?P<p>(?:(?!(?P=q))[^\s\\])+)(?P=q)"
)
_UP_TO_QUOTE = r"[bu]?(?P<q>\\*[\"'])(?P<p>(?:(?!(?P=q))[^\\\n])+)(?P=q)"
_CLOSED = r"\\*[\"'`]?\]?"
_TO = (
    r"[ \t]*(?:\??:[ \t]*[\w.<>\[\]&'| ]{1,40}=|:=|=>|->|<-|[:=]|(?<=[\"'] )to\b|;s:[0-9]+:)"
    r"[ \t]*(?:\r?\n[ \t]*)?"
)
"""What stands between a name and its value in code, and in what programs print."""
_AROUND = (
    rf"{_CLOSED}(?:{_TO}|\s*[:,]\s*)(?:string\([0-9]+\)[ \t]+)?(?:[\w.:]{{1,80}}\(\s*){{0,3}}"
    rf"{_PREFIX}\\*[\"'`]{{0,3}}"
)
_MAKES = (
    r"(?:new[ \t]+)?(?:\w{1,40}(?:\.|::)){0,4}?(?-i:[A-Z])\w{0,40}"
    r"(?:(?:\.|::)(?:from|new|of|create))?"
)
_TAKES_NAME = (
    r"(?![\w.:]{0,80}(?:get|env|read|load|fetch|find|input|prompt|field|option|argument|column|param|"
    r"header|query|var|ref|name|message|error|label))"
)
_SPOKEN = (
    r"(?:pass(?:word|phrase|code)|passwor[td]|kennwort|contraseña|senha|mot de passe|"
    r"пароль|密[码碼]|パスワード|비밀번호|(?:api|access|secret|private|license)[ _-]key|apikey|"
    r"(?:client|app|api|shared)[ _-]secret|secret|(?:(?:access|auth|api|bearer|bot)[ _-])?token|"
    r"credentials?)"
)
_SPOKEN_MARKS = (
    *("pass", "kennwort", "contrase", "senha", "пароль", "密", "パスワード", "비밀번호", "key"),
    *("secret", "token", "credential"),
)


def _named(pattern: str, trust: Trust) -> NamedForm:
    head, _, tail = pattern.partition(_NAME)
    return NamedForm(rf"(?i){head}(?P<name>{_FIRST_WORDS})\Z", f"(?i){tail}", trust)


def _form(pattern: str, trust: Trust, *marks: str) -> Form:
    return Form(f"(?i){pattern}", trust, marks)


NAMED_FORMS = (
    # DB_PASSWORD=..., also in an address' query or a connection string
    _named(rf"(?<![\w$])_{{0,2}}{_NAME}=(?!=){_VALUE}", Trust.ANY),
    # api_key = "..." in code, password := '...'
    _named(rf"(?<![\w$]){_NAME}\s+:?=\s*{_QUOTED}", Trust.ANY),
    # password: ... on a line of its own
    _named(
        rf"(?m:^)[ \t]*(?:-[ \t]+)?{_NAME}[ \t]*::?[ \t]+{_VALUE}[ \t]*(?:#[^\n]{{0,400}})?(?m:$)",
        Trust.NO_WORD,
    ),
    # password: >- and the value on the next line
    _named(
        rf"(?m:^)[ \t]*(?:-[ \t]+)?{_NAME}:[ \t]+[|>][+-]?[ \t]*\r?\n"
        r"[ \t]+(?P<p>\S+)[ \t\r]*(?m:$)",
        Trust.NO_WORD,
    ),
    # aws_secret_access_key = ... on a line of its own
    _named(
        rf"(?m:^)[ \t]*{_NAME}[ \t]+=[ \t]+(?P<p>[\w+/=~!@#%^&*.-]+)[ \t]*(?m:$)",
        Trust.NO_IDENTIFIER,
    ),
    # { apiKey: '...' }, :api_key => '...', API_KEY: str = "...", os.environ["TOKEN"] = "..."
    _named(
        rf"(?<![\w$])\$?{_NAME}{_CLOSED}{_TO}(?:string\([0-9]+\)[ \t]+)?{_IN_QUOTES}",
        Trust.NO_IDENTIFIER,
    ),
    # api_key=SecretStr('...'), password: Some(String::from("...")), key := decrypt("...")
    _named(
        rf"(?<![\w$])\$?{_NAME}{_CLOSED}{_TO}{_TAKES_NAME}(?:{_MAKES}\(\s*){{1,3}}{_IN_QUOTES}",
        Trust.NO_NAME,
    ),
    _named(
        rf"(?<![\w$])\$?{_NAME}{_CLOSED}{_TO}(?:[\w.:]{{1,80}}\(\s*){{1,3}}{_IN_QUOTES}",
        Trust.DRAWN,
    ),
    # Pairs: [('password', '...')], and calls with two arguments
    _named(
        rf"(?<![)\]])[(\[]\s*[bu]?\\*[\"']{_NAME}\\*[\"']\s*,\s*"
        rf"{_UP_TO_QUOTE}\s*[)\]]",
        Trust.NO_NAME,
    ),
    # A table of YAML in one line
    _named(
        rf"[{{,]\s*{_NAME}:[ \t]+(?P<p>[^\s,}}\"'`<>]+)\s*[,}}]",
        Trust.NO_IDENTIFIER,
    ),
    # Options { User = me, Password = ... }, [password] => ...
    _named(
        rf"[{{,(\[ ]{_NAME}\]?[ \t]+=>?[ \t]+(?P<p>[^\s,;{{}}()\[\]\"'`<>]+)"
        r"(?=[ \t\r]?[,;})\]\n])",
        Trust.NO_NAME,
    ),
    # {Host:db Password:... Port:5}
    _named(
        rf"[{{\[ ]{_NAME}:(?P<p>[^\s,;{{}}()\[\]\"'`<>?|]+)(?=[}}\]]| \w{{1,40}}:)",
        Trust.NO_NAME,
    ),
    # Calls such as setPassword("..."), and define('DB_PASSWORD', '...'), os.Setenv("TOKEN", "...")
    _named(rf"{_NAME}\(\s*{_IN_QUOTES}\s*\)", Trust.DRAWN),
    _named(rf"{_NAME}\\*[\"']\s*,\s*{_IN_QUOTES}", Trust.DRAWN),
    # In a line of a log: password: ..., or password -> ...; not in an address
    _named(
        rf"(?<![\w$/-]){_NAME}{_CLOSED}[ \t]*(?:[-=]{{1,2}}>|→|[:=])[ \t]*"
        r"(?P<p>[\w+/=~!@#$%^*.-]*[\w=])",
        Trust.DRAWN,
    ),
    # (:password "..."), "password: " + "..."
    _named(
        rf"(?<![\w$]){_NAME}(?:[ \t]+|[ \t]*[:=][ \t]*[\"'`][ \t]*[+.,&][ \t]*){_IN_QUOTES}",
        Trust.DRAWN,
    ),
    # name: DB_PASSWORD / value: ...; <add key="ApiKey" value="..."/>; <meta name= content=>
    _named(
        rf"\b(?:name|key|id)\\*[\"']?\s*[:=]\s*\\*[\"']?{_NAME}\\*[\"']?[ \t,;]*"
        rf"(?:\n[ \t]*)?(?:\\*[\"'])?(?:value|content|default)\\*[\"']?\s*[:=]\s*{_VALUE}",
        Trust.NO_WORD,
    ),
    # variable "api_token" { default = "..." }
    _named(
        rf"\bvariable\s+\"{_NAME}\"\s*\{{[^{{}}]{{0,200}}?\bdefault\s*=\s*{_QUOTED}",
        Trust.ANY,
    ),
    # <string name="api_key">...<; <key>apiKey</key> <string>...<; <password><![CDATA[...
    _named(
        rf"<[\w.-]+\s[^<>]{{0,80}}?(?:name|key|id)=[\"']{_NAME}[\"'][^<>]{{0,400}}>(?P<p>[^<>\s]+)<",
        Trust.NO_WORD,
    ),
    _named(
        rf">{_NAME}</\w+>\s*<(?:value|string)\b[^<>]{{0,400}}>(?:\s*<\w+>)?(?P<p>[^<>\s]+)<",
        Trust.NO_WORD,
    ),
    _named(
        rf"<(?:[\w-]+:)?{_NAME}(?:\s[^<>]{{0,400}})?>\s*<!\[cdata\[(?P<p>(?:(?!\]\]>)[^<>])+)",
        Trust.ANY,
    ),
    # <token>...</token>: elsewhere it is a piece of text
    _named(
        rf"<(?:[\w-]+:)?{_NAME}(?:\s[^<>]{{0,400}})?>\s*(?P<p>[^<>\s]+)\s*</",
        Trust.DRAWN,
    ),
    # --password ..., --api-key ...
    _named(rf"--{_NAME}[ \t]+{_VALUE}", Trust.ANY),
    # ENV APP_SECRET ..., set -gx TOKEN ..., proxy_set_header X-Api-Key "..."
    _named(
        r"(?<![\w-])(?:env|arg|setenv|setx|set(?:[ \t]+-{1,2}[\w-]+)+|(?:proxy_set|add)_header)"
        rf"[ \t]+{_NAME}[ \t]+{_VALUE}",
        Trust.NO_WORD,
    ),
)

FORMS = (
    _form(
        rf"\b(?P<name>secret(?:str|bytes|string|text))(?:::\w{{1,20}})?\(\s*{_IN_QUOTES}",
        Trust.NO_IDENTIFIER,
        "(",
    ),
    # curl -H 'X-Token: ...', --header "Authorization: Basic ..."
    _form(
        r"(?<![\w-])(?:(?-i:-H)|--header)[= ]?\s*\\?[\"']?"
        r"(?P<name>[\w-]*(?:auth|key|token|secret|cookie|password)[\w-]*)\s*:\s*"
        r"(?:(?:bearer|basic|token|apikey)\s+)?(?P<p>[^\s\"'\\]+)",
        Trust.ANY,
        *("-h", "--header"),
    ),
    # curl -u name:password
    _form(
        r"(?:(?<![\w-])(?-i:-u)|--(?:proxy-)?user)[= ]\s*[\"']?"
        r"(?P<name>[\w.@-]+):(?P<p>[^\s\"'\\]+)",
        Trust.ANY,
        *("-u", "-user"),
    ),
    # curl -b 'sid=...'; Cookie: sid=...
    _form(
        r"\bcurl\b[^\n]{0,300}?\s(?:(?-i:-b)|--cookie)[= ]\s*[\"']?"
        r"(?P<name>[\w.-]+)=(?:\"(?P<d>[^\"\n]+)|(?P<p>[^\"'\n]+))",
        Trust.ANY,
        "curl",
    ),
    _form(
        r"(?m:^)[ \t<>*]*(?P<name>(?:set-)?cookie)[ \t]*:[ \t]*(?P<p>[\w.-]+=[^\s\"';][^\n\"']*)",
        Trust.ANY,
        "cookie",
    ),
    # machine ... login ... password ...
    _form(r"(?<!\w)login\s+\S+\s+(?P<name>password)\s+(?P<p>[^\s\"'\\]+)", Trust.ANY, "login"),
    # Authorization: Basic ...; Authorization: ...
    _form(
        rf"(?<![\w-])(?P<name>(?:proxy-)?authorization){_AROUND}"
        r"(?:bearer|basic|token|apikey)\s+(?P<p>[^\s\"'`\\,;)}\]]+)",
        Trust.ANY,
        "authorization",
    ),
    _form(
        rf"(?<![\w-])(?P<name>(?:proxy-)?authorization)(?:{_AROUND}|[ \t]*[-=]{{1,2}}>[ \t]*| )"
        r"(?:[a-z-]{3,20}\s+)?(?P<p>[^\s\"'`\\,;)}\]]+)",
        Trust.DRAWN,
        "authorization",
    ),
    # A cookie in a pair
    _form(
        r"(?<![)\]])[(\[]\s*[bu]?\\*[\"'](?P<name>(?:set-)?cookie)\\*[\"']\s*,\s*"
        rf"{_UP_TO_QUOTE}\s*[)\]]",
        Trust.NO_NAME,
        "cookie",
    ),
    # auth=("me", "..."); PASSWORD '...' and IDENTIFIED BY '...' of SQL
    _form(
        rf"\b(?P<name>auth)\s*=\s*\(\s*[\"'][^\"'\n]*[\"']\s*,\s*{_IN_QUOTES}", Trust.ANY, "auth"
    ),
    _form(rf"\b(?P<name>password|identified\s+by)\s+{_IN_QUOTES}", Trust.NO_WORD, "password", "by"),
    # Options of sshpass, redis-cli and openssl
    _form(r"\b(?P<name>sshpass)\s+-p\s*[\"']?(?P<p>[^\s\"']+)", Trust.ANY, "sshpass"),
    _form(
        r"\b(?P<name>redis-cli)\b[^\n]{0,80}?\s-a\s+[\"']?(?P<p>[^\s\"']+)", Trust.ANY, "redis-cli"
    ),
    _form(r"-(?P<name>pass(?:in|out)?)\s+pass:(?P<p>[^\s\"']+)", Trust.ANY, "-pass"),
    # The password is ...; **API key:** `...`; | token | ... |
    _form(
        rf"(?<![\w-])(?P<name>{_SPOKEN})[\s\"'`*_):|]{{0,4}}"
        r"(?:\b(?:is|was|ist|est|es|lautet:?)\b|[-=]{1,2}>|→|[:=：])?[\s\"'`*_(:|]{0,4}"
        r"(?<![\w-])(?P<p>[\w+/=~!@#$%^&*.-]*[\w=])",
        Trust.DRAWN,
        *_SPOKEN_MARKS,
    ),
)
