"""Short conversations, good and bad, that the text gates are judged by; README.md gives their labels."""
