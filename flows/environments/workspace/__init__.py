"""Workspaces: environments whose state is a folder of files, in which model-written code runs in a sandbox."""

from flows.environments.workspace.beside import with_python
from flows.environments.workspace.environment import WORKSPACE, Workspace
from flows.environments.workspace.setup import SetupError, WorkspaceSetup, read_setup
from flows.environments.workspace.trees import tree_folder

__all__ = ["WORKSPACE", "SetupError", "Workspace", "WorkspaceSetup", "read_setup", "tree_folder", "with_python"]
