"""Names the validator of each kind of secret and personal data.

Validators run on matches of patterns only, so they may be slow. Their rules stand apart by kind of evidence: the
mailbox, the number plan, or the entropy.
"""

from collections.abc import Callable

from sources.privacy.mail_validators import is_private_address
from sources.privacy.number_validators import is_credit_card, is_iban, is_private_phone, is_us_ssn
from sources.privacy.secret_validators import is_aws_secret, is_password, is_token, is_url_password

PERSONAL = frozenset({"email", "author_email", "phone", "credit_card", "iban", "us_ssn"})
"""Kinds of personal data; all other kinds are secrets. An `author_email` is one that git or a package names."""


def is_plausible(kind: str, secret: str, before: bytes) -> bool:
    """True if the match can be a real one of its kind, a key of VALIDATORS. `before` is the text just before it."""
    return VALIDATORS[kind](secret, before.decode("utf-8", "replace"))


VALIDATORS: dict[str, Callable[[str, str], bool]] = {
    "email": is_private_address,
    "phone": is_private_phone,
    "credit_card": is_credit_card,
    "iban": is_iban,
    "us_ssn": is_us_ssn,
    "password": is_password,
    "password_in_words": is_password,
    "aws_secret_key": is_aws_secret,
    "url_password": is_url_password,
    "database_password": is_url_password,
    "generic_credential_uri": is_url_password,
    "bearer_token": is_token,
    "github_token": is_token,
    "gitlab_token": is_token,
    "openai_key": is_token,
    "stripe_key": is_token,
    "jwt": is_token,
}
"""Kind → validator of (match, text before it). Kinds without a validator need none."""
