# Raises SystemExit while it is loaded.
raise SystemExit(0)
