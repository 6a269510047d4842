"""Arrays of images as files: brightness in whole numbers, in numpy's own format."""

import io

import numpy as np
import numpy.typing as npt

from flows.domains.ml_engineering.families.draws import Numbers

Bytes = npt.NDArray[np.uint8]


def array_file(images: Numbers) -> bytes:
    """Images of shape (n, height, width) with values from 0 to 1, as bytes of an .npy file with values 0 to 255."""
    out = io.BytesIO()
    shades: Bytes = (images.clip(0, 1) * 255).round().astype(np.uint8)
    np.save(out, shades)
    return out.getvalue()


def rotated(images: Numbers, degrees: Numbers) -> Numbers:
    """Square images, each turned around its middle by its own angle; empty corners are 0 (bilinear)."""
    n, size = images.shape[:2]
    y, x = np.mgrid[0:size, 0:size] - (size - 1) / 2
    cos, sin = (wave(np.deg2rad(degrees))[:, None, None] for wave in (np.cos, np.sin))
    at_y, at_x = cos * y - sin * x + (size - 1) / 2, sin * y + cos * x + (size - 1) / 2
    low_y, low_x = np.floor(at_y).astype(int), np.floor(at_x).astype(int)
    framed, found, each = np.pad(images, ((0, 0), (2, 2), (2, 2))), np.zeros_like(images), np.arange(n)[:, None, None]
    for add_y in (0, 1):
        for add_x in (0, 1):
            weight = (1 - abs(at_y - low_y - add_y)) * (1 - abs(at_x - low_x - add_x))
            row, column = (low_y + add_y + 2).clip(0, size + 3), (low_x + add_x + 2).clip(0, size + 3)
            found += weight * framed[each, row, column]
    return found
