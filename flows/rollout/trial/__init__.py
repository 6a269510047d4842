"""`factory teacher try`: episodes of the teacher through the real loop, their figures, and the settings for them."""
