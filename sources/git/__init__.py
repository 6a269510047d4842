"""The git source: documentation and source files of repositories at a commit, branch or tag."""

from sources.git.source import configured

__all__ = ["configured"]
