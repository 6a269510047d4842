"""Collections: sources that list their own pages in order, such as folders, archives, data sets and repositories."""
