"""A small server that speaks Transit's REST API with real AES-256-GCM, and checks token, context and versions.

As HashiCorp and OpenBao describe it: POST /v1/<mount>/encrypt/<key> and /decrypt/<key> with `batch_input`, the token in
`X-Vault-Token`, ciphertext as `vault:v<version>:<base64 of nonce and ciphertext>`.
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "s.token-of-the-test"


class TransitServer(ThreadingHTTPServer):
    """One Transit key called `onym`, with versions."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.versions = [AESGCM(AESGCM.generate_key(256))]
        self.min_decryption_version = 1
        self.calls: list[str] = []
        self.sealed = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def rotate(self) -> None:
        self.versions.append(AESGCM(AESGCM.generate_key(256)))


class Handler(BaseHTTPRequestHandler):
    """Answers as Transit does."""

    server: TransitServer

    def do_POST(self) -> None:  # the name that http.server calls
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.calls.append(self.path)
        if self.server.sealed:
            return self.answer(503, {"errors": ["Vault is sealed"]})
        if self.headers.get("X-Vault-Token") != TOKEN:
            return self.answer(403, {"errors": ["permission denied"]})
        calls = {"/v1/transit/encrypt/onym": self.encrypt, "/v1/transit/decrypt/onym": self.decrypt}
        if self.path not in calls:
            return self.answer(404, {"errors": []})
        results = [calls[self.path](item) for item in body["batch_input"]]
        return self.answer(400 if any("error" in one for one in results) else 200, {"data": {"batch_results": results}})

    do_PUT = do_POST  # noqa: N815

    def encrypt(self, item: dict[str, str]) -> dict[str, Any]:
        nonce, version = os.urandom(12), len(self.server.versions)
        plaintext, context = b64decode(item["plaintext"]), b64decode(item["associated_data"])
        sealed = nonce + self.server.versions[-1].encrypt(nonce, plaintext, context)
        return {"ciphertext": f"vault:v{version}:{b64encode(sealed).decode()}", "key_version": version}

    def decrypt(self, item: dict[str, str]) -> dict[str, Any]:
        prefix, version, text = item["ciphertext"].split(":")
        number, sealed = int(version.removeprefix("v")), b64decode(text)
        if prefix != "vault" or not self.server.min_decryption_version <= number <= len(self.server.versions):
            return {"error": "ciphertext or signature version is disallowed by policy (too old)"}
        try:
            context = b64decode(item["associated_data"])
            plaintext = self.server.versions[number - 1].decrypt(sealed[:12], sealed[12:], context)
        except InvalidTag:
            return {"error": "cipher: message authentication failed"}
        return {"plaintext": b64encode(plaintext).decode()}

    def answer(self, code: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Nothing."""


@contextmanager
def serving() -> Iterator[TransitServer]:
    """The server on a free port of loopback."""
    server = TransitServer()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
