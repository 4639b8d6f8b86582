def build_batches(needs, workers):
    packages = sorted(set(needs).union(*needs.values()))
    done = set()
    batches = []
    while len(done) < len(packages):
        batch = []
        for package in packages:
            if package not in done and needs.get(package, set()) <= done and len(batch) < workers:
                batch.append(package)
                done.add(package)
        if not batch:
            raise ValueError("circular dependency")
        batches.append(batch)
    return batches
