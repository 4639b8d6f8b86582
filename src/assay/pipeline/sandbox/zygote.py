"""A warm interpreter inside a bubblewrap; each program gets a fresh child with namespaces of its own."""

from assay.pipeline.sandbox.namespaced import Namespaced


class Zygote(Namespaced):
    """One cage for a thousand programs, then a fresh one; and a fresh one after anything abnormal."""

    name = "zygote"
    warm = True
    runs_a_cage = 1000
