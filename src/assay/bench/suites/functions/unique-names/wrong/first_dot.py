def unique_names(taken, uploads):
    used = {name.lower() for name in taken}
    result = []
    for upload in uploads:
        stem, dot, extension = upload.partition(".")
        if not stem:
            stem, dot, extension = upload, "", ""
        name = upload
        number = 2
        while name.lower() in used:
            name = f"{stem} ({number}){dot}{extension}"
            number += 1
        used.add(name.lower())
        result.append(name)
    return result
