import os


def unique_names(taken, uploads):
    used = set(taken)
    result = []
    for upload in uploads:
        stem, extension = os.path.splitext(upload)
        name = upload
        number = 2
        while name in used:
            name = f"{stem} ({number}){extension}"
            number += 1
        used.add(name)
        result.append(name)
    return result
