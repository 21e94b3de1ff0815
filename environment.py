"""Create or update .venv: `python environment.py serve` or `python environment.py all`.

`make` calls it with any Python that it finds. An unsupported one must print a message instead of a
syntax error, so this file has no annotations and no f-strings.
"""

from __future__ import print_function

import os
import platform
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
LOCKS = {"serve": "requirements-serve.lock", "all": "requirements.lock"}
VERSIONS = ((3, 11), (3, 12))  # JAX needs 3.11; TensorFlow Decision Forests has no wheel above 3.12
MACHINES = (("Linux", "x86_64"), ("Darwin", "arm64"))  # with wheels of both
ADVICE = "install Python 3.11 or 3.12, or name one: `make run PYTHON=/path/to/python3.12`"


def fault(purpose, version=None, implementation=None, system=None, machine=None, libc=None):
    """Return one line that says why this Python or machine is not supported, or None.

    The arguments replace those of this machine: `version` is a tuple such as (3, 12), the others
    are names as in `platform`.
    """
    version = tuple(version or sys.version_info)[:2]
    implementation = implementation or platform.python_implementation()
    system, machine = system or platform.system(), machine or platform.machine()
    if version not in VERSIONS:
        return "Python %d.%d is not supported: %s" % (version + (ADVICE,))
    if implementation != "CPython":
        return "%s is not supported, only CPython: %s" % (implementation, ADVICE)
    if purpose == "serve":
        return None
    supported = "use Linux on x86_64 or macOS on Apple silicon (`make run` works here)"
    if (system, machine) not in MACHINES:
        return "training and tests do not run on %s %s: %s" % (system, machine, supported)
    if system == "Linux" and (libc or platform.libc_ver()[0]) != "glibc":
        return "training and tests need glibc, which this Linux does not use: %s" % supported
    return None


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
            remedy = "`apt-get install %s`, or %s" % (package, ADVICE)
            return _complain("this Python cannot create a virtual environment: " + remedy)
        print("digitpad: creating .venv with Python %s" % platform.python_version())
        sys.stdout.flush()
        if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]):
            return _complain("cannot create %s: remove it and try again" % VENV)
    for stale in filter(os.path.exists, map(_stamp, LOCKS)):
        os.remove(stale)
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    pip += ["--no-compile", "--require-hashes", "--only-binary=:all:"]
    if subprocess.call(pip + ["-r", _lock(purpose)]):
        return _complain("pip could not install %s, see above: try again" % LOCKS[purpose])
    # On all cores, unlike pip. Files that a package contains for other Pythons may fail.
    subprocess.call([PYTHON, "-W", "ignore", "-m", "compileall", "-qq", "-j", "0", VENV])
    shutil.copyfile(_lock(purpose), _stamp(purpose))
    return 0


def main(arguments):
    """Run `[--check] serve|all`; --check only tells whether this Python is supported."""
    purpose = arguments[-1]
    message = fault(purpose)
    if message:
        return _complain(message)
    if "--check" in arguments:
        return 0 if _venv_can("import pip") or _has_venv() else 1
    return 0 if is_ready(purpose) else make(purpose)


def _has_venv():
    try:
        import ensurepip  # missing on Debian without python3-venv
    except ImportError:
        return False
    return bool(ensurepip)


def _venv_can(statement):
    """Tell whether .venv has this Python's version and can run a statement."""
    program = "import sys; assert sys.version_info[:2] == %r; %s"
    command = [PYTHON, "-c", program % (tuple(sys.version_info[:2]), statement)]
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
