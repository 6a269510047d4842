"""Source trees for workspaces: archives of packages from PyPI and npm, and commits of local git repositories."""

from flows.environments.workspace.sources.cache import TreeError
from flows.environments.workspace.sources.git import git_folder
from flows.environments.workspace.sources.npm import npm_folder
from flows.environments.workspace.sources.sdist import sdist_folder

__all__ = ["TreeError", "git_folder", "npm_folder", "sdist_folder"]
