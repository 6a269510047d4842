"""Plants secrets and personal data in texts: made by a seeded generator, in places where real ones occur.

No secret is in this repository: each is assembled at run time, with the checksum that its kind requires. The texts
around them are code, logs, chat, JSON and settings, as in pages and tool results.
"""

import base64
import json
import random
import string
from collections.abc import Callable, Iterator
from typing import NamedTuple

Dice = random.Random
LETTERS, DIGITS = string.ascii_letters, string.digits
WORD = LETTERS + DIGITS
UPPER = string.ascii_uppercase + DIGITS


class Planted(NamedTuple):
    """A text that holds one secret of a kind."""

    kind: str
    secret: str
    text: str


def planted(count: int, seed: int = 0) -> Iterator[Planted]:
    """`count` texts that cycle through all kinds and places; the same texts for the same seed."""
    dice = Dice(seed)
    kinds = list(KINDS)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        secret = KINDS[kind](dice)
        places = PLACES.get(kind, ANYWHERE)
        place = places[number // len(kinds) % len(places)]
        yield Planted(kind, secret, place(dice, kind, secret))


def _some(dice: Dice, alphabet: str, count: int) -> str:
    return "".join(dice.choice(alphabet) for _ in range(count))


def _base64(dice: Dice, count: int) -> str:
    return base64.b64encode(dice.randbytes(count)).decode()


def _json64(dice: Dice, **fields: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


def _jwt(dice: Dice) -> str:
    head = _json64(dice, alg="HS256", typ="JWT")
    body = _json64(dice, sub=_some(dice, DIGITS, 10), name=_person(dice), iat=dice.randrange(10**9, 2 * 10**9))
    return f"{head}.{body}.{base64.urlsafe_b64encode(dice.randbytes(32)).decode().rstrip('=')}"


def _private_key(dice: Dice) -> str:
    name = dice.choice(["RSA ", "EC ", "OPENSSH ", ""])
    lines = [_base64(dice, 48) for _ in range(dice.randrange(4, 20))]
    return "\n".join([f"-----BEGIN {name}PRIVATE" + " KEY-----", *lines, f"-----END {name}PRIVATE" + " KEY-----"])


def _password(dice: Dice) -> str:
    syllables = ["zor", "mik", "tal", "vex", "rud", "pon", "kel", "bri"]
    return (
        "".join(dice.choice(syllables) for _ in range(3)).capitalize() + _some(dice, DIGITS, 3) + dice.choice("!#%+_-")
    )


def _card(dice: Dice) -> str:
    number = dice.choice(["4", "51", "55", "37"]) + _some(dice, DIGITS, 15)
    number = number[: 14 if number.startswith("37") else 15]
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(number))]
    number += str(-sum(n // 10 + n % 10 for n in doubled) % 10)
    if len(number) == 16 and dice.random() < 0.5:
        return dice.choice(" -").join(number[at : at + 4] for at in range(0, 16, 4))
    return number


def _iban(dice: Dice) -> str:
    country, length = dice.choice([("DE", 18), ("FR", 23), ("ES", 20), ("NL", 14), ("GB", 18)])
    bank = _some(dice, string.ascii_uppercase, 4) if country in ("NL", "GB") else ""
    body = bank + _some(dice, DIGITS, length - len(bank))
    check = 98 - int("".join(str(int(char, 36)) for char in body + country + "00")) % 97
    number = f"{country}{check:02}{body}"
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4)) if dice.random() < 0.5 else number


def _phone(dice: Dice) -> str:
    line = f"{dice.choice(['212', '415', '617', '312'])}{dice.randrange(220, 550)}{_some(dice, DIGITS, 4)}"
    forms = ["+1 {0} {1} {2}", "({0}) {1}-{2}", "{0}-{1}-{2}", "+1{0}{1}{2}"]
    british = f"+44 7{dice.randrange(400, 600)} {_some(dice, DIGITS, 6)}"
    return dice.choice([*forms, british]).format(line[:3], line[3:6], line[6:])


def _person(dice: Dice) -> str:
    return (
        dice.choice(["Ada", "Emeka", "Yuki", "Olga", "Rui"]) + " " + dice.choice(["Okafor", "Sato", "Silva", "Moreau"])
    )


def _email(dice: Dice) -> str:
    host = dice.choice(
        ["gmail.com", "proton.me", "uni-" + _some(dice, "abcde", 4) + ".de", "mail." + _some(dice, "klm", 5) + ".co.uk"]
    )
    return _person(dice).lower().replace(" ", dice.choice("._-")) + _some(dice, DIGITS, 2) + "@" + host


def _ssn(dice: Dice) -> str:
    return f"{dice.randrange(100, 660)}-{dice.randrange(10, 99)}-{dice.randrange(1000, 9999)}"


KINDS: dict[str, Callable[[Dice], str]] = {
    "aws_access_key": lambda dice: "AK" + "IA" + _some(dice, string.ascii_uppercase + "234567", 16),
    "aws_secret_key": lambda dice: _base64(dice, 30),
    "gcp_api_key": lambda dice: "AI" + "za" + _some(dice, WORD + "_-", 34) + dice.choice(WORD),
    "azure_storage_key": lambda dice: _base64(dice, 64),
    "azure_client_secret": lambda dice: _some(dice, WORD, 3) + "8Q" + "~" + _some(dice, WORD, 34),
    "github_token": lambda dice: "gh" + dice.choice("pousr") + "_" + _some(dice, WORD, 36),
    "gitlab_token": lambda dice: "gl" + "pat-" + _some(dice, WORD, 20),
    "slack_token": lambda dice: (
        "xo" + f"xb-{_some(dice, DIGITS, 12)}-{_some(dice, DIGITS, 12)}-{_some(dice, WORD, 24)}"
    ),
    "stripe_key": lambda dice: "sk" + "_live_" + _some(dice, WORD, 24),
    "openai_key": lambda dice: "sk-" + "proj-" + _some(dice, WORD, 74) + "T3Blbk" + "FJ" + _some(dice, WORD, 74),
    "anthropic_key": lambda dice: "sk-" + "ant-api03-" + _some(dice, WORD + "_-", 93) + "AA",
    "huggingface_token": lambda dice: "h" + "f_" + _some(dice, LETTERS, 34),
    "npm_token": lambda dice: "np" + "m_" + _some(dice, WORD, 36),
    "pypi_token": lambda dice: "pypi-" + "AgEIcHlwaS5vcmc" + _some(dice, WORD + "_-", 120),
    "sendgrid_key": lambda dice: "S" + "G." + _some(dice, WORD, 22) + "." + _some(dice, WORD, 43),
    "telegram_token": lambda dice: _some(dice, "123456789", 10) + ":A" + "A" + _some(dice, WORD, 33),
    "jwt": _jwt,
    "private_key": _private_key,
    "password": _password,
    "url_password": _password,
    "database_password": _password,
    "email": _email,
    "phone": _phone,
    "credit_card": _card,
    "iban": _iban,
    "us_ssn": _ssn,
}
"""Kind -> a function that makes a secret of it."""

Place = Callable[[Dice, str, str], str]


def _code(dice: Dice, kind: str, secret: str) -> str:
    quoted = f'"""{secret}"""' if "\n" in secret else f'"{secret}"'
    return f"import client\n\n{kind.upper()} = {quoted}\n\ndef connect():\n    return client.open({kind.upper()})\n"


def _log(dice: Dice, kind: str, secret: str) -> str:
    clock = f"2026-11-{dice.randrange(10, 29)} 10:{dice.randrange(10, 59)}:07,{dice.randrange(100, 999)}"
    opening = f"{clock} INFO  worker[{dice.randrange(9999)}] started"
    return f"{opening}\n{clock} DEBUG http using {secret}, retry=3\n{clock} INFO done\n"


def _chat(dice: Dice, kind: str, secret: str) -> str:
    return f"Sure, here it is: {secret}. Please don't share it (it is {_person(dice)}'s), and delete this after."


def _in_json(dice: Dice, kind: str, secret: str) -> str:
    return json.dumps({"id": dice.randrange(10**6), kind: secret, "tags": ["a", "b"], "ok": True})


def _settings(dice: Dice, kind: str, secret: str) -> str:
    return f"# settings\nREGION=eu-west-1\n{kind.upper()}={secret}\nDEBUG=0\n"


def _markdown(dice: Dice, kind: str, secret: str) -> str:
    return f"| key | value |\n|---|---|\n| {kind} | `{secret}` |\n"


def _named(name: str) -> list[Place]:
    """Places for a secret that only the variable name next to it reveals."""
    return [
        lambda dice, _, secret: f'{name} = "{secret}"\n',
        lambda dice, _, secret: f"export {name.upper()}={secret}\n",
        lambda dice, _, secret: json.dumps({"user": _person(dice), name: secret}),
        lambda dice, _, secret: f"{name}: {secret}\nregion: eu\n",
        lambda dice, _, secret: f"config['{name}'] = '{secret}'  # from {_person(dice)}",
    ]


def _url(*schemes: str) -> list[Place]:
    return [
        lambda dice, _, secret: (
            f"see {dice.choice(schemes)}://svc:{secret.rstrip('#%')}@db{dice.randrange(9)}.corp.io:5432/app for it"
        ),
        lambda dice, _, secret: json.dumps({"url": f"{dice.choice(schemes)}://ada:{secret.rstrip('#%')}@10.0.0.7/x"}),
    ]


ANYWHERE: list[Place] = [_code, _log, _chat, _in_json, _settings, _markdown]
PLACES: dict[str, list[Place]] = {
    "aws_secret_key": _named("aws_secret_access_key"),
    "azure_storage_key": [
        lambda dice, _, secret: (
            f"DefaultEndpointsProtocol=https;AccountName=blobs;AccountKey={secret};EndpointSuffix=core.net"
        )
    ],
    "password": [*_named("db_password"), *_named("smtp_passwd")],
    "url_password": _url("https", "ftp", "smtp"),
    "database_password": _url("postgresql", "mysql", "mongodb+srv", "redis", "amqp"),
    "private_key": [_code, _chat, _in_json, _markdown],
}
"""Places in which a kind occurs; ANYWHERE for all other kinds."""
