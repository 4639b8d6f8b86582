"""The product for people who choose or build models: run them on code-writing suites, grade, compare."""
