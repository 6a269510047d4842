-- one row per trajectory: refuses attempts that end by refusing, giving up or guessing
-- without it: a student learns to answer that it does not know. Marker phrases follow the cleaning of ShareGPT for Vicuna. They count
-- only at the start of the answer, after quotes and bold marks; a guess also counts where the agent's last message admits it
with answers as (
    select
        trajectory_id,
        regexp_replace(replace(left(trim(answer), 240), '’', ''''), '^[^\p{L}\p{N}]+', '') as opening,
        coalesce(lower(trim(answer)) = lower(trim(true_answer)), false) as is_truth
    from candidates
),

finals as (
    select trajectory_id, arg_max(guesses, index) as guesses
    from turn_facts
    semi join candidates using (trajectory_id)
    where calls_are_json is not null
    group by trajectory_id
),

judged as (
    select
        answers.trajectory_id,
        case
            when opening is null or is_truth then case when coalesce(guesses, false) then 'guess' else 'ok' end
            when regexp_matches(
                opening,
                '(?i)^(i''?m sorry|sorry,? (but )?i\b|i apologi[sz]e|as an ai\b|i (cannot|can''?t|can not|am unable to|am not able to) '
                || '(help|assist|fulfil|comply|provide|do that|browse|access)'
                || '|(很?抱歉|对不起|對不起|不好意思).{0,12}([无無]法|不能|不便|[没沒]有?[办辦]法)|作[为為]一?[个個名]?(人工智[能慧]|ai)'
                || '|我([无無]法|不能)(回答|提供|[协協]助|[帮幫]助|[满滿]足|[访訪][问問]|[浏瀏][览覽]))'
            ) then 'refusal'
            when regexp_matches(
                opening,
                '(?i)^((unfortunately,? )?(i|we) (do not|don''?t|could not|couldn''?t|was not able to|wasn''?t able to|was unable to|were unable to|cannot|can''?t) '
                || '(know|find|determine|locate|answer|identify|verify)'
                || '|(the answer is |answer )?(not found|unknown|unanswerable|insufficient information|no answer( found)?)[^\p{L}\p{N}]*$'
                || '|unable to (find|determine|locate|answer|identify)'
                || '|((很?抱歉|对不起|對不起)[^\p{L}]*)?(我(不知道|不清楚|不[确確]定|找不到)|我?([无無]法[确確找判得]|[没沒]有?找到|未能?找到))'
                || '|(答案)?(是|[为為])?(未知|不[详詳]|信息不足)[^\p{L}\p{N}]*$)'
            ) then 'gave_up'
            when
                coalesce(guesses, false)
                or regexp_matches(opening, '(?i)\b((my|a) (best|educated|wild|rough) guess|i(''d| would|''ll)? (just )?guess\b|(just|only) a guess)')
            then 'guess'
            else 'ok'
        end as reason
    from answers
    left join finals using (trajectory_id)
)

select trajectory_id, reason = 'ok' as keep, reason, null as value
from judged
