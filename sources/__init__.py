"""Sources of documents (web, folders, an embedded site) and the search index over their pages."""
