"""Each benchmark runs and measures what it claims; times are not checked."""

import pytest
from PIL import Image

from bench import load
from bench.page.contenders import CONTENDERS, OURS, STOCK


@pytest.mark.parametrize("name", ["page", "memory", "growth"])
def test_a_benchmark_writes_results_and_machine(smoked, name):
    found = smoked(name)
    for fact in ("date", "commit", "processor", "memory", "system", "browser", "Python"):
        assert found["data"]["facts"][fact]
        assert f"- {fact}: {found['data']['facts'][fact]}" in found["page"]
    assert f"![{name}]({name}.png)" in found["page"]
    with Image.open(found["folder"] / f"{name}.png") as picture:
        picture.verify()


def test_a_picture_is_read_and_timed(smoked):
    found = smoked("photo")
    assert len(found["data"]["ms"]) == len(found["data"]["longest task, ms"]) == 1
    ((shown, read),) = found["data"]["shown and read"]
    # The two middle digits touch and are read as one.
    assert (read[0], read[-1]) == (shown[0], shown[-1])
    assert "4000 by 3000" in found["page"]


def test_no_stroke_after_the_first_paint_is_lost(smoked):
    (row,) = smoked("first-stroke")["data"]["visits"].values()
    ((without,), (ours,)) = row.values()
    assert ours["drawn"] > 0 and ours["lost"] == 0
    assert without["lost"] > 0
    assert ours["paint"] <= ours["ink"] < ours["reading"]


def test_every_contender_works(smoked):
    data = smoked("page")["data"]
    assert data["unusable"] == {}
    assert list(data["visits"]) == [each.name for each in CONTENDERS]


def test_every_contender_reads_the_same_digits(smoked):
    data = smoked("page")["data"]
    assert {visit["read"] for visit in data["visits"].values()} == {"4"}
    for name in data["visits"]:
        # The drawings are clear, but a network may misread one of three.
        assert data["read right"]["one digit"][name] > 0.6, name


def test_stock_tensorflow_uses_the_requested_backends(smoked):
    visits = smoked("page")["data"]["visits"]
    assert [visits[each.name]["backend"] for each in STOCK[1:]] == ["cpu", "wasm"]


def test_the_page_sends_less_than_any_peer(smoked):
    visits = smoked("page")["data"]["visits"]
    sent = {name: visit["bytes until the first reading"] for name, visit in visits.items()}
    assert sent[OURS.name] > 0
    assert all(2 * sent[OURS.name] < sent[name] for name in sent if name != OURS.name)


def test_every_file_is_sent_once(smoked):
    for name, visit in smoked("page")["data"]["visits"].items():
        files = visit["files until the first reading"]
        assert files == visit["requests until the first reading"], f"{name} fetched a file twice"


def test_every_contender_is_timed_in_every_way(smoked):
    data = smoked("page")["data"]
    for by_name in [*data["first reading, ms"].values(), *all_speeds(data)]:
        assert list(by_name) == list(data["visits"])
        assert all(times and min(times) > 0 for times in by_name.values())


def all_speeds(data):
    return [by_name for speeds in data["settled, ms"].values() for by_name in speeds.values()]


def test_every_contender_gets_the_same_strokes(smoked):
    for by_name in all_speeds(smoked("page")["data"]):
        assert len({len(times) for times in by_name.values()}) == 1


def test_the_trace_contains_tasks_of_the_main_thread(smoked):
    tasks = smoked("page")["data"]["tasks while drawing, CPU slowed 4x"]
    assert tasks["tasks"] > tasks["strokes"] >= tasks["digits"]
    assert min(tasks["longest"]) > 0


def test_readings_leave_no_tensors(smoked):
    data = smoked("memory")["data"]
    assert data["symbols read"] >= data["readings"]
    assert data["tensors before"] == data["tensors after"]
    assert data["heap after, bytes"] > 0


def test_growth_is_measured_at_every_size(smoked):
    data = smoked("growth")["data"]
    for kind in ("ms by symbols", "ms by points in a stroke"):
        assert [len(times) for times in data[kind].values()] == [2, 2, 2]


def test_the_server_under_load_fails_no_request(smoked):
    found = smoked("load")
    data = found["data"]
    assert data["failed requests"] == 0 and data["failures"] == []
    assert data["requests"] >= data["connections"]
    assert list(data["resident memory, bytes"]) == ["at the start", "after warm-up", "at the end"]
    assert "| failed | 0 |" in found["page"]


def test_a_response_that_differs_from_the_file_is_a_failed_request(monkeypatch):
    true = load.page_files()
    monkeypatch.setattr(load, "page_files", lambda: {"": b"x" * len(true[""]), "nowhere": b""})
    with load.serving() as (port, _):
        met = load.visits(port, 2, 0.2)
    assert sorted(met.failures) == ["HTTP/1.1 404 NOT FOUND", "the body differs from the file"]
