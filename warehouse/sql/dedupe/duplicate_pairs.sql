-- one row a pair of works that are nearly the same: nearly all turns of both have a counterpart, on one question
select one, other, similarity
from likeness
where same_question and alike >= $near_duplicate_threshold
