"""The families of constraints, by name."""

from flows.domains.instruction_following.families.ending import ENDING
from flows.domains.instruction_following.families.extra_files import EXTRA_FILES
from flows.domains.instruction_following.families.family import Constraint, Family
from flows.domains.instruction_following.families.front import FRONT
from flows.domains.instruction_following.families.parts import PARTS
from flows.domains.instruction_following.families.shape import SHAPE
from flows.domains.instruction_following.families.tone import TONE

FAMILIES: dict[str, Family] = {one.name: one for one in (*SHAPE, *FRONT, *PARTS, *TONE, *EXTRA_FILES, *ENDING)}

__all__ = ["FAMILIES", "Constraint", "Family"]
