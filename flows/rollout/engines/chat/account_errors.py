"""Tells refusals that concern the account, such as an empty balance, from those that concern one request.

A refused request costs its attempt a start. An account without credit refuses every request, so its refusals must not
count against the attempts: they count as failures of the teacher, which end the run and keep every attempt.
"""

import re

from flows.rollout.engines.servers.http_errors import Overloaded, StatusRefused
from flows.rollout.protocol import TeacherError

ACCOUNT_STATUSES = frozenset({401, 402, 403})
ACCOUNT_CODES = re.compile(
    r"insufficient_quota|insufficient_user_quota|billing_|credit_balance|enforced_spend_limit|spend_limit_reached"
    r"|account_deactivated|credit balance is too low",
    re.IGNORECASE,
)


def account_error(error: TeacherError) -> TeacherError | None:
    """The error to raise, without a retry, when the account is refused; None if the refusal concerns the request."""
    by_status = isinstance(error, StatusRefused) and error.status in ACCOUNT_STATUSES
    by_code = isinstance(error, StatusRefused | Overloaded) and ACCOUNT_CODES.search(str(error))
    return TeacherError(f"the API refuses the account: {error}") if by_status or by_code else None
