"""Keys of earlier settings files and their names now, so that an old key is refused with the name that replaces it."""

RENAMED = {
    "blocked": "blocklist",
    "teacher.context": "teacher.context_window",
    "teacher.environment": "teacher.venv",
    "teacher.max_completion": "teacher.max_completion_tokens",
    "rollout.attempts": "rollout.max_starts",
    "rollout.in_flight": "rollout.max_in_flight",
    "rollout.kv_share": "rollout.kv_cache_share",
    "rollout.observation_chars": "rollout.max_observation_chars",
    "rollout.repeat_limit": "rollout.max_repetitions",
    "rollout.same_call_limit": "rollout.max_repeated_calls",
    "refine.foreign_share": "refine.max_foreign_script_share",
    "refine.let_pass": "refine.allowed_sensitive_data",
    "refine.min_calls_of": "refine.min_calls_by_domain",
    "refine.min_turns_of": "refine.min_turns_by_domain",
    "refine.mirrors": "refine.benchmark_mirrors",
    "refine.near_similarity": "refine.near_duplicate_threshold",
    "refine.off": "refine.advisory_gates",
    "refine.repeated_share": "refine.max_repeated_share",
    "refine.unfit_calls": "refine.max_invalid_call_share",
    "publish.window": "publish.training_window",
}
"""Old key -> new key, each as `section.key`."""
