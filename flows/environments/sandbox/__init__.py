"""A sandbox for code that a model wrote: bubblewrap with its known holes closed, and limits over all processes."""

from flows.environments.sandbox.availability import unavailable
from flows.environments.sandbox.command import Command, Completed, Limits, Mount, SandboxFault
from flows.environments.sandbox.images.image import Image
from flows.environments.sandbox.images.images import Images, Listed, Packages
from flows.environments.sandbox.sandbox import Sandbox
from flows.environments.sandbox.slots import Slots, shared_slots
from flows.environments.sandbox.tree import remove

__all__ = [
    "Command", "Completed", "Image", "Images", "Limits", "Listed", "Mount", "Packages", "Sandbox", "SandboxFault",
    "Slots", "remove", "shared_slots", "unavailable",
]  # fmt: skip
