"""Secrets by kind, each with a value of its own, and how each of them travels.

``@@`` stands for the value. What a case does not say is harmless: a POST of nothing, answered with
``fine``.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import random
import string
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

MARK = "@@"
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
XML = {"content-type": "text/xml"}
TEXT = {"content-type": "text/plain"}
EVENTS = {"content-type": "text/event-stream"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One side of an exchange."""

    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def holding(self, secret: str) -> Message:
        return Message(
            headers={name: value.replace(MARK, secret) for name, value in self.headers.items()},
            body=self.body.replace(MARK.encode(), secret.encode()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    kind: str
    secret: str
    path: str = ""
    """What follows the case's own folder in the address."""
    sent: Message = Message()
    answer: Message = Message(headers=TEXT, body=b"fine")


def jsoned(value: object) -> Message:
    return Message(headers=JSON, body=json.dumps(value).encode())


def chat(text: str) -> Message:
    return jsoned({"model": "m", "messages": [{"role": "user", "content": text}]})


def _quoted(text: str) -> str:
    return quote(text, safe="@")


_ROW = '{"user": "me", "password": "@@"}'
_PLACED = '{"url": "x", "headers": {"X-Us": "@@"}}'

# In a prompt, or in a file that stands in one, under a name.
TEXTS = {
    "env file": "DEBUG=1\nDB_PASSWORD=@@\nPORT=80",
    "env file, quoted": 'A=1\nSTRIPE_SECRET="@@"',
    "export": "export X_API_KEY=@@",
    "export of several": "export A=1 SERVICE_TOKEN=@@ B=2",
    "variable before a command": "PGPASSWORD=@@ psql -h db",
    "windows": "set OPENAI_API_KEY=@@",
    "powershell": '$env:GATEWAY_TOKEN = "@@"',
    "fish": "set -gx DEPLOY_TOKEN @@",
    "docker run": "docker run -e MYSQL_ROOT_PASSWORD=@@ mysql",
    "docker build": "docker build --build-arg NPM_TOKEN=@@ .",
    "dockerfile": "ENV APP_SECRET=@@",
    "dockerfile, old form": "ENV APP_SECRET @@",
    "compose list": "environment:\n  - REDIS_PASSWORD=@@\n",
    "compose table": "environment:\n  REDIS_PASSWORD: @@\n",
    "kubernetes secret": "kind: Secret\nstringData:\n  password: @@\n",
    "kubernetes environment": "env:\n- name: DB_PASSWORD\n  value: @@\n",
    "kubernetes environment, quoted": 'env:\n- name: API_TOKEN\n  value: "@@"\n',
    "terraform": 'resource "x" "y" {\n  db_password = "@@"\n}',
    "terraform default": 'variable "api_token" {\n  default = "@@"\n}',
    "python": 'client = Client(api_key="@@")',
    "python table": "config = {'user': 'me', 'password': '@@'}",
    "python annotation": 'API_KEY: str = "@@"',
    "python environment": 'os.environ["HOUSE_TOKEN"] = "@@"',
    "python setdefault": 'os.environ.setdefault("HOUSE_API_KEY", "@@")',
    "javascript": "const client = new Client({ apiKey: '@@' });",
    "javascript constant": 'const apiSecret = "@@";',
    "javascript environment": "process.env.API_KEY = '@@'",
    "typescript": 'private readonly apiKey: string = "@@";',
    "go": 'cfg := Config{APIKey: "@@"}',
    "go environment": 'os.Setenv("SLACK_TOKEN", "@@")',
    "java": 'private static final String API_KEY = "@@";',
    "java setter": 'dataSource.setPassword("@@");',
    "csharp": 'var options = new Options { ApiKey = "@@" };',
    "ruby": "config.secret_key = '@@'",
    "ruby hash": "{ :api_key => '@@' }",
    "php define": "define('DB_PASSWORD', '@@');",
    "php array": "'password' => '@@',",
    "rust": 'let api_key = "@@";',
    "properties": "spring.datasource.password=@@",
    "ini": "[db]\nuser = me\npassword = @@\n",
    "aws credentials": "[default]\nregion = eu\naws_secret_access_key = @@\n",
    "toml": "[db]\npassword = '@@'",
    "yaml": "db:\n  user: me\n  password: @@\n",
    "yaml in a list": "- api_key: @@",
    "yaml, quoted": 'secret_key: "@@"  # prod',
    "yaml in one line": "db: {user: me, password: @@}",
    "json": '{"user": "me", "password": "@@"}',
    "json with comments": '{\n  // mine\n  "clientSecret": "@@"\n}',
    "xml element": "<user>me</user><password>@@</password>",
    "xml token": "<a><token type='x'>@@</token></a> &lt;token&gt;x&lt;/token&gt;",
    "xml attribute": '<connection user="me" password="@@"/>',
    "xml setting": '<add key="ApiKey" value="@@" />',
    "android": '<string name="api_key">@@</string>',
    "plist": "<key>apiKey</key>\n<string>@@</string>",
    "html field": '<input type="hidden" name="csrf_token" value="@@">',
    "html meta": '<meta name="csrf-token" content="@@">',
    "netrc": "machine api.example.com login me password @@",
    "netrc, lines": "machine api.example.com\n  login me\n  password @@\n",
    "npmrc": "//registry.npmjs.org/:_authToken=@@",
    "pypirc": "[pypi]\nusername = __token__\npassword = @@",
    "pip": "--extra-index-url https://me:@@@pypi.example.com/simple",
    "git address": "git clone https://x-access-token:@@@github.com/me/it",
    "git address, token only": "git clone https://@@@github.com/me/it",
    "nginx": 'proxy_set_header Authorization "Bearer @@";',
    "nginx header": 'proxy_set_header X-Api-Key "@@";',
    "apache": 'SetEnv APP_SECRET "@@"',
    "curl header": "curl -H 'X-House-Token: @@' https://x.example.com",
    "curl header, double": 'curl -H "X-Api-Key: @@" https://x.example.com',
    "curl authorization": 'curl --header "Authorization: Basic @@" x',
    "curl token": 'curl -H "Authorization: Token @@" x',
    "curl bare authorization": 'curl -H "Authorization: @@" x',
    "curl user": "curl -u admin:@@ https://x.example.com",
    "curl user, long": "curl --user admin:@@ https://x.example.com",
    "curl proxy user": "curl --proxy-user admin:@@ https://x.example.com",
    "curl bearer": "curl --oauth2-bearer @@ https://x.example.com",
    "curl cookie": "curl -b 'sid=@@' https://x.example.com",
    "curl cookie, long": "curl --cookie 'session=@@; a=b' https://x.example.com",
    "curl form": "curl -d 'grant_type=password&password=@@' https://x.example.com",
    "curl json": 'curl -d \'{"password": "@@"}\' https://x.example.com',
    "httpie": "http x.example.com 'Authorization:Token @@'",
    "wget": "wget --http-user=me --http-password=@@ https://x.example.com",
    "wget header": "wget --header='X-Auth-Token: @@' https://x.example.com",
    "requests": 'requests.get(url, headers={"X-Api-Key": "@@"})',
    "requests basic": 'requests.get(url, auth=("me", "@@"))',
    "option": "mysql --user me --password @@",
    "option with =": "tool --auth-token=@@",
    "option, quoted": "tool --client-secret '@@'",
    "docker login": "docker login --username me --password @@ registry.example.com",
    "sshpass": "sshpass -p '@@' ssh me@host",
    "redis-cli": "redis-cli -h cache -a @@ ping",
    "openssl": "openssl rsa -passin pass:@@ -in key.pem",
    "http request": "GET / HTTP/1.1\nHost: x\nAuthorization: Digest @@\n",
    "http cookie": "GET / HTTP/1.1\nHost: x\nCookie: sid=@@; theme=dark\n",
    "http set-cookie": "HTTP/1.1 200 OK\nSet-Cookie: sid=@@; HttpOnly\n",
    "http key": "GET / HTTP/1.1\nHost: x\nX-Api-Key: @@\n",
    "prose, password is": "The password is @@ and the user is me.",
    "prose, key is": "My API key is @@, please use it.",
    "prose, token": "Log in as me (token: @@) and look.",
    "prose, password in line": "user: me, password: @@, port: 80",
    "prose, secret in quotes": 'use the client secret "@@" here',
    "prose, bold": "**API key:** `@@`",
    "prose, table": "| password | @@ |",
    "prose, table of code": "| password | `@@` |",
    "csv, one value in three cells": "name,api_key,before,note\nprod,@@,@@,@@\n",
    "csv, a cell of two lines": 'name,api_key\n"prod,\nold",@@\n',
    "csv, a quote that nobody closes": 'name,api_key\n"prod,@@\n' + "a,b\n" * 30,
    "log line": "INFO connecting user=me password=@@ host=db",
    "log table": "headers={'x-api-key': '@@', 'accept': '*/*'}",
    "traceback": "KeyError: 'x'\napi_key = '@@'\n",
    "sql": "CREATE USER me WITH PASSWORD '@@';",
    "sql, identified": "CREATE USER 'me'@'%' IDENTIFIED BY '@@';",
    "chinese": "密码: @@",
    "russian, in capitals": "ПАРОЛЬ: @@",
    "letters that are longer in lower case": "İ" * 300 + "\nDB_PASSWORD=@@\n",
    "german": "Das Passwort lautet: @@\nPasswort: @@",
    "connection, postgres": "postgresql://me:@@@db.example.com/x",
    "connection, mongo": "mongodb+srv://me:@@@c0.example.net/x",
    "connection, redis": "redis://:@@@cache.example.com:6379/0",
    "connection, amqp": "amqps://me:@@@mq.example.com/v",
    "connection, smtp": "smtp://me%40example.com:@@@mail.example.com:587",
    "connection, sqlalchemy": "mssql+pyodbc://me:@@@db/x?driver=ODBC",
    "connection, jdbc": "jdbc:postgresql://db/x?user=me&password=@@",
    "connection, jdbc oracle": "jdbc:oracle:thin:me/@@@db:1521/x",
    "connection, server": "Server=db;User Id=me;Password=@@;Encrypt=true",
    "connection, pwd": "Driver={ODBC};Server=db;Uid=me;Pwd=@@;",
    "connection, libpq": "host=db user=me password=@@ dbname=x",
    "connection, storage": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=@@==",
    "connection, bus": "Endpoint=sb://x/;SharedAccessKeyName=r;SharedAccessKey=@@=",
    "connection, signature": "BlobEndpoint=https://a/;SharedAccessSignature=sv=1&sig=@@",
    "connection, kafka": 'sasl.jaas.config=PlainLoginModule required username="me" password="@@";',
    "connection, pgpass": "db.example.com:5432:app:me:@@",
    "webhook, slack": "https://hooks.slack.com/services/T0/B0/@@",
    "webhook, slack workflow": "https://hooks.slack.com/workflows/T0/A0/1/@@",
    "webhook, discord": "https://discord.com/api/webhooks/123456/@@",
    "webhook, discord old": "https://discordapp.com/api/v9/webhooks/123456/@@",
    "webhook, teams": "https://x.webhook.office.com/webhookb2/@@@y/IncomingWebhook/z",
    "webhook, teams new": "https://prod-1.westeurope.logic.azure.com:443/workflows/@@/triggers/x",
    "webhook, zapier": "https://hooks.zapier.com/hooks/catch/123/@@",
    "webhook, make": "https://hook.eu1.make.com/@@",
    "webhook, google chat": "https://chat.googleapis.com/v1/spaces/A/messages?key=x&token=@@",
    "webhook, ifttt": "https://maker.ifttt.com/trigger/x/with/key/@@",
    "webhook, mattermost": "https://chat.example.com/hooks/@@",
    "webhook, pipedream": "https://@@.m.pipedream.net",
    "webhook, feishu": "https://open.feishu.cn/open-apis/bot/v2/hook/@@",
    "webhook, dingtalk": "https://oapi.dingtalk.com/robot/send?access_token=@@",
    "webhook, wecom": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=@@",
    "webhook, healthchecks": "https://hc-ping.com/@@",
    "bot, telegram": "https://api.telegram.org/bot123456789:AA@@@@x/getMe",
    "ntfy token": "curl -H 'Authorization: Bearer @@' ntfy.example.com/x",
    "address, query": "see https://x.example.com/a?b=1&access_token=@@",
    "address, presigned": "https://b.s3.amazonaws.com/k?X-Amz-Signature=@@&X-Amz-Date=1",
    "address, sas": "https://a.blob.core.windows.net/c/b?sv=2022&sp=r&sig=@@",
    "address, gcs": "https://storage.googleapis.com/b/k?X-Goog-Signature=@@",
    "address, cloudfront": "https://d1.cloudfront.net/k?Expires=1&Signature=@@&Key-Pair-Id=K1",
    "address, fragment": "https://x.example.com/cb#access_token=@@&token_type=bearer",
    "address, code": "https://x.example.com/callback?code=@@&state=1",
    "csv": "name,api_key\nprod,@@\n",
    "csv, later row": "name,api_key,note\na,1,x\nb,2,\nprod,@@,y\n",
    "csv, quoted": '"name","API key","note"\n"prod","@@","a, b"\n',
    "csv, cell of two lines": 'name,note,password\nme,"two\nlines",@@\n',
    "csv, windows": "name,api_key\r\nprod,@@\r\n",
    "csv, semicolons": "name;password\nme;@@\n",
    "csv, bars": "name|password\nme|@@\n",
    "csv, blanks": "name, secret key\nprod, @@\n",
    "csv, names in rows": "key,value\nPORT,80\nDB_PASSWORD,@@\n",
    "csv in a fence": "look\n```csv\nuser,password\nme,@@\n```\n",
    "csv of one column": "api_key\n@@\n",
    "csv of one column, windows": "Access Token\r\n@@\r\n",
    "csv of one column, quoted": '"client_secret"\n"@@"\n',
    "csv of one column, later row": "password\nfirst\n@@\n",
    "csv of one column, in a fence": "look\n```csv\napi_key\n@@\n```\n",
    "markdown of one column": "| token |\n| --- |\n| @@ |\n",
    "psql, one column": " api_key\n---------\n @@\n(1 row)\n",
    "latex": "\\begin{tabular}{ll}\nuser & me \\\\\npassword & @@ \\\\\n\\end{tabular}",
    "latex, heading": "\\hline\nuser & api\\_key \\\\ \\hline\nme & \\texttt{@@} \\\\ \\hline\n",
    "latex, last row": "user & password \\\\*\nme & @@\n\\end{tabular}",
    "latex, cr": "\\multicolumn{1}{c}{user} & password \\cr\nme & @@ \\cr",
    "csv of one column, commas": "api_key,\n@@,\n",
    "csv of one column, empty lines": "api_key\n\n@@\n\n",
    "latex, one line": "As in user & password \\\\ me & @@ \\\\",
    "latex, three columns": "\\textbf{user} & \\textbf{token} & x \\\\[2pt]\nme & @@ & y \\\\\n",
    "row of json in prose": 'The row is {"user": "me", "password": "@@"}, as you see.',
    "rows of json in prose": 'The rows: [["user", "password"], ["me", "@@"]] and no more.',
    "table of json in prose": 'It says {"columns": ["user", "token"], "rows": [["me", "@@"]]}.',
    "headers of json in prose": 'Call it with {"url": "x", "headers": {"X-Who": "@@"}} then.',
    "name and value in prose": 'Set {"name": "DB_PASSWORD", "value": "@@"} and {"a": 1}.',
    "list of json in prose": 'With {"api_keys": ["@@"]} it works.',
    "latex, open row": "user & password \\\\\nme & @@\n\nIt is R \\& D.",
    "latex, new line of a tabular": "user & password \\tabularnewline\nme & @@ \\tabularnewline",
    "json with letters as escapes": 'With {"api_keys": ["\\u0061@@"]} it works.',
    "escaped json": 'It says {\\"user\\": \\"me\\", \\"password\\": \\"@@\\"} there.',
    "escaped table": 'It says {\\"columns\\": [\\"token\\"], \\"rows\\": [[\\"@@\\"]]} there.',
    "escaped twice": r"It says [{\\\"name\\\": \\\"API_KEY\\\", \\\"value\\\": \\\"@@\\\"}] there.",
    "lines of json": 'Lines:\n{"a": 1}\n{"a": {"name": "x-api-key", "value": "@@"}}\n',
    "a table in json in json": r'{"a":"{\"b\":\"api_key\\n@@\\n\"}"}',
    "a table in json in prose": "See " + json.dumps({"a": json.dumps({"b": "api_key\n@@\n"})}),
    "python bytes": "{b'user': b'me', b'password': b'@@'}",
    "python headers": "{'Authorization': 'Bearer @@', 'accept': '*/*'}",
    "python headers of bytes": "Headers([(b'host', b'x'), (b'authorization', b'Bearer @@')])",
    "python list": "{'user': \"it's\", 'api_keys': ['@@'], 'x': None}",
    "python, by place": "{'url': 'x', 'headers': {'X-Us': '@@'}, 'ok': True}",
    "python, name and value": "[{'name': 'DB_PASSWORD', 'value': '@@'}, {'a': (1, 2,)}]",
    "python, rows": "It's [('user', 'password'), ('me', '@@')], isn't it?",
    "python, table": "{'columns': ['user', 'token'], 'rows': [['me', '@@']],}",
    "python, arguments": "['npx', 'x', '--api-key', '@@']",
    "python in quotes": "He said \"{'env': {'A': '@@'}, 'command': 'x'}\" to me",
    "python in html": "[{&#39;name&#39;: &#39;API_KEY&#39;, &#39;value&#39;: &#39;@@&#39;}]",
    "python in json": "See " + json.dumps({"a": "{'url': 'x', 'headers': {'X-Us': '@@'}}"}),
    "python pairs": "[('user', 'me'), ('password', '@@')]",
    "python pairs, headers": "[('Accept', '*/*'), ('Authorization', 'Bearer @@')]",
    "python pairs, cookie": "[('Cookie', 'sid=@@'), ('a', 'b')]",
    "python raw string": "connect(host='x', password=r'@@')",
    "python bytes in a call": "connect(password=b'@@', host='x')",
    "python f-string": "connect(password=f'@@')",
    "python three quotes": 'password = """@@"""',
    "dataclass": "Settings(host='x', api_key='@@', port=5)",
    "pydantic": "host='x' api_key='@@' port=5",
    "pydantic secret": "Settings(api_key=SecretStr('@@'), port=5)",
    "secret of a class": "SecretStr('@@') and SecretBytes(b'x')",
    "call without quotes": "Config(user=me, password=@@)",
    "javascript template": "headers: { Authorization: `Bearer @@` }",
    "javascript headers": "headers.set('Authorization', 'Bearer @@')",
    "javascript minified": 'var a={user:"me",password:"@@",x:1}',
    "javascript, last comma": "{\n  user: 'me',\n  password: `@@`,\n}",
    "ruby inspected": '#<Config:0x01 @user="me", @password="@@">',
    "ruby without blanks": '{:user=>"me", :password=>"@@"}',
    "php printed": "Array\n(\n    [user] => me\n    [password] => @@\n)\n",
    "php dumped": 'array(1) {\n  ["password"]=>\n  string(21) "@@"\n}',
    "php serialized": 's:4:"user";s:2:"me";s:8:"password";s:21:"@@";',
    "php variable": "$password = '@@';",
    "go printed": "{User:me Password:@@ Port:5}",
    "go map": "map[password:@@ user:me]",
    "go raw string": "Config{Password: `@@`}",
    "rust string": 'Config { user: "me", password: "@@".to_string() }',
    "rust from": 'Config { password: String::from("@@"), port: 5 }',
    "rust printed": 'Config { user: "me", password: Some("@@") }',
    "rust raw string": 'let password = r#"@@"#;',
    "rust reference": 'const API_KEY: &\'static str = "@@";',
    "csharp verbatim": 'var password = @"@@";',
    "csharp record": "Options { User = me, Password = @@ }",
    "csharp new": 'ApiKey = new AzureKeyCredential("@@");',
    "kotlin": 'mapOf("user" to "me", "password" to "@@")',
    "scala": 'Map("user" -> "me", "password" -> "@@")',
    "clojure": '{:user "me" :password "@@"}',
    "r": 'password <- "@@"',
    "objective c": '@{@"password": @"@@"}',
    "toml in one line": 'db = { user = "me", password = "@@" }',
    "yaml in one line, quoted": "- {user: me, 'password': '@@'}",
    "yaml in one line, name quoted": 'db: {"user": me, "password": @@}',
    "log with a name of two words": "user: me, DB_PASSWORD: @@, port: 80",
    "log with an arrow": "webhook_secret -> @@",
    "name in quotes": 'So "refreshToken": @@\n',
    "lisp": '(connect :signing-key "@@")',
    "text put together": "log('private_key: ' + '@@')",
    "authorization of a program": "Authorization = SecretStr('@@') and more",
    "authorization of a file": "http.authorization=@@ and more",
    "key of a storage": "storage_key := `@@`",
    "three quotes with backslashes": r"password=\"\"\"@@\"\"\" in json",
    "log with arrows": "password -> @@\napi key ==> x",
    "html, entities": "{&quot;user&quot;: &quot;me&quot;, &quot;password&quot;: &quot;@@&quot;}",
    "html, numbers": "{&#34;user&#34;:&#034;me&#034;,&#34;password&#34;:&#34;@@&#34;}",
    "html, hexadecimal": "{&#x22;password&#x22;: &#X22;@@&#X22;}",
    "html, apostrophes": "{&#39;password&#39;: &apos;@@&apos;}",
    "html, twice": "{&amp;quot;password&amp;quot;: &amp;quot;@@&amp;quot;}",
    "html, attribute": '<a data-x="{&quot;a&quot;:1,&quot;password&quot;:&quot;@@&quot;}"></a>',
    "html, apostrophes around": '<a data-x=\'{"a":1,"password":"@@"}\'></a>',
    "html, by place": html.escape(f"<a b={_PLACED}>"),
    "html, elements": "&lt;password&gt;@@&lt;/password&gt; &amp;lt;b&amp;gt;",
    "html, field": "&lt;input name=&quot;csrf_token&quot; value=&quot;@@&quot;&gt;",
    "html, assignment": "password=&quot;@@&quot;&#10;api_key=1",
    "html, script": '<script>window.x = {"user": "me", "password": "@@"};</script>',
    "script of escapes": r"JSON.parse('{\u0022user\u0022:1,\u0022password\u0022:\u0022@@\u0022}')",
    "script of short escapes": r"x = '\x7b\x22password\x22\x3a\x22@@\x22}'",
    "tags of escapes": r"\u003cpassword\u003e@@\u003c/password\u003e",
    "percent twice": f"/x?a=1&f={_quoted(_quoted(_ROW))}&b=2",
    "percent three times": _quoted(_quoted(_quoted(_ROW))),
    "percent twice, blanks": _quoted(_quoted(_ROW).replace("%20", "+")),
    "percent twice, no json": "/x?next=%252Fa%253Fpassword%253D@@",
    "percent, by place": _quoted(_PLACED),
    "percent twice, by place": _quoted(_quoted(_PLACED)),
    "percent twice, of lines": quote_plus(quote_plus("user -> me\nDB_PASSWORD -> @@\n", "@"), "@"),
    "percent in html": html.escape(f'<a href="/x?f={_quoted(_quoted(_ROW))}">'),
    "html in percent": _quoted(_quoted(html.escape(_ROW))),
    "cdata": '<x><![CDATA[{"url": 1, "headers": {"X-Us": "@@"}}]]></x>',
    "csv of a browser": "name,url,username,password\nx,https://x.com/,me,@@\n",
    "csv of aws": "User name,Access key ID,Secret access key\nme,AK,@@\n",
    "tabs": "name\ttoken\nprod\t@@\n",
    "cookies of a browser": "# Netscape\n.x.com\tTRUE\t/\tTRUE\t0\tsid\t@@\n",
    "markdown": "| name | api_key |\n|---|---|\n| prod | @@ |\n",
    "markdown, later row": "| name | password |\n|---|---|\n| a | b |\n| prod | `@@` |\n",
    "markdown, bare": "name | password\n--- | ---\nme | @@\n",
    "markdown, names in rows": "| key | value |\n|---|---|\n| DB_PASSWORD | @@ |\n",
    "psql": " name | password \n------+----------\n me   | @@\n(1 row)\n",
    "mysql": "+----+----------+\n| id | password |\n+----+----------+\n|  1 | @@ |\n+----+---+\n",
    "columns of blanks": "NAME    PASSWORD\nme      @@\n",
    "html table": "<tr><th>name</th><th>API key</th></tr><tr><td>me</td><td>@@</td></tr>",
    "html row": "<table><tr><td>password</td><td>@@</td></tr></table>",
    "html row, nested": "<tr><th scope='row'>Password</th>\n<td class=x><code>@@</code></td></tr>",
    "html terms": "<dl><dt>Secret key</dt><dd>@@</dd></dl>",
    "sql insert": "INSERT INTO users (name, password) VALUES ('a', 'b'), ('me', '@@');",
    "kubernetes, any name": "kind: Secret\nmetadata:\n  name: x\nstringData:\n  stripe: @@\n",
    "kubernetes, kind last": "stringData:\n  stripe: '@@'\nkind: Secret\n---\nkind: Pod\n",
    "ini section": "[db]\nport = 1\n[secrets]\nstripe = @@\n",
    "toml section": '[app.api_keys]\nstripe = "@@"\n',
    "yaml, next line": "db:\n  password: >-\n    @@\n  user: me\n",
    "ldif": "dn: cn=me\nuserPassword:: @@\n",
    "wifi": 'network={\n ssid="x"\n psk="@@"\n}',
    "wireguard": "[Peer]\nPresharedKey = @@=\n",
    "htpasswd": "me:$apr1$abcdefgh$@@\n",
    "shadow": "root:$6$abcdefgh$@@:18000:0:99999:7:::\n",
}

FIELDS = """
    auth bearer pwd passphrase otp jwt connectionString secret dsn database_url signing_secret
    apiSecret db_password api_key apiKey API-KEY x-api-key anthropic_api_key openaiApiKey
    hf_token github_token slackBotToken azure_client_secret clientSecret aws_secret_access_key
    SessionToken secretAccessKey smtp_password rootPassword db_pass password_confirmation
    new_password ssh_private_key privateKey client_key_pem hmac_secret hmac_key encryption_key
    signing_key webhook_secret webhook_signing_secret sas_token access_token refreshToken
    id_token auth_token bearer_token authHeader authorization_header mfa_token otp_code
    totp_secret recovery_code security_answer service_account_key credentials credentials_json
    license_key device_token push_token fcm_token csrfToken _csrf session_token
    cookie cookies set_cookie mongodb_uri redis_url postgres_dsn broker_url app_password
    passcode access_key account_key master_key shared_secret consumer_secret oauth_token
    oauth_token_secret personal_access_token token api_token admin_token join_token
    registration_token temporary_password initialPassword keystore_password vault_token
    unseal_key
"""
PARAMETERS = """
    key api_key apikey api-key access_token token auth auth_token sig signature client_secret
    password pwd jwt id_token refresh_token session_token subscription-key X-Amz-Signature
    X-Goog-Signature X-Amz-Security-Token hapikey appid secret sas_token private_token
    oauth_token oauth_verifier SAMLResponse
"""
SENT_HEADERS = """
    Authorization Proxy-Authorization X-Api-Key api-key X-Goog-Api-Key Cookie X-Auth-Token
    X-Functions-Key Ocp-Apim-Subscription-Key CF-Access-Client-Secret X-Amz-Security-Token
    X-Vault-Token Private-Token X-Figma-Token X-CSRF-Token X-Access-Token Authentication
    X-Forwarded-Authorization X-Vercel-Protection-Bypass DD-API-KEY X-Shopify-Access-Token
    Idempotency-Key X-Ms-Token-Aad-Access-Token Sec-WebSocket-Protocol X-Webhook-Secret
    X-Session-Token X-Hub-Signature-256
"""
ANSWERED_HEADERS = """
    Set-Cookie X-House-Ticket X-Session X-Request-Id openai-organization X-Auth-Token
    X-Amzn-RequestId X-Refresh-Token X-Next-Nonce X-Upload-Key Authorization Refresh-Token
    X-CSRF-Token X-Subject-Token X-Served-For Www-Authenticate
"""

SERVER = {"type": "mcp", "server_label": "x", "server_url": "https://mcp.example.com/sse"}
BODIES: dict[str, object] = {
    "mcp header": {"tools": [{**SERVER, "headers": {"X-House": MARK}}]},
    "mcp authorization": {"tools": [{**SERVER, "authorization": MARK}]},
    "mcp authorization_token": {
        "mcp_servers": [{"type": "url", "url": "https://x/", "authorization_token": MARK}]
    },
    "mcp address": {"tools": [{**SERVER, "server_url": f"https://mcp.example.com/?key={MARK}"}]},
    "mcp environment": {"mcpServers": {"a": {"command": "npx", "env": {"HOUSE_PASS": MARK}}}},
    "mcp argument": {"mcpServers": {"a": {"command": "npx", "args": ["--api-key", MARK]}}},
    "mcp argument with =": {"mcpServers": {"a": {"command": "x", "args": [f"--token={MARK}"]}}},
    "mcp input": {"mcp": {"inputs": [{"id": "api_key", "password": True, "value": MARK}]}},
    "mcp header as list": {
        "mcpServers": {"a": {"url": "https://x/", "headers": [f"Authorization: Bearer {MARK}"]}}
    },
    "mcp require": {"tools": [{**SERVER, "extra_headers": {"X-Tenant-Pass": MARK}}]},
    "headers of a tool": {"request": {"headers": {"X-Api-Key": MARK, "accept": "*/*"}}},
    "headers as pairs": {"headers": [{"name": "Authorization", "value": MARK}]},
    "headers as lists": {"headers": [["Authorization", MARK], ["accept", "*/*"]]},
    "pairs of names": {"env": [{"name": "DB_PASSWORD", "value": MARK}]},
    "pairs of keys": {"variables": [{"key": "api_token", "value": MARK}]},
    "field in a list": {"passwords": [MARK, MARK]},
    "field in another list": {"backup_codes": [MARK]},
    "field in a table": {"credentials": {"user": "me", "value": MARK}},
    "a secret's value": {"client_secret": {"value": MARK, "expires_at": 1}},
    "json in json": {"arguments": json.dumps({"password": MARK})},
    "json in json in json": {"a": json.dumps({"b": json.dumps({"api_key": MARK})})},
    "json four deep": {"a": json.dumps({"b": json.dumps({"c": json.dumps({"pwd": MARK})})})},
    "json in json, headers": {"a": json.dumps({"headers": {"X-Api-Key": MARK}})},
    "mcp in json in json": {"a": json.dumps({"tools": [{**SERVER, "headers": {"X-Us": MARK}}]})},
    "repr in json": {"content": str({"password": MARK, "n": 1})},
    "bytes repr in json": {"content": str({b"password": MARK.encode()})},
    "form in json": {"body": f"grant_type=password&client_secret={MARK}"},
    "quoted in json": {"url": f"https://x/?next=https%3A%2F%2Fy%2F%3Faccess_token%3D{MARK}"},
    "json in a query in json": {"url": f"https://x/?state=%7B%22password%22%3A%22{MARK}%22%7D"},
    "xml in json": {"content": f"<Credentials><SecretKey>{MARK}</SecretKey></Credentials>"},
    "name of a field": {"seen": {f"password={MARK}": 1}},
    "har": {"request": {"cookies": [{"name": "sid", "value": MARK, "httpOnly": True}]}},
    "postman": {"auth": {"type": "apikey", "apikey": [{"key": "value", "value": MARK}]}},
    "docker config": {"auths": {"x.test": {"auth": MARK}}},
    "vscode": {"github.copilot.advanced": {"authToken": MARK}},
    "pull secret": {"spec": {"source": {"git": {"credentials": f"me:{MARK}"}}}},
    "tool result": {
        "messages": [{"role": "tool", "content": f'{{"ok":true,"access_token":"{MARK}"}}'}]
    },
    "tool schema default": {
        "tools": [{"parameters": {"properties": {"api_key": {"type": "string", "default": MARK}}}}]
    },
    "rows below their headings": {"values": [["id", "name", "api_key"], [1, "prod", MARK]]},
    "rows beside their headings": {"columns": ["id", "password"], "rows": [[1, MARK]]},
    "rows and described headings": {
        "schema": {"fields": [{"name": "api_key", "type": "STRING"}]},
        "rows": [{"f": [{"v": MARK}]}],
    },
    "rows in json in json": {"content": json.dumps({"columns": ["password"], "data": [[MARK]]})},
    "column in json in json": {"content": json.dumps({"password": {"0": MARK}})},
    "kubernetes secret": {"kind": "Secret", "stringData": {"stripe": MARK}},
    "pairs with capitals": {"Parameters": [{"Name": "DbPassword", "Value": MARK}]},
    "keys by vendors": {"api_keys": {"stripe": MARK}},
    "jwks": {"keys": [{"kty": "RSA", "n": "a", "e": "AQAB", "d": MARK}]},
}


def _answers() -> dict[str, Message]:
    form = f"oauth_token=a&oauth_token_secret={MARK}&user_id=1".encode()
    delta = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in _pieces()]
    arguments = [
        {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": piece}
        for piece in ('{"pass', 'word": "@', '@"}')
    ]
    partial = [{"index": 1, "delta": {"partial_json": p}} for p in ('{"api_', 'key":"@', '@"}')]
    tool = [
        {"choices": [{"index": 0, "delta": {"tool_calls": [_tool_call(piece)]}}]}
        for piece in ('{"to', 'ken_secret": "@', '@"}')
    ]
    lines = [{"message": {"content": piece}} for piece in _pieces()]
    items = [
        {"candidates": [{"content": {"parts": [{"text": piece}]}, "index": 0}]}
        for piece in _pieces()
    ]
    return {
        "csv": Message(headers={"content-type": "text/csv"}, body=b"name,api_key\nprod,@@\n"),
        "html table": Message(
            headers={"content-type": "text/html"},
            body=b"<table><tr><td>password</td><td>@@</td></tr></table>",
        ),
        "form response": Message(headers=FORM, body=form),
        "form response called html": Message(headers={"content-type": "text/html"}, body=form),
        "form response without a type": Message(body=f"access_token={MARK}&scope=a".encode()),
        "xml": Message(headers=XML, body=b"<a><SecretAccessKey>@@</SecretAccessKey></a>"),
        "xml with a namespace": Message(headers=XML, body=b'<a:Password x="1">@@</a:Password>'),
        "xml, cdata": Message(headers=XML, body=b"<password><![CDATA[@@]]></password>"),
        "xml, attribute": Message(headers=XML, body=b'<login user="me" password="@@"/>'),
        "xml, soap": Message(
            headers=XML, body=b'<wsse:Password Type="#PasswordText">@@</wsse:Password>'
        ),
        "xml, lines": Message(headers=XML, body=b"<SessionToken>\n  @@\n</SessionToken>"),
        "json": jsoned({"data": {"webhook_secret": MARK}}),
        "json called text": Message(headers=TEXT, body=b'{"data": {"access_token": "@@"}}'),
        "json after a guard": Message(headers=JSON, body=b')]}\',\n{"access_token": "@@"}'),
        "json twice the key": Message(headers=JSON, body=b'{"api_key": "@@", "api_key": "@@"}'),
        "json with nan": Message(headers=JSON, body=b'{"n": NaN, "api_key": "@@"}'),
        "json with escapes": Message(headers=JSON, body=b'{"pass\\u0077ord": "@@"}'),
        "jsonp": Message(
            headers={"content-type": "text/javascript"}, body=b'cb({"access_token":"@@"})'
        ),
        "javascript": Message(
            headers={"content-type": "text/javascript"}, body=b'var apiKey = "@@";'
        ),
        "html": Message(
            headers={"content-type": "text/html"},
            body=b'<input type="hidden" name="authenticity_token" value="@@"/>',
        ),
        "html, attribute": Message(
            headers={"content-type": "text/html"},
            body=b'<div data-x="{&quot;user&quot;:1,&quot;password&quot;:&quot;@@&quot;}"></div>',
        ),
        "text": Message(headers=TEXT, body=b"export API_TOKEN=@@\n"),
        "bom": Message(headers=JSON, body=b'\xef\xbb\xbf{"access_token": "@@"}'),
        "latin-1": Message(headers=TEXT, body=b"caf\xe9\npassword=@@\n"),
        "sse": Message(headers=EVENTS, body=_events(delta)),
        "sse, arguments": Message(headers=EVENTS, body=_events(arguments)),
        "sse, partial json": Message(headers=EVENTS, body=_events(partial)),
        "sse, tool call": Message(headers=EVENTS, body=_events(tool)),
        "sse, one event": Message(headers=EVENTS, body=_events([{"client_secret": MARK}])),
        "sse, text": Message(headers=EVENTS, body=b"event: x\ndata: password=@@\n\n"),
        "sse, two lines": Message(
            headers=EVENTS, body=b'data: {"a": 1,\ndata: "api_key": "@@"}\n\n'
        ),
        "sse, comment": Message(headers=EVENTS, body=b": api_key=@@\ndata: {}\n\n"),
        "sse, id": Message(headers=EVENTS, body=b"id: password=@@\ndata: {}\n\n"),
        "lines": Message(
            headers={"content-type": "application/x-ndjson"},
            body=b"".join(json.dumps(one).encode() + b"\n" for one in lines),
        ),
        "lines called json": Message(headers=JSON, body=b'{"a": 1}\n{"password": "@@"}\n'),
        "array": jsoned(items),
        "realtime": jsoned({"client_secret": {"value": MARK, "expires_at": 1}}),
        "frames": jsoned({"frames": [json.dumps({"type": "auth", "access_token": MARK})]}),
        "redirect": Message(headers={"location": "https://x/cb?code=@@&state=1"}, body=b""),
        "redirect, fragment": Message(headers={"location": "https://x/cb#access_token=@@"}),
        "redirect, json": Message(
            headers={"location": "/x?f=%257B%2522password%2522%253A%2522@@%2522%257D"}
        ),
        "redirect, json by place": Message(
            headers={"location": "/x?f=%7B%22url%22%3A1%2C%22env%22%3A%7B%22X%22%3A%22@@%22%7D%7D"}
        ),
        "redirect, user": Message(headers={"location": "https://me:@@@x.example.com/"}),
        "link": Message(headers={"link": '<https://x/?access_token=@@>; rel="next"'}),
        "refresh": Message(headers={"refresh": "0; url=https://x/?token=@@"}),
        "cookie path": Message(headers={"set-cookie": "sid=@@; Path=/; HttpOnly"}),
        "cookie expired": Message(headers={"set-cookie": "sid=@@; Max-Age=10; Secure"}),
        "cookie without a name": Message(headers={"set-cookie": "@@; HttpOnly"}),
        "header, key": Message(headers={"x-token-info": "user=me; password=@@"}),
        "header, json": Message(headers={"x-context": '{"access_token": "@@"}'}),
    }


def _pieces() -> list[str]:
    return ["Set DB_PASS", "WORD=", "@", "@", " now"]


def _tool_call(piece: str) -> dict[str, object]:
    return {"index": 0, "function": {"arguments": piece}}


def _events(events: Sequence[object]) -> bytes:
    return b"".join(f"data: {json.dumps(one)}\n\n".encode() for one in events)


def _multipart(*parts: tuple[str, bytes]) -> Message:
    body = b"".join(
        b"--b\r\n%s\r\n\r\n%s\r\n" % (head.encode(), content) for head, content in parts
    )
    return Message(
        headers={"content-type": "multipart/form-data; boundary=b"}, body=body + b"--b--\r\n"
    )


def _requests() -> dict[str, Message]:
    field_ = 'Content-Disposition: form-data; name="{}"'
    file = 'Content-Disposition: form-data; name="file"; filename="{}"'
    return {
        "form": Message(headers=FORM, body=b"user=me&password=@@"),
        "form without a type": Message(body=b"user=me&password=@@"),
        "form called text": Message(headers=TEXT, body=b"user=me&client_secret=@@"),
        "form called json": Message(headers=JSON, body=b"grant_type=password&password=@@"),
        "form called binary": Message(
            headers={"content-type": "application/octet-stream"}, body=b"a=b&api_key=@@"
        ),
        "form, brackets": Message(headers=FORM, body=b"user[name]=me&user[password]=@@"),
        "form, brackets quoted": Message(
            headers=FORM, body=b"user%5Bname%5D=me&user%5Bpassword%5D=@@"
        ),
        "form, json in a field": Message(
            headers=FORM, body=b"payload=%7B%22access_token%22%3A%22@@%22%7D"
        ),
        "form, json by place": Message(
            headers=FORM,
            body=b"a=%7B%22url%22%3A1%2C%22headers%22%3A%7B%22X-Us%22%3A%22@@%22%7D%7D",
        ),
        "form, json quoted twice": Message(
            headers=FORM, body=b"a=%257B%2522password%2522%253A%2522@@%2522%257D"
        ),
        "form, oauth code": Message(headers=FORM, body=b"grant_type=authorization_code&code=@@"),
        "form, verifier": Message(headers=FORM, body=b"code=a&code_verifier=@@"),
        "form, assertion": Message(headers=FORM, body=b"grant_type=jwt&assertion=@@"),
        "form, device": Message(headers=FORM, body=b"grant_type=device&device_code=@@"),
        "form, spaces": Message(headers=TEXT, body=b"user=me and you&password=@@"),
        "part": _multipart((field_.format("api_key"), b"@@")),
        "part, json": _multipart((field_.format("metadata"), b'{"password": "@@"}')),
        "part, env file": _multipart((file.format(".env"), b"A=1\nDB_PASSWORD=@@\n")),
        "part, netrc": _multipart((file.format(".netrc"), b"machine x login me password @@\n")),
        "part, brackets": _multipart((field_.format("user[password]"), b"@@")),
        "part, utf-16": _multipart((file.format("a.txt"), b"password=" + MARK.encode() + b"\n")),
        "part, head": _multipart((field_.format("a") + "\r\nAuthorization: Bearer @@", b"x")),
        "part, json file": _multipart((file.format("key.json"), b'{"private_key": "@@"}')),
        "parts, related": Message(
            headers={"content-type": "multipart/related; boundary=b"},
            body=b'--b\r\ncontent-type: application/json\r\n\r\n{"api_key":"@@"}\r\n--b--\r\n',
        ),
        "lines": Message(
            headers={"content-type": "application/jsonl"},
            body=b'{"a":1}\n{"body":{"api_key":"@@"}}\n',
        ),
        "toml file": Message(headers=TEXT, body=b'[a]\nsecret = "@@"\n'),
        "csv file": Message(
            headers={"content-type": "text/csv"}, body=b"\xef\xbb\xbfapi_key,name\n@@,me\n"
        ),
        "part, csv": _multipart((file.format("a.csv"), b"name,api_key\nprod,@@\n")),
        "lines of rows": Message(
            headers={"content-type": "application/jsonl"},
            body=b'["id","name","api_key"]\n[1,"prod","@@"]\n',
        ),
        "yaml file": Message(
            headers={"content-type": "application/yaml"}, body=b"db:\n  password: @@\n"
        ),
        "binary": Message(body=b"\x00\xff\xfe password=@@ \x80"),
        "graphql": jsoned({"query": 'mutation { login(user: "me", password: "@@") { id } }'}),
        "graphql variables": jsoned({"variables": {"input": {"password": MARK}}}),
        "xml rpc": Message(
            headers=XML,
            body=b"<member><name>password</name><value><string>@@</string></value></member>",
        ),
    }


def _base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _base64(text: str) -> str:
    return _base64_of(text.encode())


def _settings(secret: str) -> str:
    return f"A=1\nAPI_KEY={secret}\nB=2\nLONG=enough to be a file\n"


def _account(secret: str) -> str:
    return json.dumps({"type": "service_account", "private_key_id": "a", "private_key": secret})


def _docker(secret: str) -> str:
    return json.dumps({"auths": {"ghcr.io": {"auth": _base64(f"me:{secret}")}}})


def _gzipped(headers: Mapping[str, str], text: str) -> Message:
    return Message(headers=headers, body=gzip.compress(text.encode(), mtime=0))


# What hides the value from a search of the bytes.
PACKINGS: dict[str, Callable[[str], Message]] = {
    "base64": lambda secret: chat(f"decode {_base64(_settings(secret))} please"),
    "base64 of a service account": lambda secret: chat(f"decode {_base64(_account(secret))}"),
    "base64 in a field": lambda secret: jsoned({"file": _base64(_settings(secret))}),
    "base64 in lines": lambda secret: chat(
        base64.encodebytes(_settings(secret).encode() * 2).decode()
    ),
    "base64 for addresses": lambda secret: chat(
        base64.urlsafe_b64encode(_account(secret).encode()).decode()
    ),
    "base64 twice": lambda secret: chat(_base64(_base64(_settings(secret)))),
    "base64 of gzip": lambda secret: jsoned(
        {"file": _base64_of(gzip.compress(_settings(secret).encode()))}
    ),
    "base64 of gzip, not in utf-8": lambda secret: jsoned(
        {"file": _base64_of(gzip.compress(b"NAME=M\xfcller\n" + _settings(secret).encode()))}
    ),
    "data address": lambda secret: jsoned(
        {"file_data": f"data:text/plain;base64,{_base64(_settings(secret))}"}
    ),
    "secret of kubernetes": lambda secret: chat(
        f"kind: Secret\ndata:\n  password: {_base64(secret)}\n"
    ),
    "secret of kubernetes, any name": lambda secret: chat(
        f"kind: Secret\ndata:\n  stripe: {_base64(secret)}\n"
    ),
    "secret of kubernetes, for docker": lambda secret: chat(
        "kind: Secret\ndata:\n  .dockerconfigjson: " + _base64(_docker(secret))
    ),
    "settings of docker": lambda secret: chat(f"see {_docker(secret)}"),
    "basic authentication": lambda secret: chat(f"Authorization: Basic {_base64(f'me:{secret}')}"),
    "basic in a header": lambda secret: Message(
        headers={"authorization": f"Basic {_base64(f'me:{secret}')}"}
    ),
    "utf-16": lambda secret: Message(body=f"password={secret}\n".encode("utf-16")),
    "utf-16, little": lambda secret: Message(body=f"\napi_key: {secret}\n".encode("utf-16-le")),
    "utf-16, big": lambda secret: Message(body=f"\napi_key: {secret}\n".encode("utf-16-be")),
    "utf-16 in a part": lambda secret: _multipart(
        (
            'Content-Disposition: form-data; name="f"; filename="a.txt"',
            f"password={secret}\n".encode("utf-16"),
        )
    ),
    "bom": lambda secret: Message(headers=JSON, body=f'\ufeff{{"api_key":"{secret}"}}'.encode()),
    "gzip": lambda secret: _gzipped(
        {**JSON, "content-encoding": "gzip"}, json.dumps({"password": secret})
    ),
    "gzip of a form": lambda secret: _gzipped(
        {**FORM, "content-encoding": "gzip"}, f"user=me&password={secret}"
    ),
    "gzip of a file": lambda secret: _gzipped(
        {"content-type": "application/gzip"}, _settings(secret)
    ),
    "deflate": lambda secret: Message(
        headers={**JSON, "content-encoding": "deflate"},
        body=zlib.compress(json.dumps({"password": secret}).encode()),
    ),
    "escapes": lambda secret: Message(
        headers=JSON,
        body=b'{"api_key": "%s"}' % "".join(f"\\u{ord(one):04x}" for one in secret).encode(),
    ),
    "percent": lambda secret: Message(
        headers=FORM, body=f"url=https%3A%2F%2Fme%3A{secret}%40example.com%2F".encode()
    ),
}


def canary_values() -> Iterator[str]:
    """Without an end: no words, of no known shape, alike in nothing but their first letters."""
    draw = random.Random(227)
    while True:
        yield "cnry" + "".join(draw.choices(string.ascii_letters + string.digits, k=14)) + "7aQ"


PATHS = {
    "code in a query": "callback?code=@@&state=1",
    "code after authorize": "oauth/authorize?code=@@",
    "token in a fragment": "x?a=1#access_token=@@&b=2",
    "fragment alone": "x#id_token=@@",
    "words in a query": "x?q=The%20password%20is%20@@%20today",
    "address in a query": "x?next=https%3A%2F%2Fhooks.slack.com%2Fservices%2FT0%2FB0%2F@@",
    "address with a token in a query": "x?next=https%3A%2F%2Fy%2F%3Faccess_token%3D@@",
    "address with a password in a query": "x?db=postgres%3A%2F%2Fme%3A@@%40db%2Fx",
    "json in a query": "x?filter=%7B%22password%22%3A%22@@%22%7D",
    "json in a query, twice": "x?filter=%257B%2522password%2522%253A%2522@@%2522%257D",
    "json in a query, by place": "x?f=%7B%22url%22%3A1%2C%22env%22%3A%7B%22X%22%3A%22@@%22%7D%7D",
    "brackets in a query": "x?auth[token]=@@",
    "quoted name in a query": "x?api%5Fkey=@@",
    "semicolons in a query": "x?a=1;password=@@",
    "telegram": "bot123456789:AA@@@@x/sendMessage",
    "key in a path": "v1/api_key/@@/models",
    "matrix parameter": "v1/x;token=@@/y",
    "webhook in a path": "api/webhooks/123456/@@",
}


def canaries() -> Iterator[Canary]:
    values = canary_values()

    def new(kind: str, *, path: str = "", **sides: Message) -> Canary:
        secret = next(values)
        held = {side: message.holding(secret) for side, message in sides.items()}
        return Canary(kind=kind, secret=secret, path=path.replace(MARK, secret), **held)

    for name, text in TEXTS.items():
        yield new(f"text: {name}", sent=chat(text))
    for name in FIELDS.split():
        yield new(f"field: {name}", sent=jsoned({"outer": [{name: MARK}]}))
    for name in PARAMETERS.split():
        yield new(f"parameter: {name}", path=f"x?a=1&{name}=@@")
    for name in SENT_HEADERS.split():
        yield new(f"header sent: {name}", sent=Message(headers={name: MARK}))
    for name in ANSWERED_HEADERS.split():
        yield new(f"header answered: {name}", answer=Message(headers={name: MARK}, body=b"x"))
    for name, value in BODIES.items():
        yield new(f"body: {name}", sent=jsoned(value))
    for name, message in _requests().items():
        yield new(f"request: {name}", sent=message)
    for name, message in _answers().items():
        yield new(f"answer: {name}", answer=message)
    for name, path in PATHS.items():
        yield new(f"path: {name}", path=path)
    for name, packed in PACKINGS.items():
        secret = next(values)
        yield Canary(kind=f"packed and sent: {name}", secret=secret, sent=packed(secret))
        if "part" not in name:
            secret = next(values)
            yield Canary(kind=f"packed and answered: {name}", secret=secret, answer=packed(secret))
