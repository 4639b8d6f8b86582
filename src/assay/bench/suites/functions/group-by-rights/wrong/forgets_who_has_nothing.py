from collections import defaultdict


def group_by_rights(grants, revoked):
    rights = defaultdict(set)
    for person, right in grants:
        if (person, right) not in revoked:
            rights[person].add(right)
    groups = defaultdict(set)
    for person, owned in rights.items():
        groups[frozenset(owned)].add(person)
    return dict(groups)
