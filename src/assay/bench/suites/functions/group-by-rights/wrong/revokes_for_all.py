from collections import defaultdict


def group_by_rights(grants, revoked):
    gone = {right for _, right in revoked}
    rights = defaultdict(set)
    for person, right in grants:
        rights[person].add(right)
    groups = defaultdict(set)
    for person, owned in rights.items():
        groups[frozenset(owned - gone)].add(person)
    return dict(groups)
