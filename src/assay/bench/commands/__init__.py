"""The commands of bench, a module for each kind; `assay.bench.cli` has their table, their shared options and how they speak."""
