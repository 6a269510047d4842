"""Rights in a page: what its site permits to do with it, under which license, and who is to be named."""
