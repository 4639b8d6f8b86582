"""The script pipeline: prompts -> scripts -> pytest tests for them -> both run in the sandbox -> a report."""
