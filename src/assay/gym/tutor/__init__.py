"""The help tools and the rules they pass."""
