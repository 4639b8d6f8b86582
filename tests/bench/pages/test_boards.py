"""What the boards say, as data: the leaderboard's order and weights, hostile names, and what is not there."""

import csv
import io

import pytest
from starlette.testclient import TestClient

from assay.bench import evaluations
from assay.store import Store
from tests.bench.pages.made_runs import HOSTILE, make_run, make_sample

RUN = "/bench/runs/20260301-123000-ab12"


def test_the_leaderboard_says_who_leads_and_sorts_by_what_the_address_says(board: TestClient) -> None:
    found = board.get(f"{RUN}.json").json()
    assert [line["standing"]["score"]["model"] for line in found["lines"]] == ["strong", "middle", "weak"]
    assert found["said"][0].startswith("strong is at 90.0 % (74.4 – 96.5, n = 30 tasks) on functions")
    turned = board.get(f"{RUN}.json?sort=pass").json()
    assert [line["standing"]["score"]["model"] for line in turned["lines"]] == ["weak", "middle", "strong"]
    found = board.get(f"{RUN}.json?q=WEA").json()
    assert (len(found["lines"]), found["left_out"]) == (1, 2)


def test_weights_in_the_address_change_the_overall_score(client: TestClient, store: Store) -> None:
    make_run(store, suites=("functions", "humaneval"))
    assert client.get(f"{RUN}.json").json()["weights"] == {"functions": 0.5, "humaneval": 0.5}
    weighted = client.get(f"{RUN}.json?w:functions=3&w:humaneval=1").json()
    assert weighted["weights"] == {"functions": 0.75, "humaneval": 0.25}
    assert client.get(f"{RUN}?w:functions=-1").status_code == 422
    assert client.get(f"{RUN}?w:functions=0").status_code == 422


def test_what_is_missing_cannot_be_overlooked(client: TestClient, store: Store) -> None:
    make_run(store, skip=frozenset({("weak", 3)}))
    page = client.get(RUN).text
    assert "Not everything is here" in page
    assert "1 missing" in page


def test_an_error_of_ours_says_why_and_leads_to_the_first(client: TestClient, store: Store) -> None:
    run = make_run(store, models=("good",), tasks=3, skip=frozenset({("good", 2)}))
    made = make_sample(run.id, "functions", "functions/2", "good", "error", text="<b>\u202eno room")
    evaluations.save_samples(store, [made])
    page = client.get(RUN).text
    assert "the first error, on functions/2: gave &lt;b&gt;⟨U+202E⟩no room" in page
    first = f"{RUN}/attempts/functions/functions/2?model=good&amp;sample=0"
    assert f'<a href="{first}">1 error of ours' in page
    assert "no room" in client.get(first.replace("&amp;", "&")).text


def test_each_table_is_also_csv_that_no_spreadsheet_takes_for_a_formula(client: TestClient, store: Store) -> None:
    make_run(store, models=("=HYPERLINK(1)", "other"))
    for address in (f"{RUN}.csv", f"{RUN}/tasks.csv", f"{RUN}/compare.csv", f"{RUN}/cost.csv", f"{RUN}/format.csv"):
        rows = list(csv.DictReader(io.StringIO(client.get(address).text)))
        assert rows, address
        assert all(not value.startswith("=") for row in rows for value in row.values()), address


def test_a_part_of_an_id_leads_to_the_run_and_an_unknown_one_says_what_there_is(board: TestClient) -> None:
    for name in ("last", "20260301", "ab12"):
        assert board.get(f"/bench/runs/{name}").headers["location"] == RUN
    gone = board.get("/bench/runs/nothing")
    assert gone.status_code == 404
    assert "no evaluation is called" in gone.text.lower()


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{RUN}?sort=nonsense", 422), (f"{RUN}/compare?a=nobody&b=weak", 404), (f"{RUN}/tasks?model=nobody", 404),
        (f"{RUN}/tasks?show=nonsense", 422), (f"{RUN}/tasks?page=0", 422), ("/bench/compare?runs=nothing", 404),
        ("/bench/view/nothing", 404), ("/bench/runs/nothing/cost.json", 404), ("/bench/runs/%00/tasks", 404),
        ("/bench/runs/%00", 404), (f"{RUN}/tasks?suite=%00&model=%00", 404), (f"{RUN}.json?q=%00", 200),
    ],
)  # fmt: skip
def test_what_is_not_there_or_not_understood_is_no_failure_of_ours(
    board: TestClient, address: str, status: int
) -> None:
    assert board.get(address).status_code == status


def test_a_run_at_work_shows_its_progress_and_what_is_there(client: TestClient, store: Store) -> None:
    make_run(store, state="running", skip=frozenset({("weak", number) for number in range(30)}))
    page = client.get(RUN).text
    assert "30 samples of 30 missing" in page
    assert "strong is at 90.0 %" in page


def test_hostile_names_come_through_the_json_unchanged_and_are_escaped_on_pages(
    client: TestClient, store: Store
) -> None:
    evaluation = make_run(store, models=(HOSTILE, "other"), name="{number}" + HOSTILE, tasks=4)
    evaluations.save_samples(
        store, [make_sample(evaluation.id, "functions", "0" + HOSTILE, "other", "wrong", 1, HOSTILE)]
    )
    assert client.get(f"{RUN}/tasks.json").json()["lines"][0]["task"] == "0" + HOSTILE
    for address in (RUN, f"{RUN}/tasks", f"{RUN}/compare", f"{RUN}/cost", f"{RUN}/format"):
        assert "<script>alert" not in client.get(address).text
        assert "\u202e" not in client.get(address).text
