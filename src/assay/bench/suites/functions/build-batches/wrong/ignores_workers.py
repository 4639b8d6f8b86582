def build_batches(needs, workers):
    packages = set(needs).union(*needs.values())
    done, batches = set(), []
    while done != packages:
        ready = sorted(p for p in packages - done if needs.get(p, set()) <= done)
        if not ready:
            raise ValueError("circular dependency")
        batches.append(ready)
        done.update(ready)
    return batches
