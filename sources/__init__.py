"""Where knowledge comes from: web pages, folders, and the search index over what they left."""
