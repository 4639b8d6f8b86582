def group_by_rights(grants, revoked):
    rights = {person: set() for person, _ in grants}
    for person, right in set(grants) - revoked:
        rights[person].add(right)
    groups = {}
    for person, theirs in rights.items():
        groups.setdefault(frozenset(theirs), set()).add(person)
    return groups
