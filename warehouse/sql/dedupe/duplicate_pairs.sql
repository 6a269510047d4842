-- one row per pair of attempts that are near duplicates: the same question, and nearly all turns of both have a counterpart
select one, other, similarity
from pair_similarity
where same_question and counterpart_share >= $near_duplicate_threshold
