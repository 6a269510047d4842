"""Topics of science: chains of computed steps, each over quantities that stand on pages of a library."""

from flows.domains.science.topics.chemistry import CHEMISTRY
from flows.domains.science.topics.life import LIFE
from flows.domains.science.topics.physics import PHYSICS
from flows.domains.science.topics.space_and_data import SPACE_AND_DATA
from flows.domains.science.topics.topic import Topic

TOPICS: dict[str, Topic] = {**CHEMISTRY, **PHYSICS, **LIFE, **SPACE_AND_DATA}
"""By name."""

__all__ = ["TOPICS", "Topic"]
