"""Questions over many pages in the teacher's words, with every fact and every rule of them checked."""
