"""The rules, one per file; a file found here is a rule, and nothing else needs to know of it."""
