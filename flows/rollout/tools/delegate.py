"""The tool `delegate`: it gives a question to an attempt of its own, of which only the answer comes back.

The pool runs it, not an environment: the child samples with the same teacher, in a context of its own.
"""

from pydantic import Field

from flows.environments.tool import Arguments, Tool
from schemas.prompt import prompt


class DelegateArguments(Arguments):
    question: str = Field(
        min_length=1, max_length=4_000, description="the question, with everything that is needed to understand it"
    )


DELEGATE = Tool("delegate", prompt("delegate").text.strip(), DelegateArguments, read_only=True)
