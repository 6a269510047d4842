"""Composers of search tasks: walks over hyperlinks become questions whose answers were fixed first."""
