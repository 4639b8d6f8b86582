"""A bubblewrap for each program: cold, so it suits what cannot be forked from a warm interpreter."""

from assay.pipeline.sandbox.namespaced import Namespaced


class Bwrap(Namespaced):
    """One cage a program; two wait, started, for the next ones."""

    name = "bwrap"
    warm = False
    runs_a_cage = 1
    spares = 2
