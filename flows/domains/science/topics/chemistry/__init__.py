"""Topics of chemistry; each module computes every step in two ways."""

from flows.domains.science.topics.chemistry import buffer, combustion, galvanic, kinetics
from flows.domains.science.topics.reading import topics

CHEMISTRY = topics(__name__, {"buffer": buffer, "kinetics": kinetics, "combustion": combustion, "galvanic": galvanic})
