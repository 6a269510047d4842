-- one row a window that one question in fifty shares (of a sample of 1,000): an agent's turns of phrase, no evidence
with asked as (
    select distinct question
    from works
    order by question
    limit 1000
),

seen as (
    select shingle, count(distinct question) as questions
    from shingles
    semi join asked using (question)
    where by_agent
    group by shingle
)

select shingle
from seen
where questions > greatest(3, (select count(*) from asked) / 50)
