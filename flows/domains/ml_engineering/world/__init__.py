"""The world of one attempt: the files of a problem in a workspace, a public score, and one final submission."""
