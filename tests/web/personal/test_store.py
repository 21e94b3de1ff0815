"""The store of drawings in a browser that closes, refuses, fills or deletes its database."""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import until
from tests.web.personal.test_handwriting import correct, opened

pytestmark = pytest.mark.usefixtures("ready")

STORE = """
    const { src } = document.querySelector("script[type=module]");
    const { ExampleStore } = await import(new URL("personal/store.js", src));
    const example = k => ({ label: String(k), strokes: [[[0, 0], [k, 1]]] });
    const labels = ({ examples }) => examples.map(({ label }) => label);
    const reopened = async () => labels(await ExampleStore.open());
    const connections = [];
    const openDatabase = indexedDB.open.bind(indexedDB);
    indexedDB.open = (...all) => {
        const asked = openDatabase(...all);
        asked.addEventListener("success", () => connections.push(asked.result));
        return asked;
    };
    const store = await ExampleStore.open();
"""
CLOSED = """
    await store.put([example(1), example(2)]);
    for (const change of [
        () => store.put([example(3)]),
        () => store.markSent([store.examples[0]], "there"),
        () => store.clear(),
        () => store.put([example(4)]),
    ]) {
        connections.at(-1).close();
        await change();
    }
    connections.at(-1).dispatchEvent(new Event("close"));
    await store.put([example(5)]);
    return [connections.length, store.lasting, labels(store), await reopened()];
"""
FAILS = """
    const put = IDBObjectStore.prototype.put;
    let failures = count;
    IDBObjectStore.prototype.put = function (...all) {
        if (failures-- > 0) throw new DOMException("Connection lost", "UnknownError");
        return put.apply(this, all);
    };
    await store.put([example(1)]);
    const first = [store.lasting, await reopened()];
    await store.put([example(2)]);
    return [first, [store.lasting, labels(store), await reopened()]];
"""
ABORTED = """
    const { transaction } = IDBDatabase.prototype;
    let failures = 1;
    IDBDatabase.prototype.transaction = function (...all) {
        const made = transaction.apply(this, all);
        if (failures-- > 0) queueMicrotask(() => made.abort());
        return made;
    };
    await Promise.all([1, 2, 3].map(k => store.put([example(k)])));
    return [store.lasting, labels(store), await reopened()];
"""
REFUSED_AT_FIRST = """
    await store.put([example(1)]);
    const { open } = indexedDB;
    indexedDB.open = () => { throw new DOMException("denied", "SecurityError"); };
    const early = await ExampleStore.open();
    await early.put([example(2)]);
    const before = [early.lasting, labels(early)];
    indexedDB.open = open;
    await early.put([example(3)]);
    return [before, [early.lasting, labels(early)]];
"""
DELETED = """
    await store.put([example(1)]);
    await new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase("digitpad");
        request.onsuccess = resolve;
        request.onblocked = () => reject(new Error("blocked"));
    });
    await store.put([example(2)]);
    return [store.lasting, labels(store), await reopened()];
"""
ASKED = """(() => {
    globalThis.asked = 0;
    let granted = false;
    navigator.storage.persisted = async () => granted;
    navigator.storage.persist = async () => { asked++; return (granted = GRANTED); };
})()"""
FULL = """() => {
    globalThis.put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = () => { throw new DOMException("", "QuotaExceededError"); };
}"""
ADVICE = "Save them to have them for longer."
RESTORED = "The browser deleted your drawings while this page was open. They are kept again"
STORED = """async () => {
    const [{ name, version } = {}] = await indexedDB.databases(); // open() would create it
    if (!version) return 0;
    const wait = request => new Promise(resolve => {
        request.onsuccess = () => resolve(request.result);
    });
    const database = await wait(indexedDB.open(name));
    const count = await wait(database.transaction("drawings").objectStore("drawings").count());
    database.close();
    return count;
}"""
HIDE = """state => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
LATER = """
    await store.put([example(1)]);
    let restored = 0;
    store.onrestore = () => restored++;
    const hide = HIDE;
    hide("hidden");
    await CLEAR();
    const { length } = connections;
    await new Promise(resolve => setTimeout(resolve, 300));
    const inBackground = connections.length - length;
    hide("visible");
    await store.put([example(2)]);
    return [inBackground, restored, store.lasting, labels(store), await reopened()];
""".replace("HIDE", HIDE)


def run(page: Page, script: str, **values: int) -> list:
    names = "".join(f"const {name} = {value};" for name, value in values.items())
    return page.evaluate(f"async () => {{ {STORE} {names} {script} }}")


def test_a_connection_that_the_browser_closes_is_opened_again(page: Page) -> None:
    """Browsers close the connections of pages in the background."""
    connections, lasting, held, stored = run(page, CLOSED)
    assert lasting and held == stored == ["4", "5"]
    assert connections == 6


@pytest.mark.parametrize("fails", [1, 2, 3])
def test_a_write_is_repeated_once_and_then_with_the_next_one(page: Page, fails: int) -> None:
    first, second = run(page, FAILS, count=fails)
    assert first == ([True, ["1"]] if fails == 1 else [False, []])
    assert second == [True, ["1", "2"], ["1", "2"]]


def test_a_transaction_that_the_browser_aborts_is_repeated(page: Page) -> None:
    assert run(page, ABORTED) == [True, ["1", "2", "3"], ["1", "2", "3"]]


def test_a_database_that_opens_late_is_read_then(page: Page) -> None:
    before, after = run(page, REFUSED_AT_FIRST)
    assert before == [False, ["2"]]
    assert after == [True, ["1", "2", "3"]]


def test_the_database_can_be_deleted_while_the_page_is_open(page: Page) -> None:
    assert run(page, DELETED) == [True, ["2"], ["2"]]


def clear(page: Page, kinds: str) -> None:
    """Let the browser delete what the page stores, as it does if space runs short."""
    session = page.context.new_cdp_session(page)
    origin = page.evaluate("location.origin")
    session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": kinds})
    session.detach()


def until_stored(page: Page, count: int) -> None:
    """Wait until the database holds as many drawings: they are stored after the page shows them."""
    until(page, lambda: page.evaluate(STORED) == count)


@pytest.mark.parametrize("kinds", ["indexeddb", "all"])
def test_drawings_that_the_browser_deletes_are_stored_again_and_it_is_told(
    page: Page, draw, drawings, kinds: str
) -> None:
    for digit in "47":
        correct(page, draw, drawings[digit], digit)
    until_stored(page, 2)
    other = page.context.new_page()
    other.goto(page.url)
    expect(opened(other)).to_contain_text("2 drawings kept on this device.")
    clear(page, kinds)
    notes = [tab.locator("footer").get_by_text(RESTORED) for tab in (page, other)]
    until(page, lambda: any(note.count() for note in notes))
    correct(page, draw, drawings["1"], "1")
    until_stored(page, 3)
    for tab in (page, other):
        tab.reload()
        expect(opened(tab)).to_contain_text("3 drawings kept on this device.")
    page.once("dialog", lambda question: question.accept())
    page.get_by_role("button", name="Delete all").click()
    expect(page.get_by_role("dialog")).to_contain_text("0 drawings kept on this device.")
    clear(page, kinds)
    other.reload()
    expect(opened(other)).to_contain_text("0 drawings kept on this device.")


def test_deleted_drawings_that_find_no_room_are_held_and_the_page_says_so(
    page: Page, draw, drawings
) -> None:
    correct(page, draw, drawings["4"], "4")
    until_stored(page, 1)
    page.evaluate(FULL)
    clear(page, "indexeddb")
    expect(page.locator("footer")).to_contain_text("Your drawings are kept until you close this")
    expect(page.locator("footer")).not_to_contain_text(RESTORED)
    expect(opened(page)).to_contain_text("1 drawing kept until you close this page")
    page.keyboard.press("Escape")
    page.evaluate("() => { IDBObjectStore.prototype.put = put; }")
    correct(page, draw, drawings["7"], "7")
    expect(page.locator("footer")).to_contain_text(RESTORED)
    page.reload()
    expect(opened(page)).to_contain_text("2 drawings kept on this device.")


def test_in_the_background_a_closed_database_is_left_closed(page: Page) -> None:
    page.expose_function("clearAll", lambda: clear(page, "indexeddb"))
    script = LATER.replace("CLEAR", "clearAll")
    assert run(page, script) == [0, 1, True, ["1", "2"], ["1", "2"]]


@pytest.mark.parametrize("granted", [True, False])
def test_the_first_kept_drawing_asks_the_browser_to_keep_it(page, draw, drawings, granted) -> None:
    page.add_init_script(ASKED.replace("GRANTED", str(granted).lower()))
    page.reload()
    dialog = opened(page)
    advice = dialog.get_by_text(ADVICE)
    expect(dialog).to_contain_text("0 drawings kept on this device.")
    expect(advice).to_be_hidden()
    assert page.evaluate("asked") == 0, "there is nothing to keep yet"
    page.keyboard.press("Escape")
    for digit in "47":
        correct(page, draw, drawings[digit], digit)
    until_stored(page, 2)
    advice = opened(page).get_by_text(ADVICE)
    expect(advice).to_be_hidden() if granted else expect(advice).to_be_visible()
    assert page.evaluate("asked") == 1


def test_a_notice_of_lost_storage_goes_when_drawings_can_be_stored(page, draw, drawings) -> None:
    page.evaluate(FULL)
    correct(page, draw, drawings["4"], "4")
    expect(page.locator("footer")).to_contain_text("kept until you close this page")
    page.evaluate("() => { IDBObjectStore.prototype.put = put; }")
    correct(page, draw, drawings["7"], "7")
    expect(page.locator("footer")).not_to_contain_text("kept until you close this page")
    until_stored(page, 2)
    page.reload()
    expect(opened(page)).to_contain_text("2 drawings kept on this device.")
