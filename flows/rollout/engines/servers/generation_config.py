"""Reads the sampling parameters that a model's authors recommend, from its generation_config.json.

The file is read where this machine has it: in a local model folder, or in the Hub cache. Nothing is downloaded.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from flows.rollout.protocol import TeacherRefused
from flows.rollout.sampling import NEUTRAL
from flows.settings import Teacher

FILE = "generation_config.json"


def model_defaults(model: str | None, revision: str | None, settings: Teacher) -> Mapping[str, float] | None:
    """The sampling parameters in the file of a model (a folder or a Hub name); None if it is not on this machine.

    Keys that `settings` name or that the file sets to null are left out. Raises TeacherRefused for a file that cannot
    be read, and for a value that [teacher] would refuse as well.
    """
    if settings.sampling_defaults != "model" or not model:
        return None
    file = _locate(model, revision)
    return None if file is None else _checked(_read(file), file, settings)


def _locate(model: str, revision: str | None) -> Path | None:
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder / FILE if (folder / FILE).is_file() else None
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(model, FILE, revision=revision)
    except HFValidationError:
        return None
    return Path(found) if isinstance(found, str) else None


def _read(file: Path) -> dict[str, object]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _refusal(file, f"cannot be read ({error})") from error
    if not isinstance(found, dict):
        raise _refusal(file, "holds no JSON object")
    return found


def _checked(found: dict[str, object], file: Path, settings: Teacher) -> dict[str, float]:
    """The parameters, validated as the settings of the same names are."""
    unset = [name for name in NEUTRAL if getattr(settings, name) is None and found.get(name) is not None]
    try:
        checked = Teacher.model_validate({name: found[name] for name in unset})
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise _refusal(file, f"holds {name} = {found[name]!r}", f"teacher.{name}") from error
    return {name: getattr(checked, name) for name in unset}


def _refusal(file: Path, problem: str, setting: str = 'teacher.sampling_defaults = "neutral"') -> TeacherRefused:
    return TeacherRefused(f"{file} {problem}; repair the file, or set {setting}")
