"""The lower of two shops' prices."""


def cheapest(here, there):
    return {goods: min(shop[goods] for shop in (here, there) if goods in shop) for goods in {**here, **there}}


if __name__ == "__main__":
    for goods, price in sorted(cheapest({"bread": 30, "milk": 12}, {"milk": 15, "eggs": 25}).items()):
        print(f"{goods}: {price}")
