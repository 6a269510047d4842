"""The search domain: questions that are answered by finding the one page that says it."""

from flows.domains.contract import Domain

SEARCH = Domain(
    name="search",
    tools=("search", "open", "find"),
    verifiers=("exact_match", "contains_answer", "evidence_consulted"),
    composers=("cloze", "written"),
    chat_prompt="search_system",
    text_prompt="search_text",
)
