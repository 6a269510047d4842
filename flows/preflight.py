"""Checks, before `factory serve` waits and before a run works, that a night can be done to its end.

Each check takes seconds and leaves nothing behind; its error names the setting. A night that would fail at its end,
for a full disk or a mistyped bucket, fails at its start instead. `factory doctor` runs all of them and prints each.
"""

from collections.abc import Callable, Collection

from flows.domains.lengths import shortage
from flows.engine.check import check_engine
from flows.environments.environment import SANDBOX
from flows.environments.resources import Resources
from flows.environments.sandbox import unavailable
from flows.environments.sandbox.escapes.trial import tried
from flows.home_checks import NotReady, check_disk, check_home, check_lake
from flows.judge.rubric import load_rubric
from flows.publish.check_store import check_store
from flows.refine.gates.gates import load_gates
from flows.refine.validate_settings import validate_keys, validate_settings
from flows.rollout.engines.check import check_teacher
from flows.rollout.protocol import TeacherError
from flows.rollout.tools.toolbox import offered_kind
from flows.settings import Settings, SettingsError
from flows.tasks.composers import chosen_composers, quotas
from flows.tasks.mix import default_mix, is_default


def check_before_serving(settings: Settings) -> None:
    """Raise the error of the first check that fails. Opens and creates no lake."""
    for check in CHECKS.values():
        check(settings)


def check_before_run(settings: Settings, only: Collection[str] = ()) -> None:
    """Raise the error of the first check that fails, of those that the steps of this run need."""
    for name, check in CHECKS.items():
        if name != "refine" and (not only or name in {"home", "lake", "disk", *only}):
            check(settings)
    if not only or "refine" in only:
        validate_settings(settings)  # all that the check of refine looks at, and the lake


def _check_tasks(settings: Settings) -> str:
    parts = [
        f"{quota.share:.0%} {quota.domain.name} by {', '.join(composer.name for composer in quota.composers)}"
        for quota in quotas(settings)
    ]
    if (code := _code_domains(settings)) and (reason := unavailable()):
        raise NotReady(f"{', '.join(code)} of [tasks.share] runs code of the teacher in a sandbox, but {reason}")
    short = shortage(settings, (composer.name for _, composer in chosen_composers(settings)))
    return "; ".join(
        filter(None, [f"{settings.tasks.per_night:,} tasks a night: {'; '.join(parts)}", short, *_left_out(settings)])
    )


def _left_out(settings: Settings) -> list[str]:
    """The domains of the default mix that this machine cannot do, each with its reason."""
    missing = default_mix(settings).left_out if is_default(settings) else {}
    return [f"{name} is left out: it {reason}" for name, reason in missing.items()]


def _code_domains(settings: Settings) -> list[str]:
    return [
        quota.domain.name
        for quota in quotas(settings)
        if SANDBOX in offered_kind(quota.domain, settings.rollout, "chat").needs
    ]


def _check_sandbox(settings: Settings) -> str:
    """Try to leave the sandbox in every way that is known to it, if a domain needs one."""
    if not _code_domains(settings):
        return "not needed; no domain with a share runs code"
    attempts = tried(Resources().with_sandbox(settings.sandbox).sandbox("bare"))
    if out := [f"{one.name} ({one.got})" for one in attempts if one.got]:
        raise NotReady(f"code can leave the sandbox of this machine: {'; '.join(out)}. Give no domain of code a share.")
    return f"held {len(attempts)} attempts to leave it"


def _check_refine(settings: Settings) -> str:
    validate_keys(settings)
    benchmarks = len(settings.refine.benchmarks)
    return f"{len(load_gates(settings))} gates; overlaps are looked for with {benchmarks} benchmarks"


def _check_teacher(settings: Settings) -> str:
    teacher = settings.teacher
    _check_dialect(settings)
    check_teacher(teacher)
    _check_user(settings)
    place = f"{len(teacher.urls)} servers, at least one of which answers" if teacher.urls else "started by the night"
    return f"{teacher.engine} {teacher.model or 'with its default model'}: {place}"


def _check_user(settings: Settings) -> None:
    """Raise NotReady if the model that plays simulated users cannot be reached."""
    user = settings.environments.user
    if user.played_by == "model" and user.teacher.model_fields_set:
        try:
            check_teacher(user.teacher)
        except (TeacherError, SettingsError) as error:
            raise NotReady(f"the model of [environments.user]: {error}") from error


def _check_dialect(settings: Settings) -> None:
    """Raise NotReady if a domain is too hard for the text dialect, in which the teacher would work."""
    teacher = settings.teacher
    if not teacher.writes_lines:
        return
    if hard := sorted({domain.name for domain, _ in chosen_composers(settings) if domain.text_prompt is None}):
        raise NotReady(
            f"teacher.engine = {teacher.engine}, teacher.dialect = {teacher.dialect}: {', '.join(hard)} of "
            "[tasks.share] needs a teacher that calls tools. Set teacher.engine to vllm, sglang or chat, or give the "
            "domain no share; `factory rehearse` needs no teacher."
        )


def _check_judge(settings: Settings) -> str:
    if not settings.judge.enabled:
        return "off (judge.enabled); `factory judge` judges once"
    rubric, teacher = load_rubric(settings.judge), settings.judge_teacher
    try:
        check_teacher(teacher)
    except (TeacherError, SettingsError) as error:
        raise NotReady(f"the model of [judge]: {error}") from error
    model = teacher.model or "the default model"
    return f"{settings.judge.votes} votes of {teacher.engine} {model}, with {len(rubric.codes)} reason codes"


def _check_store(settings: Settings) -> str:
    check_store(settings.publish)
    return f"releases can be stored in {settings.publish.to}"


CHECKS: dict[str, Callable[[Settings], str]] = {
    "tasks": _check_tasks,
    "sandbox": _check_sandbox,
    "refine": _check_refine,
    "home": check_home,
    "lake": check_lake,
    "disk": check_disk,
    "engine": check_engine,
    "rollout": _check_teacher,
    "judge": _check_judge,
    "publish": _check_store,
}
"""The checks in their order, by the step that needs them; each returns a sentence, or raises the error of its room."""
