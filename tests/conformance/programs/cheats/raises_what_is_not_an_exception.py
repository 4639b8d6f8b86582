# Raises things whose class, text, cause or traceback fail when they are looked at.
import os

class Meta(type):
    def __repr__(cls): raise RuntimeError
    __name__ = property(lambda cls: 1 / 0)
    __qualname__ = property(lambda cls: 1 / 0)

class Bad(BaseException, metaclass=Meta):
    def __str__(self): os._exit(0)
    def __repr__(self): os._exit(0)
    def __getattribute__(self, name): raise RecursionError
    @property
    def __traceback__(self): os._exit(0)

def answer(n): raise Bad
