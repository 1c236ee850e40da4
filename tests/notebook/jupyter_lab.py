"""A real JupyterLab on this machine alone, with folders of its own."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"


class JupyterLab:
    """A server whose notebooks are the files of a folder; end it with `stop`."""

    def __init__(self, notebooks: Path, own: Path) -> None:
        self._token = secrets.token_hex(16)
        self._runtime = own / "runtime"
        folders = {"JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_DATA_DIR": "data", "IPYTHONDIR": "ipython"}
        folders |= {"JUPYTER_CONFIG_DIR": "config", "HOME": "home"}
        for name in folders.values():
            (own / name).mkdir()
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": "0",
            "ServerApp.allow_root": "True",
            "ServerApp.open_browser": "False",
            "ServerApp.root_dir": str(notebooks),
            "IdentityProvider.token": self._token,
            "LabApp.news_url": "None",
            "LabApp.extension_manager": "readonly",
        }
        self._log = own / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())],
                env={**os.environ, **{name: str(own / folder) for name, folder in folders.items()}},
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._address = self._find_address()
        except BaseException:
            self.stop()
            raise
        self.configure("apputils-extension:notification", {"fetchNews": "false", "checkForUpdates": False})
        self.configure("notebook-extension:tracker", {"windowingMode": "none"})  # what is not in sight is there, too

    def _find_address(self) -> str:
        for _ in range(600):
            if self._process.poll() is not None:
                break
            for path in self._runtime.glob("jpserver-*.json"):
                try:
                    url = str(json.loads(path.read_text())["url"])
                    self._ask(url + "api/status")
                except (OSError, ValueError, KeyError):
                    continue
                return url
            time.sleep(0.1)
        raise AssertionError(f"JupyterLab did not start:\n{self._log.read_text()}")

    def _ask(self, url: str, method: str = "GET", content: object = None) -> None:
        data = None if content is None else json.dumps(content).encode()
        headers = {"Authorization": f"token {self._token}", "Content-Type": "application/json"}
        with urlopen(Request(url, data, headers, method=method), timeout=20) as answer:
            answer.read()

    def configure(self, name: str, settings: object) -> None:
        """Change the settings of an extension, for pages that are opened from now on."""
        url = f"{self._address}lab/api/settings/@jupyterlab/{name}"
        self._ask(url, "PUT", {"raw": json.dumps(settings)})

    def url(self, notebook: str) -> str:
        """Give what a browser opens to see a notebook."""
        return f"{self._address}doc/tree/{notebook}?token={self._token}&reset"

    def stop(self) -> None:
        """End the server, and its kernels."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
