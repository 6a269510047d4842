"""Counts the GPUs that a server started on this machine would see."""

import os
import re
from pathlib import Path

DEVICE = re.compile(r"nvidia\d+")


def visible_gpus(devices: Path = Path("/dev")) -> int:
    """Number of NVIDIA GPUs: those of CUDA_VISIBLE_DEVICES if it is set, else the device files."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return len([one for one in chosen.split(",") if one.strip() not in ("", "-1")])
    return sum(bool(DEVICE.fullmatch(file.name)) for file in devices.iterdir())
