def unique_names(taken, uploads):
    used = {name.lower() for name in taken}
    given = []
    for upload in uploads:
        dot = upload.rfind(".")
        cut = dot if dot > 0 else len(upload)
        name, number = upload, 1
        while name.lower() in used:
            number += 1
            name = f"{upload[:cut]} ({number}){upload[cut:]}"
        used.add(name.lower())
        given.append(name)
    return given
