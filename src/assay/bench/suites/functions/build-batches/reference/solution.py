def build_batches(needs, workers):
    packages = set(needs).union(*needs.values())
    done, batches = set(), []
    while done != packages:
        ready = sorted(p for p in packages - done if needs.get(p, set()) <= done)
        if not ready:
            raise ValueError(f"these need each other: {sorted(packages - done)}")
        batches.append(ready[:workers])
        done.update(batches[-1])
    return batches
