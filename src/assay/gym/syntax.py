"""The syntax trees of what learners write. Nothing is run; text with errors gives a tree with errors."""

from functools import cache

import tree_sitter_javascript
import tree_sitter_python
from tree_sitter import Language as Grammar
from tree_sitter import Node, Parser

from assay.records import Language


@cache
def javascript_grammar() -> Grammar:
    """JavaScript's."""
    return Grammar(tree_sitter_javascript.language())


@cache
def python_grammar() -> Grammar:
    """Python's, for text that `ast` refuses."""
    return Grammar(tree_sitter_python.language())


def parse(language: Language, source: str) -> Node:
    """The tree of a text, errors and all."""
    grammar = python_grammar() if language == "python" else javascript_grammar()
    return Parser(grammar).parse(source.encode("utf-8", "replace")).root_node


def parse_javascript(source: str) -> Node:
    """The tree of a JavaScript text."""
    return parse("javascript", source)
