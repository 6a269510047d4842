-- one row per domain with a goal of its own: mean tokens of an attempt that the mix of all domains needs for a mean of 45,000
from (
    values
        ('search', 44_000),
        ('engineering', 48_000),
        ('ml_engineering', 48_000),
        ('science', 37_000),
        ('scientific_agentic', 37_000),
        ('instruction_following', 3_000),
        ('general_agentic', 39_000)
) as goals (domain, goal_tokens)
