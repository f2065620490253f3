"""A real LiteLLM proxy on 127.0.0.1 whose models answer with given texts: a peer that speaks four wire formats. It takes 6 to 15 seconds to start
(26 on a busy machine), so one is shared by a module: a fixture whose body is `yield from litellm_proxy.serve(folder, {"tests": MODULE})`. ROUTES
says how Mutagen reaches each format through it. Made by `make peers`; without build/litellm the tests that need it are skipped."""
import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "litellm" / "bin" / "litellm"
KEY = "sk-litellm-loopback"
BUSY = "litellm.RateLimitError"  # as the text of a model: it answers 429

# provider, llm.api, variable of the key; base_url is Proxy.url for each
ROUTES = {
    "chat": ("openai", "chat", "OPENAI_API_KEY"),
    "responses": ("openai", "responses", "OPENAI_API_KEY"),
    "messages": ("anthropic", "auto", "ANTHROPIC_API_KEY"),
    "generateContent": ("gemini", "auto", "GEMINI_API_KEY"),
    "compatible": ("compatible", "auto", "MUTAGEN_LLM_API_KEY"),
}
# What LiteLLM takes a model for. Where it prices one, it tells the cost of each call in a header.
BACKENDS = {"openai": "openai/gpt-4o-mini", "anthropic": "anthropic/claude-sonnet-5-5", "gemini": "gemini/gemini-3.8-flash"}


def backend_of(route):
    return BACKENDS.get(ROUTES[route][0], BACKENDS["openai"])


class Proxy:
    """`models`: name -> text of every answer, or (text, backend)."""

    def __init__(self, folder, models):
        self.folder = pathlib.Path(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.models = {name: given if isinstance(given, tuple) else (given, BACKENDS["openai"]) for name, given in models.items()}
        self.process, self.start_seconds = None, None

    def __enter__(self):
        if not PROGRAM.is_file():
            pytest.skip("build/litellm is not there: make peers")
        config = {"model_list": [{"model_name": name, "litellm_params": {"model": backend, "api_key": "none", "mock_response": text}}
                                 for name, (text, backend) in self.models.items()],
                  "general_settings": {"master_key": KEY}, "litellm_settings": {"num_retries": 0}}
        (self.folder / "litellm.yaml").write_text(json.dumps(config))  # JSON is YAML
        self.log = self.folder / "litellm.log"
        quiet = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
        begun = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "--config", "litellm.yaml", "--host", "127.0.0.1", "--port", str(self.port)], cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env={**quiet, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "NO_PROXY": "*"})
        try:
            self.wait(begun + 180)
        except BaseException:
            self.__exit__()
            raise
        self.start_seconds = time.monotonic() - begun
        return self

    def wait(self, deadline):
        while True:
            try:
                with urllib.request.urlopen(self.url + "/health/liveliness", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"the proxy did not come up:\n{self.log.read_text()[-4000:]}") from None
                time.sleep(0.1)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def serve(folder, models):
    """The body of a fixture: `yield from serve(…)`."""
    with Proxy(folder, models) as proxy:
        yield proxy
