"""The gym's nouns: problems, what came of programs, what is kept of learners, and what a browser may have of a problem."""
