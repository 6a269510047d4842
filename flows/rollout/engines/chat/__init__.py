"""The chat engine: APIs that take messages and return text without token ids (OpenAI's form and Anthropic's)."""
