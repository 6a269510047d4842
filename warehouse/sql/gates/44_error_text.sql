-- one row per trajectory: refuses answers that are an error message, and text that is noise after numeric overflow
-- without it: a student learns the messages of a broken client or server as answers. Only the start of the agent's own answer counts:
-- a page about tracebacks may be quoted, and an answer that begins with the truth (None, NaN., ValueError is raised) is right
with answers as (
    select
        trajectory_id,
        trim(candidates.answer, e' \n\r\t') as answer,
        left(trim(candidates.answer, e' \n\r\t'), 600) as opening,
        coalesce(starts_with(
            trim(regexp_replace(lower(opening), '[^\p{L}\p{N}]+', ' ', 'g')) || ' ',
            nullif(trim(regexp_replace(lower(left(true_answer, 600)), '[^\p{L}\p{N}]+', ' ', 'g')), '') || ' '
        ), false) as is_truth
    from candidates
),

garbled as (
    select trajectory_id, min(index) as index
    from turn_facts
    where garbled
    group by trajectory_id
),

judged as (
    select
        answers.trajectory_id,
        garbled.index,
        case
            when garbled.index is not null then 'garbled'
            when is_truth or answer is null then 'ok'
            when regexp_matches(answer, '(?i)^(nan|undefined|\[object object\]|inf(inity)?)[^\p{L}\p{N}]*$') then 'no_value'
            when
                starts_with(answer, 'Traceback (most recent call last)')
                or regexp_matches(
                    opening,
                    '(?i)^(error( code)?: ?\d{3}\b|(http )?(error )?(429|50[0-4])\b.{0,40}(error|gateway|unavailable|too many)'
                    || '|internal server error|bad gateway|service unavailable|gateway timeout|too many requests|rate limit (exceeded|reached)'
                    || '|connection (error|refused|reset|timed out)|(read )?timeout(error)?[^\p{L}\p{N}]*$|cuda (error|out of memory)'
                    || '|(api|openai|server)[ _]?error\b|(validation|json(decode)?)[ _]?error ?:|request (timed out|failed)\b'
                    -- exceptions of clients, by module or class name
                    || '|(openai|anthropic|litellm|vllm|httpx|httpcore|aiohttp|requests|urllib3|botocore|google)[.\w]*(error|exception|timeout)[.\w]*:'
                    || '|(api(connection|timeout|status)|ratelimit|internalserver|serviceunavailable|badrequest|authentication|permissiondenied)error:'
                    || '|error: .{0,60}(timed? ?out|connection|rate limit|overloaded|unavailable|too many requests|quota|api key)'
                    -- replies of servers: an error object, or a page that names the status
                    || '|\{\s*"error"\s*:\s*(\{\s*"(message|code|type|status)"|"(rate|internal|service|bad gateway|too many|time|request))'
                    || '|\{\s*"object"\s*:\s*"error"'
                    || '|<(!doctype )?html(?s:.{0,400})\b(429|50[0-4]) (too many|internal server|bad gateway|service|gateway time))'
                )
            then 'error_text'
            else 'ok'
        end as reason
    from answers
    left join garbled using (trajectory_id)
)

select trajectory_id, reason = 'ok' as keep, reason, index as value
from judged
