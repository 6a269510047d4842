"""Scripts that run with a trainer's Python: its own loader reads our files, and writes one line of JSON per row.

Arguments: the folder (or file) of an export, a tokenizer's folder, the trainer's name of the template, and an
output file. The output is `{"text": ..., "trained": ...}`: the row as the model reads it, and its tokens with loss;
for pairs and tasks, the data that the trainer compares or rewards. The scripts import nothing of ours.
"""
