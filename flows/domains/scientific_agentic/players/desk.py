"""Steps that the players share: scripts, measurements, the calibration of the instrument."""

import json
from collections.abc import Generator, Sequence
from string import Template

from flows.domains.scientific_agentic.families.instrument import STANDARDS
from flows.domains.scientific_agentic.scripts import script
from flows.environments.numbered_calls import NumberedCalls, Turn
from flows.environments.tool import Answer, ToolCall
from schemas.task import Task

Measured = list[tuple[float, int, float]]
Series = Generator[Sequence[ToolCall], Sequence[Answer], Measured]
Constants = Generator[Sequence[ToolCall], Sequence[Answer], list[float]]
SETTING, TIMES = 25, 4


class Desk(NumberedCalls):
    """Writes scripts, measures and calibrates."""

    def write_script(self, name: str, **facts: object) -> Turn:
        """A script of the domain under its own name."""
        return (yield from self.write(f"{name}.py", script(name, **facts)))

    def measure(self, standards: Sequence[int], setting: int, times: int) -> Series:
        """Readings of some standards: (true value, setting, reading)."""
        found = Measured()
        for standard in [one for _ in range(times) for one in standards]:
            text = yield from self.call("measure", sample=f"standard-{standard}", setting=setting)
            found.append((STANDARDS[standard], setting, float(text.split()[1])))
        return found

    def calibrate(self) -> Constants:
        """The three constants of the instrument, from readings of all standards for the whole budget."""
        measured = yield from self.measure(range(len(STANDARDS)), SETTING, TIMES)
        yield from self.write_script("calibrate", measured=measured)
        fit = yield from self.run("python calibrate.py")
        return [float(one) for one in fit.rpartition("constants ")[2].split()[:3]]


def studies_of(task: Task) -> dict[str, str]:
    """Folder of each study -> its family: the setup has it, and the instruction describes it."""
    studies: dict[str, str] = json.loads(task.setup)["studies"]
    return studies


def filled(solution: str, *constants: float) -> str:
    """A script with the constants of the instrument: offset, gain, saturation."""
    offset, gain, saturation = constants
    return Template(solution).safe_substitute(offset=offset, gain=gain, saturation=saturation)
