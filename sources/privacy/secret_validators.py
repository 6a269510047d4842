"""Judges keys, tokens and passwords by their entropy, and knows the placeholders that documentation uses.

Placeholders (`AKIA...EXAMPLE`, `your-password`, default passwords of images) are not secrets, and redacting them would
spoil pages that teach.
"""

import math
import re
from collections import Counter

LONGEST_PLACEHOLDER = 200
"""Characters. A longer match is a key that contains the word of a placeholder by chance."""
_PLACEHOLDER = re.compile(
    r"example|placeholder|redacted|changeme|change[_-]me|dummy|sample|fake|foobar|your[_-]|_here\b|-here\b|insert|replace"
    r"|todo|xxxx|\*\*\*|\.\.\.|(?i:test[_-]?(?:key|token|secret|pass))|12345678|abcdefgh|deadbeef|0123456|secretkey"
    r"|[<>{}]|\$\(|%\(|^\$|^%[sd(]",
    re.IGNORECASE,
)
_DOCUMENTED = re.compile(
    # jwt.io, Stripe, GitHub, Slack, Google and Twilio print these in their documentation
    r"eyJzdWIiOiIxMjM0NTY3ODkwI|SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c|k_test_(?:4eC39HqLyjWDarjtT1zdp7dc|BQokikJOvBiI2HlWgH4olfQ2)"
    r"|16C7e42F292c6912E7710c838347Ae178B4a|T00000000/B00000000|AIzaSyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe|wJalrXUtnFEMI/K7MDENG"
)
"""Parts of the keys and tokens that documentation prints."""
_ONE_CHARACTER = re.compile(r"(.)\1*")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_NOT_A_SECRET_NAME = re.compile(
    r"(?:hash|sha\d*|md5|digest|_ids?|_?names?|_?file|_?path|_?dir|_?url|_?uri|_?type|expir\w*|_?len(?:gth)?|_?regex"
    r"|pattern|policy|field|prompt|version|_?arn|manager|label|hint|message|error|format|encoding|size|count)"
    r"[\"'\]]{0,2}\s*(?::=|=>|=|:)\s*[rbuf]{0,2}\\?[\"'`]?$",
    re.IGNORECASE,
)
_WORDS = re.compile(r"^[A-Za-z_.\-/:]+\d{0,2}$")
_THROWAWAY = re.compile(
    r"(?i:^(?:p[a@]ss(?:w[o0]rd|phrase)?|letmein|qwerty|hunter|secret|test|demo|guest|welcome|abc|admin)[\d!@#._-]{0,6}$)"
)
"""Passwords of fixtures and tutorials."""
_DEFAULT_PASSWORDS = frozenset({
    "password", "pass", "passwd", "pwd", "secret", "token", "pw", "user", "username", "port", "guest", "root", "toor",
    "admin", "postgres", "mysql", "mariadb", "redis", "rabbitmq", "mongo", "minio", "minioadmin", "elastic", "test",
})  # fmt: skip
"""Passwords that installers and container images set for a local service."""
_USER_BEFORE_PASSWORD = re.compile(r"://([^:/@\s]+):$")
_IN_TEST = re.compile(r"def test_|fixture|client\.\w+\([^)]*$|create_user\([^)]*$", re.IGNORECASE)
_CODE = re.compile(
    r"://|^[/.~]|\w\.\w+\.\w|^(?:self|this|os|process|config|settings|env|secrets?|params?|request)\.|\w\[|::|->"
)


def is_placeholder(secret: str) -> bool:
    """True if documentation writes such a value in place of a secret, of any kind."""
    is_short = len(secret) <= LONGEST_PLACEHOLDER
    return bool(
        (is_short and (_PLACEHOLDER.search(secret) or _ONE_CHARACTER.fullmatch(secret))) or _DOCUMENTED.search(secret)
    )


def entropy(text: str) -> float:
    """Return the Shannon entropy in bits per character (Shannon 1948)."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def is_password(secret: str, before: str) -> bool:
    """True if the text is mixed enough for a password, and neither code, a word nor one of a tutorial."""
    if any(one.search(before) for one in (_NOT_A_SECRET_NAME, _IN_TEST)) or any(
        one.search(secret) for one in (_WORDS, _CODE, _THROWAWAY)
    ):
        return False
    mixed = any(char.isdigit() for char in secret) and any(char.isalpha() for char in secret)
    return mixed and entropy(secret) >= 2.3


def is_aws_secret(secret: str, _: str) -> bool:
    """True if the key mixes cases, as base64 does and a hash does not."""
    return not _HEX.fullmatch(secret) and any(map(str.isupper, secret)) and any(map(str.islower, secret))


def is_url_password(secret: str, before: str) -> bool:
    """True if the password in an address is no default, no variable and no port."""
    user = _USER_BEFORE_PASSWORD.search(before)
    is_default = secret.lower().strip("[]:") in _DEFAULT_PASSWORDS or (user is not None and user[1] == secret)
    return not is_default and not re.fullmatch(r"[A-Z_]+|\d{1,5}|\[?[\w-]*\]?:\S*", secret)


def is_token(secret: str, _: str) -> bool:
    """True if a token is random: 3 bits of entropy per character."""
    return entropy(secret) >= 3
