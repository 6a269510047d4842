"""Names every view of `factory export` once: the command's help, errors and dispatch read this registry.

A view is imported when it is used, so that `--help` does not import Arrow. A new view is one file and one line here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from flows.publish.errors import PublishError

if TYPE_CHECKING:
    from flows.publish.views.view import LakeView, ReleaseView

RELEASE_VIEWS = {
    "trl": "openai:TRL",
    "prime-rl": "openai:PRIME_RL",
    "verl": "verl:VERL",
    "ms-swift": "ms_swift:MS_SWIFT",
    "llama-factory": "llama_factory:LLAMA_FACTORY",
    "atif": "atif:ATIF",
    "inspect": "inspect_log:INSPECT",
}
"""View of a release -> module of this folder and the ReleaseView in it."""
LAKE_VIEWS = {
    "preference": "preference:PREFERENCE",
    "trl-preference": "dpo_and_rl:TRL_PREFERENCE",
    "rl": "dpo_and_rl:RL",
}
"""View of the lake -> module of this folder and the LakeView in it."""


def load_release_view(name: str) -> "ReleaseView":
    """The view of a release by its name; raises PublishError, which lists all views, if there is none."""
    view: ReleaseView = _loaded(RELEASE_VIEWS, name)
    return view


def load_lake_view(name: str) -> "LakeView":
    """The view of the lake by its name; raises PublishError, which lists all views, if there is none."""
    view: LakeView = _loaded(LAKE_VIEWS, name)
    return view


def _loaded(views: dict[str, str], name: str) -> Any:
    if name not in views:
        raise PublishError(f"there is no view {name!r}; there are: {', '.join([*RELEASE_VIEWS, *LAKE_VIEWS])}.")
    module, _, attribute = views[name].partition(":")
    return getattr(import_module(f"flows.publish.views.{module}"), attribute)
