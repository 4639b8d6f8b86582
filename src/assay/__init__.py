"""Assay puts code to the test, whoever wrote it."""
