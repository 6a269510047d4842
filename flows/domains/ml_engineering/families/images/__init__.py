"""Families of images: small arrays of brightness, drawn by seed."""

from flows.domains.ml_engineering.families.images.blobs import blobs
from flows.domains.ml_engineering.families.images.digits import digits

IMAGES = {"blobs": blobs, "digits": digits}

__all__ = ["IMAGES"]
