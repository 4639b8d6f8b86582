"""A product for the shell's tests: it grows beds, and fails in every way a product can."""

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from assay.errors import AssayError, StoreError, UnknownName
from assay.web import Hit, Offer
from assay.web.live import Look, stream
from assay.web.shell import Shell

HOSTILE = "<script>alert(1)</script>\u202eevil\x1b[31m"


class Garden:
    """The product."""

    name = "garden"
    title = "What grows?"
    templates = "tests.web.garden"

    def __init__(self) -> None:
        self.closed = False
        self.begin_again()

    def begin_again(self) -> None:
        self.beds = ["tomatoes", "beans", HOSTILE]
        self.height = 0
        self.looks = 0

    def router(self, shell: Shell) -> APIRouter:
        routes = APIRouter()

        @routes.get("/", include_in_schema=False)
        def index(request: Request) -> Response:
            return shell.page(request, "garden/index.html", beds=self.beds)

        @routes.get("/beds.json")
        def beds() -> Response:
            return shell.json({"beds": self.beds, "note": "x" * 2_000})

        @routes.get("/beds.csv", include_in_schema=False)
        def csv() -> Response:
            return shell.csv("bed\r\ntomatoes\r\n", 'beds of "mine"')

        @routes.post("/beds", include_in_schema=False)
        def plant(bed: str = Form()) -> Response:
            self.beds.append(bed)
            return RedirectResponse("/garden/", 303)

        @routes.get("/growing", include_in_schema=False)
        def growing(request: Request) -> Response:
            return shell.page(request, "garden/growing.html", height=self.height)

        @routes.get("/growing/live", include_in_schema=False)
        def live(request: Request) -> Response:
            def look() -> Look:
                self.looks += 1
                part = shell.fragment(request, "garden/_height.html", height=self.height)
                return Look({"height": part}, ended=self.height >= 3)

            return stream(shell, look, every_s=0.05)

        @routes.get("/fails/{how}", include_in_schema=False)
        def fails(how: str) -> Response:
            errors: dict[str, Exception] = {
                "fault": ZeroDivisionError("secret of the house"),
                "store": StoreError("The database cannot be reached.", "Is it running?"),
                "unknown": UnknownName("bed", "tomatos", ["tomatoes"]),
                "mendable": AssayError("Too dry.", "Water it."),
                "gone": HTTPException(404, "That bed was dug up."),
            }
            raise errors[how]

        @routes.get("/fails.json")
        def fails_too() -> Response:
            raise ZeroDivisionError("secret of the house")

        return routes

    def offers(self, shell: Shell) -> list[Offer]:
        return [
            Offer(
                title="Plant peas",
                text="They grow in spring.",
                label="Plant them",
                href="/garden/beds",
                fields={"bed": "peas"},
            ),
            Offer(
                title="Or beans",
                text="They climb.",
                label="Plant beans",
                href="/garden/beds",
                fields={"bed": "beans"},
            ),
        ]

    def search(self, shell: Shell, words: str, limit: int) -> list[Hit]:
        return [Hit(kind="bed", title=bed, href="/garden/") for bed in self.beds if words in bed][:limit]

    def close(self) -> None:
        self.closed = True
