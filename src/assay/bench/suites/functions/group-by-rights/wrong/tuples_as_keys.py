from collections import defaultdict


def group_by_rights(grants, revoked):
    rights = defaultdict(set)
    for person, right in grants:
        rights[person]
        if (person, right) not in revoked:
            rights[person].add(right)
    groups = defaultdict(set)
    for person, owned in rights.items():
        groups[tuple(sorted(owned))].add(person)
    return dict(groups)
