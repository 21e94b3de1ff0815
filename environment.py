"""Make .venv fit for a purpose: `python environment.py serve` or `python environment.py all`.

`make` calls it with any Python that it finds, and one that will not do has to say so rather than
show a syntax error or leave the matter to pip: hence no annotations and no f-strings here.
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
VERSIONS = ((3, 11), (3, 12))  # TensorFlow Decision Forests ends at 3.12, JAX begins at 3.11
MACHINES = (("Linux", "x86_64"), ("Darwin", "arm64"))  # those that it has wheels for
ADVICE = "install Python 3.11 or 3.12, or name one, as `make run PYTHON=/path/to/python3.12`"


def fault(purpose, version=None, implementation=None, system=None, machine=None, libc=None):
    """Return one line that says why this Python or machine will not do, or None.

    What is not given is the real one's: version as (3, 12), the rest as `platform` spells them.
    """
    version = tuple(version or sys.version_info)[:2]
    implementation = implementation or platform.python_implementation()
    system, machine = system or platform.system(), machine or platform.machine()
    if version not in VERSIONS:
        return "Python %d.%d is not supported: %s" % (version + (ADVICE,))
    if implementation != "CPython":
        return "%s is not supported, only CPython is: %s" % (implementation, ADVICE)
    if purpose == "serve":
        return None
    supported = "use Linux on x86_64 or macOS on Apple silicon (`make run` works here)"
    if (system, machine) not in MACHINES:
        return "training and tests do not run on %s %s: %s" % (system, machine, supported)
    if system == "Linux" and (libc or platform.libc_ver()[0]) != "glibc":
        return "training and tests need glibc, which this Linux does not use: %s" % supported
    return None


def is_ready(purpose):
    """Tell whether .venv runs, has this Python's version and was filled from the current lock.

    A stamp is a copy of the lock, written last: an interrupted install leaves none, and a
    changed lock differs from it.
    """
    filled = [done for done in (purpose, "all") if _content(_stamp(done)) == _content(_lock(done))]
    return bool(filled) and _venv_can("pass")


def make(purpose):
    """Make or complete .venv; return an exit status."""
    if not _venv_can("import pip"):
        if not _has_venv():
            package = "python%d.%d-venv" % sys.version_info[:2]
            remedy = "`apt-get install %s`, or %s" % (package, ADVICE)
            return _complain("this Python cannot make a virtual environment: " + remedy)
        print("digitpad: making .venv with Python %s" % platform.python_version())
        sys.stdout.flush()
        if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]):
            return _complain("cannot make %s: remove it and try again" % VENV)
    for stale in filter(os.path.exists, map(_stamp, LOCKS)):
        os.remove(stale)
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    pip += ["--no-compile", "--require-hashes", "--only-binary=:all:"]
    if subprocess.call(pip + ["-r", _lock(purpose)]):
        return _complain("pip could not install %s, see above: try again" % LOCKS[purpose])
    # On all cores, as pip does not; what some package keeps for another Python may fail.
    subprocess.call([PYTHON, "-W", "ignore", "-m", "compileall", "-qq", "-j", "0", VENV])
    shutil.copyfile(_lock(purpose), _stamp(purpose))
    return 0


def main(arguments):
    """Run `[--check] serve|all`; --check only tells whether this Python will do."""
    purpose = arguments[-1]
    message = fault(purpose)
    if message:
        return _complain(message)
    if "--check" in arguments:
        return 0 if _venv_can("import pip") or _has_venv() else 1
    return 0 if is_ready(purpose) else make(purpose)


def _has_venv():
    try:
        import ensurepip  # Debian leaves it out unless python3-venv is installed
    except ImportError:
        return False
    return bool(ensurepip)


def _venv_can(statement):
    """Tell whether .venv has the version of this Python and runs the statement."""
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
