"""Issues of real repositories as tasks: sets in the form of SWE-bench, with local clones of the repositories."""
