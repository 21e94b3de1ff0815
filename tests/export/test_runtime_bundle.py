import base64
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import brotli
import numpy as np
import pytest

from export import runtime_bundle
from export.browser.page import LOAD, WEB, evaluate, model_page, serving
from export.runtime_bundle import ExportError

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "export" / "runtime"
VENDOR = ROOT / "web" / "vendor"
NODE = shutil.which("node", path=Path(sys.executable).parent) or shutil.which("node")
CLASSIFY = "pixels => Array.from(recognizer.classifyNow(new Float32Array(pixels)))"


@pytest.fixture(scope="module")
def source():
    return (VENDOR / "tfjs.js").read_text()


@pytest.mark.parametrize(
    ("folder", "option"), [(VENDOR, None), (runtime_bundle.COMPLETE.parent, "--complete")]
)
def test_the_committed_runtimes_are_built_from_the_pinned_packages(folder, option, tmp_path):
    operations = sorted(json.loads(runtime_bundle.CATALOGUE.read_text())) if option else []
    subprocess.run([NODE, RUNTIME / "build.mjs", tmp_path, *operations], check=True)
    for file in tmp_path.iterdir():
        assert (folder / file.name).read_bytes() == file.read_bytes(), file.name
    assert {file.name for file in tmp_path.iterdir()} == {"tfjs.js", "LICENSE.tfjs"}


def test_the_complete_runtime_has_every_operation_of_the_catalogue():
    assert (
        runtime_bundle.operations_in(runtime_bundle.COMPLETE)
        == json.loads(runtime_bundle.CATALOGUE.read_text()).keys()
    )
    assert len(brotli.compress(runtime_bundle.COMPLETE.read_bytes())) < 31_000


def test_the_runtime_has_no_eval_and_no_imports(source):
    assert not re.search(r"(?<![\w.])(eval|Function)\(", source)
    code = source.partition("*/")[2]
    assert not re.search(r"\b(import|require)\(", code)


def test_the_runtime_carries_its_licence(source):
    assert "Apache License" in (VENDOR / "LICENSE.tfjs").read_text()
    assert source.startswith("/**\n * @license\n * TensorFlow.js 4.22.0")
    assert "web/vendor/LICENSE.tfjs" in (ROOT / "NOTICE").read_text()


def test_the_runtime_stays_small():
    assert len(brotli.compress((VENDOR / "tfjs.js").read_bytes())) < 24_000


def test_the_runtime_has_exactly_the_operations_of_the_shipped_model():
    assert runtime_bundle.operations_in(VENDOR / "tfjs.js") == runtime_bundle.operations_of(
        ROOT / "web" / "model"
    )


def test_a_model_with_other_operations_runs_on_the_complete_runtime():
    own = VENDOR / "tfjs.js"
    assert runtime_bundle.runtime_for(frozenset(["Const", "Placeholder"]), own) == own
    assert (
        runtime_bundle.runtime_for(frozenset(["Const", "MaxPool"]), own) == runtime_bundle.COMPLETE
    )


def test_the_complete_runtime_replaces_the_page_runtime_only_if_needed(tmp_path):
    runtime = Path(shutil.copy(VENDOR / "tfjs.js", tmp_path))
    before = runtime.read_bytes()
    assert runtime_bundle.install(frozenset(["Const", "Softmax"]), runtime) == frozenset()
    assert runtime.read_bytes() == before
    assert runtime_bundle.install(frozenset(["Const", "MaxPool", "Mean"]), runtime) == {
        "MaxPool",
        "Mean",
    }
    assert runtime.read_bytes() == runtime_bundle.COMPLETE.read_bytes()
    assert [file.name for file in tmp_path.iterdir()] == ["tfjs.js"]


def test_an_unknown_operation_is_reported_with_the_remedy():
    with pytest.raises(ExportError, match="lacks Erf, Tanh: add to operations.json"):
        runtime_bundle.check(["Tanh", "Relu", "Erf"])


def test_a_build_without_its_packages_says_how_to_install_them(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime_bundle, "RUNTIME", tmp_path)
    with pytest.raises(ExportError, match="make runtime"):
        runtime_bundle.run("pad.mjs")


def test_packages_of_the_runtime_are_installed_once(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime_bundle, "RUNTIME", tmp_path)
    package = {"name": "parts", "version": "1.0.0"}
    (tmp_path / "package.json").write_text(json.dumps(package))
    lock = {**package, "lockfileVersion": 3, "packages": {"": package}}
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    runtime_bundle.fetch_parts()
    monkeypatch.setattr(runtime_bundle, "tool", lambda name: None)
    runtime_bundle.fetch_parts()
    (tmp_path / "package-lock.json").write_text("{}")
    with pytest.raises(ExportError, match="no npm"):
        runtime_bundle.fetch_parts()


def test_a_failed_installation_is_reported_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime_bundle, "RUNTIME", tmp_path)
    (tmp_path / "package.json").write_text('{"name": "parts", "version": "1.0.0"}')
    with pytest.raises(ExportError, match=r"npm could not install .*package-lock\.json") as raised:
        runtime_bundle.fetch_parts()
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "node_modules/.installed").exists()


@pytest.mark.parametrize("arch", ["default", "separable"])
def test_without_webassembly_the_probabilities_are_the_same(arch, exported, fields, browser):
    results = []
    for disabled in (False, True):
        with serving(WEB, exported(arch)) as site, browser.new_page() as page:
            if disabled:
                page.add_init_script("delete globalThis.WebAssembly")
            page.goto(f"{site}/blank.html")
            evaluate(page, LOAD)
            assert page.evaluate("typeof WebAssembly") == ("undefined" if disabled else "object")
            results.append(evaluate(page, CLASSIFY, fields[:5].ravel().tolist()))
    fast, slow = map(np.array, results)
    # Untrained, `default` has logits of up to 2^13, whose float32 steps are 2^-11. A sum of 80
    # products is off by about sqrt(80) half steps (N. J. Higham, "Accuracy and Stability of
    # Numerical Algorithms", 2nd ed., 2.8). Four times that is 9e-3 in a logit, and p * (1 - p),
    # here at most 0.01, of it in a probability.
    np.testing.assert_allclose(fast, slow, rtol=0, atol=2e-4)


@pytest.fixture(scope="module")
def page():
    with model_page() as opened:
        yield opened


def test_a_batch_larger_than_the_memory_is_classified_correctly(page, fields):
    few = np.reshape(evaluate(page, CLASSIFY, fields[:10].ravel().tolist()), (10, 10))
    many = np.tile(fields[:10].reshape(10, -1), (30, 1)).ravel().tolist()
    inspect = """pixels => Array.from(recognizer.inspect(
        new Float32Array(pixels), recognizer.meta.nodes.probabilities).values)"""
    for script in (CLASSIFY, inspect):
        results = np.reshape(evaluate(page, script, many), (30, 10, 10))
        np.testing.assert_allclose(results, np.tile(few, (30, 1, 1)), atol=1e-5)


def test_inspected_values_are_copies(page, fields):
    before, after = evaluate(
        page,
        """async pixels => {
            const [one, other] = pixels.map(each => new Float32Array(each));
            const node = recognizer.meta.nodes.activations[0].node;
            const { values } = recognizer.inspect(one, node);
            const before = Array.from(values);
            recognizer.inspect(other, node);
            return [before, Array.from(values)];
        }""",
        [fields[0].ravel().tolist(), fields[1].ravel().tolist()],
    )
    assert before == after and any(before)


def test_disposed_recognizers_release_their_memory(page, fields):
    sizes = evaluate(
        page,
        """async pixels => {
            const { loadRecognizer } = await import("/recognizer.js");
            const { GraphModel } = await import("/vendor/tfjs.js");
            await globalThis.recognizer?.fetchAll();  // or it would run meanwhile
            const { execute } = GraphModel.prototype;
            const sizes = [];
            GraphModel.prototype.execute = function (...inputs) {
                const outputs = execute.apply(this, inputs);
                sizes.push(outputs.dataSync().buffer.byteLength);
                return outputs;
            };
            for (let k = 0; k < 80; k++) {
                const each = await loadRecognizer(location.origin + "/model/");
                each.inspect(new Float32Array(pixels), each.meta.nodes.features);
                each.dispose();
            }
            GraphModel.prototype.execute = execute;
            return sizes;
        }""",
        fields[0].ravel().tolist(),
    )
    assert len(sizes) == 80 and set(sizes) == {256 * 65536}, "all are WebAssembly's memory"


def test_packages_are_pinned_and_the_lock_names_no_host():
    packages = json.loads((RUNTIME / "package.json").read_text())["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in packages.values())
    lock = (RUNTIME / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert lock.count('"integrity": "sha512-') >= len(packages)


def test_later_runs_skip_the_graph_with_the_same_result(page, fields):
    walks, replayed, graph = evaluate(
        page,
        """async pixels => {
            const { GraphModel } = await import("./vendor/tfjs.js");
            const { execute } = GraphModel.prototype;
            let walks = 0;
            GraphModel.prototype.execute = function (...inputs) {
                walks += 1;
                return execute.apply(this, inputs);
            };
            const images = new Float32Array(pixels);
            recognizer.classifyNow(images.subarray(0, 784));
            walks = 0;
            const replayed = Array.from(recognizer.classifyNow(images));
            GraphModel.prototype.execute = execute;
            const { values } = recognizer.inspect(images, recognizer.meta.nodes.probabilities);
            return [walks, replayed, Array.from(values)];
        }""",
        fields[:12].ravel().tolist(),
    )
    assert walks == 0
    np.testing.assert_allclose(replayed, graph, atol=1e-6)


def test_several_networks_do_not_overwrite_each_other(page, fields):
    alone, beside, after = evaluate(
        page,
        """async pixels => {
            const { loadRecognizer } = await import("./recognizer.js");
            const images = new Float32Array(pixels);
            const alone = Array.from(recognizer.classifyNow(images));
            const beside = [];
            for (let turn = 0; turn < 12; turn++) {
                const other = await loadRecognizer();
                other.classifyNow(images.map((value) => 1 - value));
                beside.push(Array.from(recognizer.classifyNow(images)));
                other.dispose();
            }
            return [alone, beside, Array.from(recognizer.classifyNow(images))];
        }""",
        fields[:3].ravel().tolist(),
    )
    assert len(beside) == 12 and all(each == alone for each in beside) and after == alone


X = np.linspace(-2, 7, 48, dtype=np.float32).reshape(1, 4, 4, 3)
ROWS = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
FILTER = np.linspace(-1, 1, 54, dtype=np.float32).reshape(3, 3, 3, 2)
OWN = np.linspace(-1, 1, 27, dtype=np.float32).reshape(3, 3, 3, 1)


def integers(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int32)


def windows(strides: int = 2, size: int | None = None) -> dict:
    facts = {"padding": {"s": "VkFMSUQ="}, "strides": list_of(1, strides, strides, 1)}
    return facts | ({"ksize": list_of(1, size, size, 1)} if size else {})


def list_of(*numbers: int) -> dict:
    return {"list": {"i": [str(number) for number in numbers]}}


def fused(*kinds: str, **more) -> dict:
    texts = [base64.b64encode(kind.encode()).decode() for kind in kinds]
    return {"fused_ops": {"list": {"s": texts}}, "num_args": {"i": "1"}, **more}


def patches(step: int) -> np.ndarray:
    """Return the 3x3 patches of X, (1, 2 / step, 2 / step, 3, 3, 3)."""
    rows = [[X[0, i : i + 3, j : j + 3] for j in range(0, 2, step)] for i in range(0, 2, step)]
    return np.array(rows)[None]


def pooled(reduce) -> np.ndarray:
    return reduce(X.reshape(1, 2, 2, 2, 2, 3), axis=(2, 4))


LAYOUT = {"data_format": {"s": "TkhXQw=="}, "dilations": list_of(1, 1, 1, 1)}
CONVOLVED = np.einsum("bijuvc,uvco->bijo", patches(1), FILTER)
BY_CHANNEL = np.einsum("bijuvc,uvco->bijc", patches(1), OWN)
BIAS = np.array([0.5, -0.5, 0.25], np.float32)
EXPONENTS = np.exp(ROWS)
# By operation: its inputs, its attributes and what it gives.
CASES = {
    "_FusedConv2D": (
        [X, FILTER, BIAS[:2]],
        windows(1) | LAYOUT | fused("BiasAdd", "Relu"),
        np.maximum(CONVOLVED + BIAS[:2], 0),
    ),
    "_FusedMatMul": ([ROWS, ROWS.T, BIAS[:2]], fused("BiasAdd"), ROWS @ ROWS.T + BIAS[:2]),
    "Add": ([ROWS, BIAS], {}, ROWS + BIAS),
    "AddV2": ([ROWS, ROWS], {}, ROWS + ROWS),
    "AvgPool": ([X], windows(2, 2), pooled(np.mean)),
    "BiasAdd": ([ROWS, BIAS], {}, ROWS + BIAS),
    "Const": ([ROWS], {}, ROWS),
    "Conv2D": ([X, FILTER], windows(1) | LAYOUT, CONVOLVED),
    "DepthwiseConv2dNative": ([X, OWN], windows(1) | LAYOUT, BY_CHANNEL),
    "FusedDepthwiseConv2dNative": (
        [X, OWN, BIAS],
        windows(1) | LAYOUT | fused("BiasAdd", "Relu"),
        np.maximum(BY_CHANNEL + BIAS, 0),
    ),
    "Identity": ([ROWS], {}, ROWS),
    "MatMul": ([ROWS, ROWS.T], {}, ROWS @ ROWS.T),
    "Max": ([ROWS, integers(1)], {"keep_dims": {"b": True}}, ROWS.max(axis=1, keepdims=True)),
    "MaxPool": ([X], windows(2, 2), pooled(np.max)),
    "Mean": ([X, integers(1, 2)], {"keep_dims": {"b": False}}, X.mean(axis=(1, 2))),
    "Mul": ([ROWS, BIAS], {}, ROWS * BIAS),
    "Pack": ([ROWS, ROWS], {"axis": {"i": "0"}}, np.stack([ROWS, ROWS])),
    "Pad": ([ROWS, integers(1, 0, 0, 2).reshape(2, 2)], {}, np.pad(ROWS, ((1, 0), (0, 2)))),
    "Placeholder": ([ROWS], {}, ROWS),
    "Relu": ([ROWS], {}, np.maximum(ROWS, 0)),
    "Relu6": ([X], {}, np.clip(X, 0, 6)),
    "Reshape": ([ROWS, integers(-1, 2)], {}, ROWS.reshape(-1, 2)),
    "Shape": ([X], {}, np.array(X.shape)),
    "Sigmoid": ([ROWS], {}, 1 / (1 + np.exp(-ROWS))),
    "Softmax": ([ROWS], {}, EXPONENTS / EXPONENTS.sum(axis=1, keepdims=True)),
    "StridedSlice": (
        [ROWS, integers(0, 1), integers(2, 3), integers(1, 1)],
        {},
        ROWS[:, 1:],
    ),
    "Sub": ([ROWS, BIAS], {}, ROWS - BIAS),
}
# A graph that gives nothing has nothing to compare.
NOTHING = {"NoOp"}


@pytest.fixture(scope="module", params=[True, False], ids=["WebAssembly", "JavaScript"])
def complete(request, browser):
    """Yield a page with the complete runtime, with and without WebAssembly."""
    with serving(WEB, WEB / "model") as site, browser.new_page() as page:
        if not request.param:
            page.add_init_script("delete globalThis.WebAssembly")
        page.route("**/vendor/tfjs.js", lambda route: route.fulfill(path=runtime_bundle.COMPLETE))
        page.goto(f"{site}/blank.html")
        yield page


def test_each_operation_of_the_catalogue_has_a_case():
    assert CASES.keys() | NOTHING == json.loads(runtime_bundle.CATALOGUE.read_text()).keys()


@pytest.mark.parametrize("operation", CASES)
def test_the_complete_runtime_computes_an_operation(operation, complete):
    inputs, attributes, expected = CASES[operation]
    kept = int(operation not in ("Const", "Placeholder"))
    names = ["x", *[f"input{k}" for k in range(1, len(inputs))]]
    first = "Const" if operation == "Const" else "Placeholder"
    nodes = [{"name": name, "op": "Const" if k else first} for k, name in enumerate(names)]
    nodes += [{"name": "y", "op": operation, "input": names, "attr": attributes}] * kept
    held = inputs if operation == "Const" else inputs[1:]
    specs = [
        {"name": name, "shape": each.shape, "dtype": str(each.dtype)}
        for name, each in zip(names[-len(held) :], held, strict=False)
    ]
    values, shape = evaluate(
        complete,
        """async ({ nodes, specs, bytes, x, shape, output }) => {
            const { GraphModel, setBackend, tensor } = await import("./vendor/tfjs.js");
            await setBackend("cpu");
            const model = new GraphModel({ load: () => ({
                modelTopology: { node: nodes, versions: {} },
                weightSpecs: specs,
                weightData: new Uint8Array(bytes).buffer,
            }) });
            model.load();
            const input = shape ? tensor(new Float32Array(x), shape) : {};
            const y = [model.execute(input, [output])].flat()[0];
            return [Array.from(y.dataSync()), y.shape];
        }""",
        {
            "nodes": nodes,
            "specs": specs,
            "bytes": list(b"".join(each.tobytes() for each in held)),
            "x": inputs[0].ravel().tolist(),
            "shape": None if operation == "Const" else list(inputs[0].shape),
            "output": "y" if kept else "x",
        },
    )
    assert tuple(shape) == expected.shape
    np.testing.assert_allclose(values, expected.ravel(), atol=1e-5)
