"""Reads the sampling parameters that a model's authors recommend, from its generation_config.json.

The file is read where this machine has it: in a local model folder, or in the Hub cache. Nothing is downloaded.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from flows.rollout.protocol import TeacherRefused
from flows.rollout.sampling import NEUTRAL
from flows.settings import Teacher

LOG = logging.getLogger(__name__)
FILE = "generation_config.json"
UNREADABLE = (
    "%s of %s is not on this machine: sampling keys that [teacher] does not set are neutral (temperature 1, top_p 1, "
    "no top_k). Set them as its authors recommend"
)


def model_defaults(model: str | None, revision: str | None, settings: Teacher) -> Mapping[str, float] | None:
    """The sampling parameters in the file of a model, a folder or a Hub name; None if this machine has no such model.

    They are empty for a model without the file. Keys that `settings` name or that the file sets to null are left out.
    Raises TeacherRefused for a file that cannot be read, and for a value that [teacher] would refuse as well.
    """
    if settings.sampling_defaults != "model" or not model:
        return None
    file = _locate(model, revision)
    if file is None:
        LOG.warning(UNREADABLE, FILE, model)
        return None
    return _checked(_read(file), file, settings) if file.is_file() else {}


def _locate(model: str, revision: str | None) -> Path | None:
    """Where the file is, or would be if the model had one; None if the model is not on this machine."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder / FILE
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        names = (FILE, "config.json")
        found = [try_to_load_from_cache(model, name, revision=revision) for name in names]
    except HFValidationError:
        return None
    return next((Path(path).with_name(FILE) for path in found if isinstance(path, str)), None)


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
