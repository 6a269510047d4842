-- one row per pair of questions that may be near-duplicates: neighbours under one of their rarest pairs of words
with bigrams as (
    select number, unnest(list_sort(list_distinct(list_transform(
        range(1, greatest(len(words), 2)), lambda n: hash(words[n], words[n + 1])
    )))[:64]) as bigram
    from questions
),

counted as (
    select bigram, count(*) as n
    from bigrams
    group by bigram
    having count(*) > 1
),

rarest as (
    select number, min(bigram) as lowest, unnest(arg_min(bigram, (n, bigram), 12)) as bigram
    from bigrams
    join counted using (bigram)
    group by number
),

-- however many questions share a bigram, each is compared with the one before it, those with the same lowest one together
neighbours as (
    select number, lag(number) over (partition by bigram order by lowest, number) as other
    from rarest
)

select distinct least(number, other) as one, greatest(number, other) as other
from neighbours
where other is not null
