"""Downloads from Kaggle: credentials, and errors in one line."""

import kagglehub
import pytest
from kagglehub.exceptions import UnauthenticatedError

from files.drawings import DataError
from train import data
from train.data import kaggle


def test_a_download_from_kaggle_is_read(tmp_path, monkeypatch):
    header = ",".join(["label", *(f"pixel{number}" for number in range(784))])
    rows = [f"{n % 10}," + "0," * 400 + "255," + ",".join(["0"] * 383) for n in range(20)]
    (tmp_path / "train.csv").write_text("\n".join([header, *rows]))
    requested = []
    monkeypatch.setattr(
        kagglehub, "competition_download", lambda name: requested.append(name) or str(tmp_path)
    )
    assert data.load("kaggle").name == "kaggle"
    assert requested == ["digit-recognizer"]


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (UnauthenticatedError(), r"make a token .* ~/\.kaggle/kaggle\.json"),
        (ConnectionError("no\nroute"), r"could not be downloaded \(no route\): check the network"),
    ],
)
def test_a_failed_download_is_reported_in_one_line_with_a_remedy(monkeypatch, raised, message):
    def fail(_):
        raise raised

    monkeypatch.setattr(kagglehub, "competition_download", fail)
    with pytest.raises(DataError, match=message) as problem:
        data.load("kaggle")
    assert "--data train.csv" in str(problem.value)
    assert "\n" not in str(problem.value)


def test_without_credentials_nothing_is_downloaded(monkeypatch, tmp_path):
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "KAGGLE_KERNEL_RUN_TYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
    with pytest.raises(DataError, match="Kaggle asks who you are"):
        kaggle.fetch()
