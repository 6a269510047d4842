"""Engineering tasks as folders for other frameworks: the tree with its faults, hidden tests, the mended files."""

from flows.domains.engineering.folder.parts import folder_parts

__all__ = ["folder_parts"]
