"""Kaggle's Digit Recognizer: download it, and write a submission.

The 42,000 + 28,000 digits of its train.csv and test.csv are MNIST's 70,000 in another order.
"""

from pathlib import Path

import numpy as np

from files.atomic import write_atomically
from files.drawings import DataError
from train.data.download import one_line

TEST_ROWS = 28_000  # of test.csv; Kaggle accepts a submission of this length only
COMPETITION = "digit-recognizer"
RULES_URL = f"https://www.kaggle.com/competitions/{COMPETITION}/rules"


def fetch() -> Path:
    """Return train.csv from kagglehub's cache, or download it with the user's credentials.

    kagglehub finds them, in this order: the token in KAGGLE_API_TOKEN or in ~/.kaggle/access_token,
    sent as `Authorization: Bearer`; then the older KAGGLE_USERNAME and KAGGLE_KEY, or
    ~/.kaggle/kaggle.json (https://github.com/Kaggle/kagglehub#authenticate).
    """
    import kagglehub  # slow to import, and needed only here
    from kagglehub.exceptions import UnauthenticatedError

    try:
        return Path(kagglehub.competition_download(COMPETITION)) / "train.csv"
    except UnauthenticatedError:
        raise DataError(
            "Kaggle asks who you are: generate an API token at https://www.kaggle.com/settings and "
            "set KAGGLE_API_TOKEN to it, or save it as ~/.kaggle/access_token (an older "
            "~/.kaggle/kaggle.json works too); or download train.csv by hand and give "
            "--data train.csv"
        ) from None
    except Exception as problem:  # kagglehub raises a dozen types, those of requests included
        raise DataError(
            f"Kaggle's {COMPETITION} could not be downloaded ({one_line(str(problem))}): check the "
            f"network and your token, and accept the rules at {RULES_URL}; or give --data train.csv"
        ) from None


def write_submission(path: Path, labels: np.ndarray) -> None:
    """Write the predicted digits of test.csv, (n,) integers in its order; images count from 1."""
    rows = np.column_stack([np.arange(1, len(labels) + 1), labels])
    write_atomically(
        path,
        lambda file: np.savetxt(file, rows, "%d", ",", header="ImageId,Label", comments=""),
    )
