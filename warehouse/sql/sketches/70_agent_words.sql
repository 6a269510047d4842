-- one row per turn; adds agent_words: hashes of the words of the agent's text, or of a later system prompt, that shares words with
-- one of the benchmarks ($benchmark_indexes); null for the others
select
    *,
    case
        when len($benchmark_indexes::varchar[]) = 0 then null
        when role = 'assistant' then benchmark_words(written)
        when role = 'system' and index > 0 then benchmark_words(content)
    end as agent_words
from turn_part
