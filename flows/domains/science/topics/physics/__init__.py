"""Topics of physics; each module computes every step in two ways."""

from flows.domains.science.topics.physics import circuit, lenses, oscillator, pipe
from flows.domains.science.topics.reading import topics

PHYSICS = topics(__name__, {"lenses": lenses, "circuit": circuit, "oscillator": oscillator, "pipe": pipe})
