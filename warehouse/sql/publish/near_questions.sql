-- one row per pair of near-duplicate questions: their weighted share of common words, by Jaccard
with sizes as (
    select number, sum(weight) as weight
    from question_words
    group by number
),

shared as (
    select pairs.one, pairs.other, sum(mine.weight) as weight
    from question_pairs as pairs
    join question_words as mine on mine.number = pairs.one
    join question_words as theirs on theirs.number = pairs.other and theirs.word = mine.word
    group by pairs.one, pairs.other
)

select shared.one, shared.other, shared.weight / (a.weight + b.weight - shared.weight) as similarity
from shared
join sizes as a on a.number = shared.one
join sizes as b on b.number = shared.other
join questions as first on first.number = shared.one
join questions as second on second.number = shared.other
-- two truths are two questions, unless hardly a word differs
where similarity >= case when first.truth <> second.truth then 0.8 else 0.5 end
