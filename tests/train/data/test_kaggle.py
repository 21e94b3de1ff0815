"""Downloads from Kaggle: credentials, and errors in one line."""

import kagglehub
import pytest
import requests
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
        (UnauthenticatedError(), r"KAGGLE_API_TOKEN .* ~/\.kaggle/access_token .*/kaggle\.json"),
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


CREDENTIALS = {
    "token in the environment": ({"KAGGLE_API_TOKEN": "KGAT_1"}, {}, "Bearer KGAT_1"),
    "token in a file": ({}, {"access_token": "KGAT_2\n"}, "Bearer KGAT_2"),
    "token in a text file": ({}, {"access_token.txt": "KGAT_3\n"}, "Bearer KGAT_3"),
    "older names": ({"KAGGLE_USERNAME": "me", "KAGGLE_KEY": "k"}, {}, "Basic bWU6aw=="),
    "older file": ({}, {"kaggle.json": '{"username": "me", "key": "k"}'}, "Basic bWU6aw=="),
    "both": ({}, {"access_token": "KGAT_4", "kaggle.json": "{}"}, "Bearer KGAT_4"),
    "none": ({}, {}, None),
}


@pytest.fixture
def home(monkeypatch, tmp_path):
    """Make an empty home folder; return its .kaggle."""
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "KAGGLE_KERNEL_RUN_TYPE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / ".kaggle"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(folder))
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_todays_and_older_credentials_are_sent(home, monkeypatch, kind):
    variables, files, expected = CREDENTIALS[kind]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for name, content in files.items():
        (home / name).write_text(content)
    sent = []

    def send(_, prepared, **options):
        sent.append(prepared.headers.get("Authorization"))
        raise requests.ConnectionError("no route")

    monkeypatch.setattr(requests.Session, "send", send)
    with pytest.raises(DataError, match=r"no route|asks who you are"):
        kaggle.fetch()
    assert set(sent) == {expected} if expected else set(sent) <= {None}


def test_without_credentials_nothing_is_downloaded(home):
    with pytest.raises(DataError, match="Kaggle asks who you are"):
        kaggle.fetch()
