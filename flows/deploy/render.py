"""Fills a template with values, each quoted for the format of its file: a systemd unit, a compose file, plain YAML.

Paths may hold blanks, quotes, dollar and percent signs, which mean something else in each of these formats.
"""

import json
import re
from collections.abc import Mapping
from importlib.resources import files

from flows.deploy.installation import DeployError

PLACEHOLDER = re.compile(r"@\{(\w+)\}")


def render(template: str, values: Mapping[str, str]) -> str:
    """The text of `templates/<template>` with every @{name} replaced; raises KeyError for a missing value."""
    text = files("flows.deploy").joinpath("templates", template).read_text("utf-8")
    return PLACEHOLDER.sub(lambda match: values[match[1]], text)


def yaml_value(value: str) -> str:
    """A value of a YAML file: a JSON string is one."""
    return json.dumps(_one_line(value), ensure_ascii=False)


def compose_value(value: str) -> str:
    """A value of a compose file, in which `$$` is a dollar sign."""
    return yaml_value(value.replace("$", "$$"))


def unit_line(value: str) -> str:
    """A value that takes the rest of a line of a systemd unit, in which `%%` is a percent sign."""
    return _one_line(value).replace("%", "%%")


def unit_word(value: str) -> str:
    """One of several words on a line of a systemd unit."""
    return '"' + unit_line(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def unit_command(value: str) -> str:
    """A word of ExecStart, in which `$$` is a dollar sign."""
    return unit_word(value).replace("$", "$$")


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise DeployError(f"{value!r} holds a line break or another invisible character, which no such file can hold.")
    return value
