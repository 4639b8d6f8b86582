"""Add up stock lists."""

import json
from pathlib import Path


def merge(sources, target):
    whole = {}
    for source in sources:
        for goods, number in json.loads(Path(source).read_text(encoding="utf-8")).items():
            whole[goods] = whole.get(goods, 0) + number
    left = {goods: number for goods, number in sorted(whole.items()) if number}
    Path(target).write_text(json.dumps(left, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return left


def main(folder):
    shop, store, target = (Path(folder) / name for name in ("shop.json", "store.json", "all.json"))
    shop.write_text('{"screws": 40, "nails": 5}', encoding="utf-8")
    store.write_text('{"nails": -5, "glue": 2}', encoding="utf-8")
    merge([shop, store], target)
    print(target.read_text(encoding="utf-8"), end="")
    return 0


if __name__ == "__main__":
    main(".")
