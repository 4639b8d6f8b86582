"""The steps from one schema to the next, run by `assay.store.schema` when a store is opened."""
