"""Task folders in the format of Harbor: their configuration, image, files, tests and solution."""
