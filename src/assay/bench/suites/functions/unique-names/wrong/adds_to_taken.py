import os


def unique_names(taken, uploads):
    result = []
    for upload in uploads:
        lowered = {name.lower() for name in taken}
        stem, extension = os.path.splitext(upload)
        name = upload
        number = 2
        while name.lower() in lowered:
            name = f"{stem} ({number}){extension}"
            number += 1
        taken.add(name)
        result.append(name)
    return result
