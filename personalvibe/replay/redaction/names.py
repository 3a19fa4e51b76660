"""Names whose value is a secret, and where a text gives them one: JSON at any depth, and XML."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator


def squeeze(name: str) -> str:
    """The spelling under which names are compared: ``API-Key``, ``apiKey``, ``api_key`` are one."""
    return name.lower().replace("_", "").replace("-", "").replace(".", "")


@functools.lru_cache(maxsize=8192)
def squeezed_name(name: str) -> str:
    """The same for a field's name: there are few, and each comes again and again."""
    return squeeze(name)


# Names whose value is a secret wherever they stand in a body, squeezed. Not ``token``: log
# probabilities have it; not ``signature``: thinking blocks have it and must be sent back intact.
_NAMES = """
    accesstoken idtoken refreshtoken authtoken bearertoken sessiontoken securitytoken oauthtoken
    accesskeyid awsaccesskeyid secretaccesskey awssecretaccesskey awssessiontoken secretkey
    clientsecret clientid clientassertion assertion apikey xapikey openaiapikey privatekey
    privatekeyid password passwd authorization usersecret rolearn credential subscriptionkey
    ocpapimsubscriptionkey auth bearer pwd passphrase passcode otp totp jwt jwttoken secret
    authkey authsecret apisecret apitoken apptoken appsecret bottoken accesskey accesssecret
    sharedsecret sharedaccesskey accountkey storagekey masterkey encryptionkey signingkey
    signingsecret webhooksecret webhookurl sessionsecret consumersecret consumerkey privatetoken
    deploytoken csrftoken xsrftoken mfacode verificationcode recoverycode codeverifier devicecode
    authorizationcode authcode connectionstring connstr databaseurl dburl dsn mongouri redisurl
    credentials keyfile privatekeypem servicetoken usertoken personalaccesstoken sastoken
    secretvalue secrettoken tokensecret userpassword dbpassword adminpassword newpassword
    oldpassword currentpassword proxyauthorization xauthtoken dbpass smtppass userpass otpcode
    mfatoken hmackey licensekey unsealkey serviceaccountkey clientkey backupcode securityanswer csrf
    csrfmiddlewaretoken authenticitytoken cookie setcookie mongodburi postgresdsn brokerurl
    oauthverifier samlresponse samlrequest authorizationtoken githubtoken gitlabtoken slacktoken
    hftoken npmtoken vaulttoken devicetoken pushtoken fcmtoken jointoken registrationtoken
    admintoken authentication
"""
SECRET_NAMES = frozenset(_NAMES.split())


# What a name may end with: ``smtp_password``, ``ANTHROPIC_API_KEY``, ``webhookSigningSecret``.
_ENDINGS = (
    *("password", "passwd", "passphrase", "secret", "apikey", "accesskey", "secretkey"),
    *("privatekey", "privatekeyid", "signingkey", "encryptionkey", "masterkey", "accountkey"),
    *("accesstoken", "refreshtoken", "authtoken", "bearertoken", "apitoken", "bottoken"),
    *("oauthtoken", "csrftoken", "connectionstring", "webhookurl", "databaseurl"),
)
_TAIL = re.compile("(?:value|base64|b64|json|pem|header|confirmation|plaintext|[0-9]{1,2})$")
_BRACKETED = re.compile(r".*\[([A-Za-z][\w-]*)\](?:\[\d*\])?")

# Opaque to everybody but the provider, who wants them back as they were.
INTACT_NAMES = frozenset({"thoughtsignature", "signature", "encryptedcontent", "encryptedindex"})


def last_name(name: str) -> str:
    """``password`` of ``user[password]``, as forms spell it."""
    bracketed = _BRACKETED.fullmatch(name)
    return bracketed[1] if bracketed else name


@functools.lru_cache(maxsize=8192)
def is_secret_name(name: str) -> bool:
    """Whether what has this name is a secret."""
    squeezed = squeeze(last_name(name))
    if squeezed in SECRET_NAMES or squeezed.endswith(_ENDINGS):
        return True
    plain = _TAIL.sub("", squeezed)
    return plain in SECRET_NAMES or plain.endswith(_ENDINGS)


_STEMS = (
    *("token", "key", "secret", "clientid", "assertion", "pass", "auth", "rolearn", "cred", "pwd"),
    *("bearer", "otp", "jwt", "webhook", "code", "conn", "database", "dburl", "dsn", "uri"),
    *("redisurl", "broker", "csrf", "cookie", "samlre", "oauthver", "securityans"),
)


def may_have_name(squeezed: str) -> bool:
    """False if none of `SECRET_NAMES` is in a squeezed text."""
    for stem in _STEMS:
        if stem in squeezed:
            return any(name in squeezed for name in SECRET_NAMES)
    return False


# (?P=q) is the same quote with the same number of backslashes before it. A shorter run of
# backslashes never closes the value. 63 of them are JSON in JSON six times over: without a bound, a
# body of backslashes would take the square of its length.
_QUOTED_NAME = r"(?P<q>\\{0,63}[\"'])(?P<name>[\w.\[\]-]{2,80})(?P=q)\s*:\s*"
_VALUE = (
    r"(?:[bu]?(?P=q)(?P<v>(?:(?!(?<!\\)(?P=q))[\s\S])+)(?<!\\)(?P=q)|(?P<n>-?[0-9][0-9.eE+-]*))"
)
_NAME = re.compile(_QUOTED_NAME)
_PAIR = re.compile(_QUOTED_NAME + _VALUE)
_ELEMENT = re.compile(
    r"<(?:[\w-]+:)?(?P<name>[\w.-]{2,80})(?:\s[^<>]*)?>(?P<v>[^<>]+)</(?:[\w-]+:)?(?P=name)>"
)


def named_values(text: str, is_secret: Callable[[str], bool]) -> Iterator[re.Match[str]]:
    """``"api_key": "..."`` in either quotes, in escaped JSON of any depth, and XML elements.

    The value is group ``v``; group ``n``, if it is a bare number.
    """
    for name in _NAME.finditer(text):
        # What another name holds is looked through as well: it may be JSON in a string.
        if is_secret(name["name"]) and (pair := _PAIR.match(text, name.start())):
            yield pair
    if "</" in text:
        yield from (one for one in _ELEMENT.finditer(text) if is_secret(one["name"]))
