"""The road: task -> reply -> program -> runs -> findings -> report. Whole in attempt.py."""
