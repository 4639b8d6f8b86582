import os


def unique_names(taken, uploads):
    used = {name.lower() for name in taken}
    result = []
    for upload in uploads:
        stem, extension = os.path.splitext(upload)
        name = upload
        number = 2
        while name.lower() in used:
            name = f"{stem} ({number}){extension}"
            number += 1
        result.append(name)
    return result
