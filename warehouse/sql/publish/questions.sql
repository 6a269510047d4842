-- one row per distinct question: its number, its truth, and its words (the first and last 500 of a long one)
with distinct_questions as (
    select key, any_value(question) as question, min(truth) as truth
    from question_texts
    group by key
),

split as (
    select
        key,
        truth,
        string_split(trim(regexp_replace(
            regexp_replace(question, '([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])', ' \1 ', 'g'),
            '[^\p{L}\p{M}\p{N}]+', ' ', 'g'
        )), ' ') as words
    from distinct_questions
    where key = md5(question)
)

select
    row_number() over (order by key) - 1 as number,
    key,
    truth,
    case when len(words) > 1000 then words[:500] || words[-500:] else words end as words
from split
