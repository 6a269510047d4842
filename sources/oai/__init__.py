"""The oai source: the records of OAI-PMH repositories, and full texts whose licence allows it."""

from sources.oai.source import configured

__all__ = ["configured"]
