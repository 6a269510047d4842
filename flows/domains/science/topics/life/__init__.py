"""Topics of biology and medicine; each module computes every step in two ways."""

from flows.domains.science.topics.life import digest, dosing, genetics, protein
from flows.domains.science.topics.reading import topics

LIFE = topics(__name__, {"protein": protein, "digest": digest, "genetics": genetics, "dosing": dosing})
