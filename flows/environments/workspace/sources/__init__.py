"""Source trees for workspaces: source distributions of packages, and commits of local git repositories."""

from flows.environments.workspace.sources.cache import TreeError
from flows.environments.workspace.sources.git import git_folder
from flows.environments.workspace.sources.sdist import sdist_folder

__all__ = ["TreeError", "git_folder", "sdist_folder"]
