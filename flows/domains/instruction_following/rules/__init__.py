"""House rules: audiences, precedence, and places in the documents."""
