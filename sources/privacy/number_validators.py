"""Judges phone, card and account numbers by their number plans and check digits.

A pattern finds any row of digits. The rules of the body that gives the numbers out say which can be real; numbers of
documentation, tests and offices are no personal data.
"""

import re

import phonenumbers

from sources.privacy.mail_validators import MAILBOXES

_FICTIONAL_PHONE = re.compile(r"\+?1?[2-9]\d\d555\d{4}|\+44(?:20794600|1632960|7700900|8081570)\d+")
_PUBLIC_PHONES = frozenset({
    phonenumbers.PhoneNumberType.TOLL_FREE, phonenumbers.PhoneNumberType.SHARED_COST,
    phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.UAN,
})  # fmt: skip
_OFFICE = re.compile(rf"(?i:{'|'.join(MAILBOXES['offices'])})[^\n@]*$")
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


def luhn(digits: str) -> bool:
    """True if the last digit is the right check digit (Luhn algorithm, ISO/IEC 7812-1)."""
    doubled = (sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return sum(doubled) % 10 == 0


def is_private_phone(secret: str, before: str) -> bool:
    """True if a number is valid in its number plan, and no office's, fictional or free of charge."""
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


def is_credit_card(secret: str, before: str) -> bool:
    """True if the digits are those of a card that is no test card (ISO/IEC 7812-1)."""
    if _IN_URL.search(before):
        return False
    digits = re.sub(r"\D", "", secret)
    return bool(_CARD.fullmatch(digits)) and luhn(digits) and digits not in _TEST_CARDS and len(set(digits)) > 3


def is_iban(secret: str, _: str) -> bool:
    """True if an IBAN has its country's length and the right check digits (ISO 13616)."""
    number = secret.replace(" ", "")
    if len(number) != int(_IBAN_LENGTHS.get(number[:2], 0)) or number in _EXAMPLE_IBANS:
        return False
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1


def is_us_ssn(secret: str, _: str) -> bool:
    """True if such a social security number can have been issued."""
    area, group, serial = secret.split("-")
    issued = area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
    return issued and secret not in _KNOWN_SSNS and len(set(secret)) > 3
