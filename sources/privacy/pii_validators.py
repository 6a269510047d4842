"""Validators of pattern matches: checksums, number plans, entropy, and the placeholders that documentation uses.

They run on matches only, so they may be slow. Placeholders (`example.com`, `AKIA...EXAMPLE`, test card numbers,
`your-password`) are not secrets, and redacting them would spoil pages that teach.
"""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from importlib.resources import files

import phonenumbers
from tld import is_tld

PERSONAL = frozenset({"email", "author_email", "phone", "credit_card", "iban", "us_ssn"})
"""Kinds of personal data; all other kinds are secrets. An `author_email` is one that git or a package names."""

OFFICE_WINDOW = 48
"""Characters before an address that may name its office."""
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
_RESERVED_DOMAIN = re.compile(
    r"(?:^|\.)(?:test|invalid|localhost|local|internal|(?:example|domain|email|test|acme|company|foo|bar|mysite)\.\w+|example)$"
)
_MAILBOXES = tomllib.loads(files("sources.privacy").joinpath("mailboxes.toml").read_text("utf-8"))
_ROLE = rf"(?:{'|'.join(_MAILBOXES['roles'])})"
_ROLE_NAME = re.compile(_ROLE)
_OFFICE_NAME = re.compile(
    rf"\w+[-._]{_ROLE}(?:[-._]?\d{{1,2}})?|{_ROLE}[-._]\w+"
    r"|\w{3,}(?:office|bookings?|desk|team|service|support|amt|buero|stelle)"
    r"|.*[-_.](?:dev|devel|users?|announce|list|discuss|commits|bugs|maintainers?|team|bot|noreply)|.*\[bot\]"
)
"""Names of an office beside that of its place or subject: `hall.bookings`, `urzad-lipowa`, `tidebook-dev`."""
_ASSOCIATION = re.compile(
    rf"(?:^|[-._]|[a-z]{{3}})(?:{'|'.join(_MAILBOXES['associations'])})(?:$|[-._\d])|^(?:sp|zs|zso|gim|lo|ps|ies|ceip|kita|vhs|bs|ms|hs|jhs|gs|rs|gym)\d{{1,3}}$"
)
"""Names of clubs, schools and shops, which have their mailbox on any domain: `ruderclub-mueritz@gmx.de`, `sp7@`."""
_FREE_DOMAINS = frozenset(_MAILBOXES["free_domains"])
_STATE = re.compile(r"\.(?:gov|mil|gob|gouv|govt|gub|go)(?:\.\w\w)?$|\.gouv\.fr$|\.bund\.de$|\.europa\.eu$")
"""Domains of states and their offices."""
_LIST_DOMAIN = re.compile(r"(?:^|\.)(?:lists?|mailman|listserv|groups|googlegroups|vger|noreply)\.")
_AUTHOR = re.compile(
    r"(?i:(?:author|committer|maintainer|tagger|contributor|uploader)s?(?:_email|-email)?\W"
    r"|-by:|written by|bugs? to|\bcc:|user\.email|git_\w+_email"
    r"|copyright|mailmap|autor\w*|auteure?s?|verfasser\w*"
    r"|автор\w*|作者|著者|저자|작성자|المؤلف|लेखक|yazar\w*|tác giả|opiekun)"
    r"[^\n{]{0,80}$"
    r"|\b[0-9a-f]{7,40}\b[^\n]{0,80}<$"
    # git shortlog, the changelogs of Debian and RPM, the head of a patch
    r"|(?:^|\n)\s*\d+\t[^\n<]*<$|(?:^|\n) -- [^\n<]*<$|(?:^|\n)\* \w{3} \w{3} +\d+ \d{4} [^\n<]*<$"
    r"|\bFrom [0-9a-f]{40} [^\n]*\nFrom: [^\n<]*<$"
    # manifests: an object or a list of persons over several lines, also in XML and R
    r"|(?i:\b(?:author|maintainer|contributor|developer)s?[\"'\]]?\s*[:=]\s*"
    r"(?:\{[^{}]*|\[[^\]]*|\n(?:\s*[-*] [^\n]*\n)*\s*[-*] [^\n]*))$"
    r"|(?i:<(?:author|maintainer|contributor|developer)>(?:(?!</(?:author|maintainer|contributor|developer)).)*$)|\bperson\([^()]*$",
    re.DOTALL,
)
"""Text before the address of an author, as git and packages publish it."""
_AUTHOR_AFTER = re.compile(
    r"^[>)\]\"'`,;:\s]{0,6}(?:[^\n@.]|\.(?=\w)){0,60}(?i:\b(?:author\w*|committed|commits?|maintain\w*|trailer|co-author\w*"
    r"|package\.json|setup\.(?:cfg|py)|pyproject|cargo\.toml|codeowners|gemspec|mailmap|pom\.xml|changelog)\b)"
)
"""Text after the address of an author: `<ivo@lang.dev> is the author of commit 4be`."""
_CODE_OWNER = re.compile(
    r"\n\s*(?:/\S*|\*\.\w+) +(?:@\S+ +)*$|(?i:codeowners|owns /|owner of /|belongs to )[^\n@]{0,40}$"
)
"""Text before the address of an owner of paths in a repository."""
_FICTIONAL_PHONE = re.compile(r"\+?1?[2-9]\d\d555\d{4}|\+44(?:20794600|1632960|7700900|8081570)\d+")
_PUBLIC_PHONES = frozenset({
    phonenumbers.PhoneNumberType.TOLL_FREE, phonenumbers.PhoneNumberType.SHARED_COST,
    phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.UAN,
})  # fmt: skip
_OFFICE = re.compile(rf"(?i:{'|'.join(_MAILBOXES['offices'])})[^\n@]*$")
_OFFICE_OF_MAIL = re.compile(
    rf"(?i:{'|'.join(_MAILBOXES['offices'])}|{'|'.join(_MAILBOXES['mail_offices'])})\w*[^\n@.;]{{0,32}}$"
)
_USER_OF_URL = re.compile(r"://[^\s/@]*$")
_NUMBER = re.compile(r"\+\d+\.\d+")
_IN_URL = re.compile(r"[?&][\w.%-]+=$")
_TEST_CARDS = frozenset({
    "4111111111111111", "4242424242424242", "4012888888881881", "4000056655665556", "5555555555554444",
    "5105105105105100", "2223003122003222", "378282246310005", "371449635398431", "6011111111111117",
    "6011000990139424", "3530111333300000", "4000000000000002", "4222222222222222",
})  # fmt: skip
_CARD = re.compile(r"4\d{15}|5[1-5]\d{14}|3[47]\d{13}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}")
_EXAMPLE_IBANS = frozenset({"GB82WEST12345698765432", "GB29NWBK60161331926819", "DE89370400440532013000"})
_IBAN_LENGTHS = dict(
    re.findall(
        r"([A-Z]{2})(\d{2})",
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18"
        "GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24"
        "PL28PS29PT25QA29RO24RS22SA24SC31SE24SI19SK24SM27ST25SV28TL23TN24TR26UA29VA22VG24XK20",
    )
)
_KNOWN_SSNS = frozenset({"078-05-1120", "219-09-9999", "457-55-5462", "123-45-6789", "123-12-1234"})
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


def is_plausible(kind: str, secret: str, before: bytes) -> bool:
    """True if the match can be a real one of its kind, a key of VALIDATORS. `before` is the text just before it."""
    return VALIDATORS[kind](secret, before.decode("utf-8", "replace"))


def names_author(before: str, after: str) -> bool:
    """True if an address between these texts is that of an author, as git and packages publish it."""
    return bool(_AUTHOR.search(before) or _AUTHOR_AFTER.search(after) or _CODE_OWNER.search(before))


def entropy(text: str) -> float:
    """Return the Shannon entropy in bits per character (Shannon 1948)."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def luhn(digits: str) -> bool:
    """True if the last digit is the right check digit (Luhn algorithm, ISO/IEC 7812-1)."""
    doubled = (sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return sum(doubled) % 10 == 0


def _email(secret: str, before: str) -> bool:
    if _USER_OF_URL.search(before):
        return False
    name, _, domain = secret.lower().rpartition("@")
    has_tld = is_tld(domain.rpartition(".")[2]) and not _LIST_DOMAIN.search(domain)
    if not has_tld or _RESERVED_DOMAIN.search(domain) or _is_public(name, domain):
        return False
    return domain.split(".", maxsplit=1)[0] in _FREE_DOMAINS or not _OFFICE_OF_MAIL.search(before[-OFFICE_WINDOW:])


def _is_public(name: str, domain: str) -> bool:
    """True for the mailbox of an office: by its name, or by that of its own domain."""
    if _ROLE_NAME.fullmatch(name):
        return True
    owner = domain.split(".", maxsplit=1)[0]
    if _ASSOCIATION.search(name):
        return True
    is_owner = re.sub(r"\W", "", name) == re.sub(r"\W", "", owner)
    if _STATE.search(domain):
        return True
    return owner not in _FREE_DOMAINS and bool(is_owner or _OFFICE_NAME.fullmatch(name))


def _phone(secret: str, before: str) -> bool:
    if _NUMBER.fullmatch(secret) or _IN_URL.search(before):
        return False
    try:
        number = phonenumbers.parse(secret, None if secret.startswith("+") else "US")
    except phonenumbers.NumberParseException:
        return False
    if _FICTIONAL_PHONE.fullmatch(re.sub(r"[^\d+]", "", secret)) or not phonenumbers.is_valid_number(number):
        return False
    kind = phonenumbers.number_type(number)
    return kind not in _PUBLIC_PHONES and not (kind != phonenumbers.PhoneNumberType.MOBILE and _OFFICE.search(before))


def _credit_card(secret: str, before: str) -> bool:
    if _IN_URL.search(before):
        return False
    digits = re.sub(r"\D", "", secret)
    return bool(_CARD.fullmatch(digits)) and luhn(digits) and digits not in _TEST_CARDS and len(set(digits)) > 3


def _iban(secret: str, _: str) -> bool:
    number = secret.replace(" ", "")
    if len(number) != int(_IBAN_LENGTHS.get(number[:2], 0)) or number in _EXAMPLE_IBANS:
        return False
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1


def _us_ssn(secret: str, _: str) -> bool:
    area, group, serial = secret.split("-")
    issued = area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
    return issued and secret not in _KNOWN_SSNS and len(set(secret)) > 3


def _password(secret: str, before: str) -> bool:
    if any(one.search(before) for one in (_NOT_A_SECRET_NAME, _IN_TEST)) or any(
        one.search(secret) for one in (_WORDS, _CODE, _THROWAWAY)
    ):
        return False
    mixed = any(char.isdigit() for char in secret) and any(char.isalpha() for char in secret)
    return mixed and entropy(secret) >= 2.3


def _aws_secret(secret: str, _: str) -> bool:
    return not _HEX.fullmatch(secret) and any(map(str.isupper, secret)) and any(map(str.islower, secret))


def _url_password(secret: str, before: str) -> bool:
    user = _USER_BEFORE_PASSWORD.search(before)
    is_default = secret.lower().strip("[]:") in _DEFAULT_PASSWORDS or (user is not None and user[1] == secret)
    return not is_default and not re.fullmatch(r"[A-Z_]+|\d{1,5}|\[?[\w-]*\]?:\S*", secret)


def _token(secret: str, _: str) -> bool:
    return entropy(secret) >= 3


VALIDATORS: dict[str, Callable[[str, str], bool]] = {
    "email": _email,
    "phone": _phone,
    "credit_card": _credit_card,
    "iban": _iban,
    "us_ssn": _us_ssn,
    "password": _password,
    "password_in_words": _password,
    "aws_secret_key": _aws_secret,
    "url_password": _url_password,
    "database_password": _url_password,
    "generic_credential_uri": _url_password,
    "bearer_token": _token,
    "github_token": _token,
    "gitlab_token": _token,
    "openai_key": _token,
    "stripe_key": _token,
    "jwt": _token,
}
"""Kind → validator of (match, text before it). Kinds without a validator need none."""
