import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import brotli
import keras
import numpy as np
import pytest
from tensorflow.python.util._pywrap_util_port import IsMklEnabled as is_onednn_enabled

from export import __main__ as command
from export import convert as conversion
from export import meta, runtime_bundle
from export.browser.page import LOAD, WEB, browser_predictions, evaluate, serving
from export.convert import ExportError, convert, load_model, predictor
from export.graph_nodes import named_nodes
from files.atomic import replace_folder
from files.drawings import DataError
from train import data
from train.compare import compressed_size
from train.network.architectures import ARCHITECTURES
from train.network.fold import fold_for_inference

ROOT = Path(__file__).parents[2]
# `wide` and `strided` are `default` with other sizes.
DISTINCT_ARCHS = [arch for arch in ARCHITECTURES if arch not in ("wide", "strided")]
RUN_CONVERTER = conversion.run_converter  # the original, which a session fixture replaces
INSPECT = "([pixels, node]) => recognizer.inspect(new Float32Array(pixels), node)"
ONEDNN_ARCHS = ["default", "separable"]  # architectures whose graphs oneDNN would change
# Converts Keras files in one process, because its start takes longer than the conversions.
CONVERT = """
import sys
from pathlib import Path
from export import convert
from tests.export.conftest import convert_here

convert.run_converter = convert_here
out, *files = map(Path, sys.argv[1:])
for file in files:
    convert.convert(convert.load_model(file), out / file.stem, "float32")
"""


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "export", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def listing(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("arch", DISTINCT_ARCHS)
def test_inner_tensors_of_the_exported_graph_match_keras(arch, network, exported, fields, browser):
    folder = exported(arch, "float32")
    nodes = meta.read(folder)["nodes"]
    model = network(arch)
    few = fields[:3]
    wanted = {
        nodes["features"]: model.get_layer("logits").input,
        nodes["logits"]: model.get_layer("logits").output,
        nodes["probabilities"]: model.output["digits"],
        nodes["not_a_digit"]: model.output["not_a_digit"],
    }
    for activation in nodes["activations"]:
        wanted[activation["node"]] = model.get_layer(activation["layer"]).output
    inner = keras.Model(model.input, list(wanted.values())).predict(few, verbose=0)
    with serving(WEB, folder) as site, browser.new_page() as page:
        page.goto(f"{site}/blank.html")
        evaluate(page, LOAD)
        for node, expected in zip(wanted, inner, strict=True):
            answer = evaluate(page, INSPECT, [few.ravel().tolist(), node])
            assert answer["shape"] == list(expected.shape), node
            measured = np.array(answer["values"]).reshape(expected.shape)
            np.testing.assert_allclose(measured, expected, rtol=1e-3, atol=1e-4, err_msg=node)


@pytest.mark.parametrize("arch", DISTINCT_ARCHS)
def test_meta_lists_the_node_and_shape_of_every_activation(arch, network, exported):
    listed = meta.read(exported(arch, "float32"))["nodes"]["activations"]
    ends = [layer for layer in network(arch).layers if "relu" in str(layer.get_config()).lower()]
    ends = [layer for layer in ends if "relu" in layer.name or hasattr(layer, "activation")]
    assert [one["layer"] for one in listed] == [layer.name for layer in ends]
    assert [one["shape"] for one in listed] == [list(layer.output.shape[1:]) for layer in ends]


@pytest.mark.parametrize(
    ("precision", "tolerance"),
    [("float32", 1e-5), ("float16", 5e-3), ("uint8", 0.15), ("uint6", 0.3)],
)
def test_each_precision_predicts_like_keras(precision, tolerance, network, exported, fields):
    measured = browser_predictions(fields, model_dir=exported("baseline", precision))
    expected = predictor(network("baseline"))(fields)
    # Another batch size may add the products of a dense layer in another order. The rounding errors
    # of n additions of float32 grow as sqrt(n) * 2^-24 (N. J. Higham, "Accuracy and Stability of
    # Numerical Algorithms", 2nd ed., 2.8); the widest layer adds 1,600. Four times that is allowed.
    other_batches = network("baseline").predict(fields, verbose=0)["digits"]
    np.testing.assert_allclose(other_batches, expected.probabilities, rtol=0, atol=4 * 40 * 2**-24)
    assert np.ptp(expected.scores) > 0.1
    for ours, theirs in zip(measured, expected, strict=True):
        assert np.abs(ours - theirs).max() < tolerance
    np.testing.assert_allclose(measured.probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.fixture(scope="module")
def other_onednn(keras_file, tmp_path_factory):
    """Return a folder of another process's conversions: with oneDNN if this one is without it."""
    folder = tmp_path_factory.mktemp("onednn")
    command = [sys.executable, "-c", CONVERT, folder, *map(keras_file, ONEDNN_ARCHS)]
    other = {"TF_ENABLE_ONEDNN_OPTS": "0" if is_onednn_enabled() else "1"}
    subprocess.run(command, cwd=ROOT, env=os.environ | other, check=True)
    return folder


@pytest.mark.parametrize("arch", ONEDNN_ARCHS)
def test_a_conversion_gives_the_same_files_with_and_without_onednn(arch, other_onednn, converted):
    here, other = converted(arch, "float32"), other_onednn / arch
    assert listing(here) == listing(other)
    operations = runtime_bundle.operations_of(here)
    assert "Sigmoid" not in operations, "fused with the dense layer before it"
    assert operations <= runtime_bundle.operations_in(runtime_bundle.COMPLETE)


@pytest.mark.parametrize("setting", ["0", "1", None])
def test_the_converter_always_runs_without_onednn(setting, tmp_path, monkeypatch):
    if setting:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", setting)
    else:
        monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    environments = []

    def note(command, env, **options):
        environments.append(env)
        (tmp_path / "model.json").touch()
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", note)
    RUN_CONVERTER(tmp_path, tmp_path, [])
    (env,) = environments
    assert env["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert env["PATH"] == os.environ["PATH"], "the rest of the environment stays"


def test_precision_sets_the_size_of_the_weights(exported):
    sizes = {
        precision: sum(
            facts["bytes"]
            for name, facts in meta.read(exported("baseline", precision))["files"].items()
            if name.endswith(".bin")
        )
        for precision in ("float32", "float16", "uint8")
    }
    assert sizes["float16"] < sizes["float32"] * 0.51
    assert sizes["uint8"] < sizes["float32"] * 0.26


@pytest.mark.parametrize("arch", ["baseline", "plain"])
def test_the_probabilities_are_the_only_signature_output(arch, exported):
    document = json.loads((exported(arch) / "model.json").read_text())
    assert document["format"] == "graph-model"
    (output,) = document["signature"]["outputs"].values()
    assert [size["size"] for size in output["tensorShape"]["dim"]] == ["-1", "10"]


@pytest.mark.parametrize("arch", ["baseline", "plain"])
def test_every_node_leads_to_the_probabilities_or_the_score(arch, exported):
    document = json.loads((exported(arch) / "model.json").read_text())
    nodes = {node["name"]: node for node in document["modelTopology"]["node"]}
    (output,) = document["signature"]["outputs"].values()
    ends = {output["name"].split(":")[0], meta.read(exported(arch))["nodes"]["not_a_digit"]}
    used = {name.split(":")[0] for node in nodes.values() for name in node.get("input", [])}
    assert nodes.keys() - used == ends - {None}
    weights = [one["name"] for group in document["weightsManifest"] for one in group["weights"]]
    assert set(weights) <= used


def test_a_network_without_a_score_still_predicts_and_rejects_nothing(network, exported, fields):
    folder = exported("plain")
    described = meta.read(folder)
    assert described["nodes"]["not_a_digit"] is None
    assert described["threshold"] is None, "even if the report has one"
    measured = browser_predictions(fields, model_dir=folder)
    assert measured.scores is None
    expected = network("plain").predict(fields, verbose=0)
    np.testing.assert_allclose(measured.probabilities, expected, atol=1e-5)


def test_the_threshold_comes_from_the_report_if_it_exists(network, exported, keras_file, tmp_path):
    report = json.loads(keras_file("baseline").with_name("report.json").read_text())
    described = meta.read(exported())
    assert described["threshold"] == report["run"]["refusal"]["threshold"]
    alone = shutil.copy(keras_file("baseline"), tmp_path)
    folder = exported()
    document = json.loads((folder / "model.json").read_text())
    again = meta.describe(folder, document, network("baseline"), Path(alone), "float32")
    assert again["nodes"] == described["nodes"]
    assert again["threshold"] is None


def test_a_missing_score_node_is_an_error(network, exported):
    document = json.loads((exported() / "model.json").read_text())
    nodes = document["modelTopology"]["node"]
    nodes[:] = [node for node in nodes if "not_a_digit" not in node["name"]]
    with pytest.raises(ExportError, match="0 nodes for the network's layer not_a_digit"):
        named_nodes(document, network("baseline"))


def test_a_layer_named_like_the_score_counts_only_as_an_output(tmp_path):
    image = keras.Input((28, 28, 1))
    x = keras.layers.Dense(8, "sigmoid", name="not_a_digit")(keras.layers.Flatten()(image))
    foreign = keras.Model(image, keras.layers.Softmax()(keras.layers.Dense(10)(x)))
    document = convert(foreign, tmp_path, "float32")
    assert len(document["signature"]["outputs"]) == 1
    assert named_nodes(document, foreign)["not_a_digit"] is None


def test_meta_describes_every_file_and_the_ink(exported):
    folder = exported()
    described = meta.read(folder)
    assert set(described["files"]) == {file.name for file in folder.iterdir()} - {"meta.json"}
    for name, facts in described["files"].items():
        assert facts == meta.facts(folder / name)
    assert described["labels"] == list("0123456789")
    assert described["ink"] == {"size": 28, "box": 20, "width": pytest.approx(2.6, abs=1)}
    assert (described["format"], described["precision"]) == (1, "float32")


def test_a_report_counts_only_for_the_model_that_it_describes(tmp_path):
    model = tmp_path / "digits.keras"
    model.write_bytes(b"weights")
    report = {"trained_on": ["MNIST"], "model_sha256": meta.sha256(model)}
    assert meta.trained_on(model) == []
    (tmp_path / "report.json").write_text(json.dumps(report))
    assert meta.trained_on(model) == ["MNIST"]
    model.write_bytes(b"other weights")
    assert meta.trained_on(model) == []


def test_an_unsupported_operation_is_reported_in_one_line_and_writes_nothing(
    tmp_path, converter_here
):
    image = keras.Input((28, 28, 1))
    x = keras.layers.Dense(10, activation="elu")(keras.layers.Flatten()(image))
    keras.Model(image, keras.layers.Softmax()(x)).save(tmp_path / "elu.keras")
    out = tmp_path / "model"
    arguments = ["--model", str(tmp_path / "elu.keras"), "--out", str(out), "--skip-verification"]
    with pytest.raises(SystemExit, match="^digitpad: the browser's runtime lacks Elu") as end:
        command.main(arguments)
    assert "\n" not in end.value.code
    assert not out.exists()


def test_a_network_that_does_not_end_in_dense_and_softmax_is_rejected():
    nodes = [
        {"name": "x", "op": "Placeholder"},
        {"name": "out", "op": "Sigmoid", "input": ["x"]},
    ]
    document = {
        "modelTopology": {"node": nodes},
        "signature": {"outputs": {"output_0": {"name": "out:0"}}},
    }
    with pytest.raises(ExportError, match="must end in a dense layer and a softmax"):
        named_nodes(document, keras.Sequential())


def test_missing_corrupt_and_foreign_models_are_reported_in_one_line(tmp_path, capsys):
    corrupt = tmp_path / "corrupt.keras"
    corrupt.write_bytes(b"PK\x03\x04 this is no model")
    foreign = tmp_path / "foreign.keras"
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(foreign)
    for file, message in [
        (tmp_path / "missing.keras", "there is no .*missing.keras: train first"),
        (corrupt, "corrupt.keras: not a Keras model that can be loaded"),
        (foreign, r"foreign.keras: maps \(None, 3\) to \(None, 2\); a digit network must map"),
    ]:
        with pytest.raises(ExportError, match=message) as raised:
            load_model(file)
        assert "\n" not in str(raised.value)


def test_an_unwritable_output_folder_is_reported_in_one_line(tmp_path, keras_file):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(SystemExit, match="digitpad: .*file.*choose another --out"):
        command.main(["--model", str(keras_file("baseline")), "--out", str(blocked / "model")])


def test_meta_records_that_verification_was_skipped(tmp_path, exported, keras_file, quick_convert):
    quick_convert(exported())
    out = tmp_path / "model"
    command.main(["--model", str(keras_file("baseline")), "--out", str(out), "--skip-verification"])
    described = meta.read(out)
    assert "--skip-verification" in described["verified"]
    assert described["accuracy"] == {}


def test_two_exports_cannot_write_into_one_folder(tmp_path, keras_file):
    out = tmp_path / "model"
    with (
        replace_folder(out),
        pytest.raises(SystemExit, match="another export is writing"),
    ):
        command.main(
            ["--model", str(keras_file("baseline")), "--out", str(out), "--skip-verification"]
        )


def test_a_killed_export_keeps_the_old_model_and_the_next_one_cleans_up(
    tmp_path, exported, keras_file, quick_convert
):
    out = tmp_path / "model"
    shutil.copytree(exported("baseline", "uint8"), out)
    before = listing(out)
    arguments = ["--model", str(keras_file("baseline")), "--out", str(out), "--skip-verification"]
    exporting = subprocess.Popen(
        [sys.executable, "-m", "export", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # the signal must reach the converter too
    )
    while not list(tmp_path.glob(".model-*.partial")):
        assert exporting.poll() is None, "the export ended before it wrote anything"
        time.sleep(0.02)
    os.killpg(exporting.pid, signal.SIGKILL)
    assert exporting.wait() == -signal.SIGKILL
    assert listing(out) == before
    assert list(tmp_path.glob(".model-*.partial")), "nothing was left to clean up"

    quick_convert(exported())
    command.main(arguments)
    assert meta.read(out)["precision"] == "uint8"
    assert listing(out) != before
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("what", ["folder", "file", "here"])
def test_files_that_are_not_a_model_are_not_replaced(what, keras_file, tmp_path, monkeypatch):
    out = {"folder": tmp_path / "docs", "file": tmp_path / "thesis.txt", "here": Path()}[what]
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "thesis.txt").write_text("thesis")
    (tmp_path / "thesis.txt").write_text("thesis")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="would be lost: choose another --out"):
        command.main(
            ["--model", str(keras_file("baseline")), "--out", str(out), "--skip-verification"]
        )
    assert (tmp_path / "docs" / "thesis.txt").read_text() == "thesis"
    assert (tmp_path / "thesis.txt").read_text() == "thesis"


def test_help_names_every_option():
    text = run("--help").stdout
    for option in (
        "--model",
        "--out",
        "--precision",
        "--skip-verification",
        "float16",
        "web/model",
    ):
        assert option in text


def test_the_compared_size_is_that_of_the_exported_weights(network, converted):
    shards = converted("default", "uint8").glob("*.bin")
    exported = sum(len(brotli.compress(shard.read_bytes())) for shard in shards)
    assert compressed_size(network("default")) == pytest.approx(exported, rel=0.01)


def test_without_mnist_weights_are_rounded_to_the_nearest_level(network, monkeypatch, capsys):
    def fail(source):
        raise DataError("no mirror answers")

    monkeypatch.setattr(data, "load", fail)
    rounded = fold_for_inference(network("tiny"))
    steps = conversion.rounded_steps(rounded)
    assert "rounded without images, because no mirror answers" in capsys.readouterr().out
    for name, step in steps.items():
        kernel = fold_for_inference(network("tiny")).get_layer(name).get_weights()[0]
        nearest = np.rint(kernel / step) * step
        np.testing.assert_allclose(rounded.get_layer(name).get_weights()[0], nearest, atol=1e-5)
