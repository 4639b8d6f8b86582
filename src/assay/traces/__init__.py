"""An MLflow server in an environment of its own, for whoever wants to look at calls and verdicts there."""
