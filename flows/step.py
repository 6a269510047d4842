"""Which failures of a step are worth another try.

A passing fault is: the next try goes on where the last one stopped. Settings that do not fit stay so, and the
waits between tries only keep the person who must mend them from hearing of it.
"""

from typing import Any

from flows.settings import SettingsError


def may_pass(step: object, run: object, state: Any) -> bool:
    """Prefect's `retry_condition_fn`: could the failure of this state not happen again?"""
    return not isinstance(state.data, SettingsError)
