"""A study: several procedures in a row, whose results choose the next specimen and add up to one index."""
