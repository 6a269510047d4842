-- one row per pair of attempts that are near duplicates: the same question, and nearly all turns of the shorter one are in the other
-- in order, without a detour as a branch takes it: a fifth of the turns of both
select one, other, similarity
from pair_similarity
where same_question and counterpart_share >= $near_duplicate_threshold and detour_share < 0.2
