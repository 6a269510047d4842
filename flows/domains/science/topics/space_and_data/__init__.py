"""Topics of astronomy, the Earth, and statistics; each module computes every step in two ways."""

from flows.domains.science.topics.reading import topics
from flows.domains.science.topics.space_and_data import cosmology, decay, markov, orbit, seismic, survey

SPACE_AND_DATA = topics(
    __name__,
    {"cosmology": cosmology, "orbit": orbit, "decay": decay, "seismic": seismic, "markov": markov, "survey": survey},
)
