# Its answer is an object that can be called, with slots and a metaclass.
from abc import ABC, abstractmethod

class Base(ABC):
    __slots__ = ()
    @abstractmethod
    def __call__(self, n): ...

class Square(Base):
    def __call__(self, n):
        return [self(x) for x in n] if isinstance(n, list) else n * n + 1

answer = Square()
