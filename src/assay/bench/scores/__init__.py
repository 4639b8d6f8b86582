"""From samples to numbers: pass@k, intervals, comparisons, costs. Pure: the same samples give the same numbers.

The unit is the task. A suite's tasks are looked upon as drawn from the many that might have been asked, so every
interval is over tasks, and ten samples of one task are not ten tasks. What is missing, and what failed through a fault
of ours (status `error`), is counted apart and never taken for a wrong answer. docs/scores.md explains each number.
"""
