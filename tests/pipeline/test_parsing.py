"""Python that others wrote is parsed alike from one thread and from many."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from assay.pipeline.parsing import parse


@pytest.mark.parametrize("source", ["x =", "\0", "def f(:", "(" * 5000, "x = '\\d'; y = 1 is 1"])
def test_whatever_the_text_it_is_a_tree_or_nothing(source: str) -> None:
    tree = parse(source)
    assert (tree is not None) == source.startswith("x = '")


def test_threads_that_parse_at_once_do_not_disturb_each_other() -> None:
    deep = "x = " + "[" * 60 + "]" * 60 + "\n"
    sources = [deep + f"y{number} = {'(' * (number % 40)}1{')' * (number % 40)}\n" * 50 for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert all(tree is not None for tree in pool.map(parse, sources))
