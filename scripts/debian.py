"""Pythons of Debian's unstable suite, for what this machine has not: among files of their own, below `.venvs/`.

It takes root on a Debian machine and the network, the first time for two minutes. A command is run there by `chroot`,
with this checkout where it is here; what is mounted for it is seen by nobody else and vanishes with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

VERSIONS = ("3.14", "3.15")
PLACE = Path(__file__).resolve().parent.parent / ".venvs" / "debian"
FILES = PLACE / "sid"
ENTER = PLACE / "enter"
# What installing needs of this machine.
SHARED = (
    "/etc/hosts", "/etc/pip.conf", "/etc/resolv.conf", "/etc/ssl", "/etc/xdg/pip", "/usr/local/share/ca-certificates",
)  # fmt: skip
POINTING_AT_FILES = (
    "PIP_CERT",
    "PIP_CONFIG_FILE",
    "PIP_FIND_LINKS",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
TIMEOUT = 600
PRIVATE = ("unshare", "--mount", "--propagation", "private")

ENTERING = """\
#!/bin/sh
# Run a command among the files of Debian's unstable suite, in this checkout.
exec {private} sh -ec '
    here=$1; shift
    for path in /proc /dev /sys {root} {shared}; do
        [ -e "$path" ] || continue
        if [ -d "$path" ]; then
            mkdir -p "{files}$path"
        else
            mkdir -p "$(dirname "{files}$path")"
            [ -e "{files}$path" ] || : > "{files}$path"
        fi
        case $path in
            /proc|/dev|/sys) mount --rbind "$path" "{files}$path" ;;
            *) mount --bind "$path" "{files}$path" ;;
        esac
    done
    exec chroot "{files}" sh -c "cd \\"\\$0\\" && exec env HOME=/root TMPDIR=/tmp \\"\\$@\\"" "$here" "$@"
' enter "$PWD" "$@"
"""


def pythons(versions: list[str]) -> tuple[dict[str, str], str]:
    """Return where these versions are found, as far as they can be had, and why the others are not."""
    if not versions:
        return {}, ""
    try:
        reason = _prepare(versions)
    except (OSError, subprocess.SubprocessError) as error:
        reason = f"{type(error).__name__}: {error}"
    found = {version: launcher(f"python{version}", f"/usr/bin/python{version}") for version in versions if not reason}
    return found, reason


def launcher(name: str, program: str) -> str:
    """Write a script that runs a program of these files."""
    path = PLACE / name
    path.write_text(f'#!/bin/sh\nexec "{ENTER}" "{program}" "$@"\n')
    path.chmod(0o755)
    return str(path)


def is_there(python: str) -> bool:
    """Whether a Python is one of these."""
    return Path(python).parent == PLACE


def _prepare(versions: list[str]) -> str:
    """Unpack the files unless they are there; say what is in the way, if anything is."""
    wanted = [name for version in versions for name in (f"python{version}", f"python{version}-venv")]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "that takes root on a Debian machine"
    if not all((FILES / "usr" / "bin" / f"python{version}").exists() for version in versions):
        if subprocess.run([*PRIVATE, "true"], capture_output=True, check=False).returncode != 0:
            return "nothing can be mounted here"
        if not shutil.which("debootstrap", path=_path()) and not (
            _run("apt-get", "update", "-qq") and _install("debootstrap")
        ):
            return "debootstrap could not be installed"
        for _ in range(2):  # the network may hiccup
            shutil.rmtree(FILES, ignore_errors=True)
            FILES.parent.mkdir(parents=True, exist_ok=True)
            unpacked = FILES.with_name("unpacking")
            shutil.rmtree(unpacked, ignore_errors=True)
            packages = ",".join(["ca-certificates", *wanted])
            if _run(*PRIVATE, "debootstrap", "--variant=minbase", f"--include={packages}", "sid", str(unpacked)):
                unpacked.rename(FILES)
                break
        else:
            return "debootstrap could not fetch them"
    shared = sorted({*SHARED, *filter(_is_path, map(os.environ.get, POINTING_AT_FILES))})  # type: ignore[type-var]
    paths = {"root": f'"{PLACE.parent.parent}"', "shared": " ".join(f'"{path}"' for path in shared), "files": FILES}
    ENTER.write_text(ENTERING.format(private=" ".join(PRIVATE), **paths))
    ENTER.chmod(0o755)
    entered = subprocess.run([str(ENTER), "true"], capture_output=True, text=True, check=False, cwd=PLACE)
    return "" if entered.returncode == 0 else f"its files cannot be entered ({entered.stderr.strip()})"


def _is_path(value: str | None) -> bool:
    return value is not None and value.startswith("/") and os.path.exists(value)


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _install(package: str) -> bool:
    return _run("apt-get", "install", "-qq", "--no-install-recommends", package)


def _run(*command: str) -> bool:
    environment = {**os.environ, "PATH": _path(), "DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        return subprocess.run(command, env=environment, timeout=TIMEOUT, check=False, **quiet).returncode == 0
    except subprocess.TimeoutExpired:
        return False
