"""Tasks of the tasksets of Prime Intellect's package verifiers, scored by the tasksets' own reward functions."""
