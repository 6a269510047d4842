"""Scripts that run with a trainer's Python: what its own loader made of our files, a line of JSON a row.

Each is called with the folder of an export (or its file), a tokenizer's folder, what the trainer calls the template,
and a file. It writes `{"text": ..., "trained": ...}` there: the row as the model is given it, and the tokens that it
is trained on; those of pairs and tasks write what their trainer compares or rewards.
They import nothing of ours.
"""
