-- one row per word of a question (64 sampled ones of a long question), with its weight: high for rare words and numbers
with sampled as (
    select number, unnest(list_sort(list_distinct(list_transform(
        words, lambda word: hash(word) // 2 * 2 + regexp_matches(word, '\p{N}')::ubigint
    )))[:64]) as word
    from questions
),

counted as (
    select word, count(*) as n
    from sampled
    group by word
)

-- words of more than 200 questions are a template's; a number tells two problems of one template apart
select
    number,
    word,
    (1 + 2 * (word % 2)::double) * ln(1 + (select count(*) from questions) / n) / (1 + n / 200) as weight
from sampled
join counted using (word)
