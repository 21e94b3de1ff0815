"""Create or update .venv: `python environment.py serve`, or `all` for training and tests too.

`make` calls it with any Python that it finds; without make, as on Windows, call it yourself. An
unsupported Python must print a message instead of a syntax error, so this file has no annotations
and no f-strings.
"""

from __future__ import print_function

import os
import platform
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, ".venv")
LOCKS = {"serve": "requirements-serve.lock", "all": "requirements.lock"}
VERSIONS = ((3, 11), (3, 12))  # that train and test: JAX needs 3.11
SERVING = ((3, 11), (3, 12), (3, 13), (3, 14))  # tested; newer ones serve if their wheels are there
MACHINES = (("Linux", "x86_64"), ("Darwin", "arm64"))  # with wheels of JAX and of Decision Forests
NO_TRAINING = (
    "Python %d.%d serves (`make run`, or `python environment.py serve`), but does not train or "
    "test, because TensorFlow Decision Forests has no wheels above 3.12: %s"
)
ADVICE = "install Python %s, or name one: `make %s PYTHON=/path/to/python3.12`"
SERVES = "serving works here, with `make run` or `python environment.py serve`"


def fault(purpose, version=None, implementation=None, system=None, machine=None, libc=None):
    """Return one line that says why this Python or machine is not supported, or None.

    The arguments replace those of this machine: `version` is a tuple such as (3, 12), the others
    are names as in `platform`.
    """
    version = tuple(version or sys.version_info)[:2]
    implementation = implementation or platform.python_implementation()
    system, machine = system or platform.system(), machine or platform.machine()
    if version[0] != 3 or version < SERVING[0]:
        return "Python %d.%d is not supported: %s" % (version + (_advice(purpose),))
    if implementation != "CPython":
        return "%s is not supported, only CPython: %s" % (implementation, _advice(purpose))
    if purpose == "serve":
        return None
    if version not in VERSIONS:
        return NO_TRAINING % (version + (_advice(purpose),))
    supported = "use Linux on x86_64 or macOS on Apple silicon (%s)" % SERVES
    if (system, machine) not in MACHINES:
        return "training and tests do not run on %s %s: %s" % (system, machine, supported)
    if system == "Linux" and (libc or platform.libc_ver()[0]) != "glibc":
        return "training and tests need glibc, which this Linux does not use: %s" % supported
    return None


def venv_python():
    """Return the path of the Python in .venv, where Windows or another system puts it."""
    windows = os.path.join(VENV, "Scripts", "python.exe")
    other = os.path.join(VENV, "bin", "python")
    found = [path for path in (windows, windows[:-4], other) if os.path.exists(path)]
    return (found + [windows if os.name == "nt" else other])[0]


def is_ready(purpose):
    """Tell whether .venv works, has this Python's version and contains the current lock's packages.

    A stamp is a copy of the lock, written last: an interrupted installation leaves none, and a
    changed lock differs from it.
    """
    current = [name for name in (purpose, "all") if _content(_stamp(name)) == _content(_lock(name))]
    return bool(current) and _venv_can("pass")


def make(purpose):
    """Create or update .venv; return an exit status."""
    if not _venv_can("import pip"):
        if not _has_venv():
            package = "python%d.%d-venv" % sys.version_info[:2]
            remedy = "`apt-get install %s`, or %s" % (package, _advice(purpose))
            return _complain("this Python cannot create a virtual environment: " + remedy)
        print("digitpad: creating .venv with Python %s" % platform.python_version())
        sys.stdout.flush()
        if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]):
            return _complain("cannot create %s: remove it and try again" % VENV)
    for stale in filter(os.path.exists, map(_stamp, LOCKS)):
        os.remove(stale)
    pip = [venv_python(), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    pip += ["--no-compile", "--require-hashes", "--only-binary=:all:"]
    if subprocess.call(pip + ["-r", _lock(purpose)]):
        return _complain(
            "pip could not install %s, see above: try again, or %s"
            % (LOCKS[purpose], _advice(purpose))
        )
    # On all cores, unlike pip. Files that a package contains for other Pythons may fail.
    subprocess.call([venv_python(), "-W", "ignore", "-m", "compileall", "-qq", "-j", "0", VENV])
    shutil.copyfile(_lock(purpose), _stamp(purpose))
    return 0


def main(arguments):
    """Run `[--check] serve|all`; --check only tells whether this Python is supported."""
    if not arguments or arguments[-1] not in LOCKS:
        return _complain("say what to install: `python environment.py serve`, or all")
    purpose = arguments[-1]
    message = fault(purpose)
    if message:
        return _complain(message)
    if "--check" in arguments:
        return 0 if _venv_can("import pip") or _has_venv() else 1
    status = 0 if is_ready(purpose) else make(purpose)
    if status == 0 and "MAKELEVEL" not in os.environ:  # make says and does what comes next
        python = os.path.relpath(venv_python(), HERE)
        print("digitpad: ready; `%s server.py` serves the page" % python)
    return status


def _advice(purpose):
    versions = VERSIONS if purpose == "all" else SERVING
    names = ["%d.%d" % version for version in versions]
    target = "test" if purpose == "all" else "run"
    return ADVICE % (" or ".join([", ".join(names[:-1]), names[-1]]), target)


def _has_venv():
    try:
        import ensurepip  # missing on Debian without python3-venv
    except ImportError:
        return False
    return bool(ensurepip)


def _venv_can(statement):
    """Tell whether .venv has this Python's version and can run a statement."""
    program = "import sys; assert sys.version_info[:2] == %r; %s"
    command = [venv_python(), "-c", program % (tuple(sys.version_info[:2]), statement)]
    try:
        with open(os.devnull, "w") as nowhere:
            return subprocess.call(command, stdout=nowhere, stderr=nowhere) == 0
    except OSError:
        return False


def _lock(purpose):
    return os.path.join(HERE, LOCKS[purpose])


def _stamp(purpose):
    return os.path.join(VENV, "installed-" + LOCKS[purpose])


def _content(path):
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return file.read()


def _complain(message):
    print("digitpad: " + message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
