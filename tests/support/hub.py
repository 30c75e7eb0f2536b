"""The part of the hub's protocol that pushing and pulling take, on loopback and in memory."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest

Files = dict[str, bytes]


@dataclass
class Hub:
    """Repositories and what was asked; each commit keeps all its files."""

    url: str = ""
    commits: dict[str, list[tuple[str, Files]]] = field(default_factory=dict[str, Any])
    private: dict[str, bool] = field(default_factory=dict[str, bool])
    tags: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    requests: list[str] = field(default_factory=list[str])
    agents: set[str] = field(default_factory=set[str])
    token: str | None = None  # that writing takes

    def commit(self, repo: str, files: Files) -> str:
        """Add a commit of these files alone."""
        history = self.commits[repo]
        text = repr((len(history), sorted(files.items())))
        sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        history.append((sha, files))
        return sha

    def find(self, repo: str, revision: str) -> tuple[str, Files] | None:
        """The commit of a branch, tag or hash; None = there is none."""
        history = self.commits.get(repo, [])
        wanted = self.tags.get((repo, revision), revision)
        if wanted == "main":
            return history[-1] if history else None
        return next((entry for entry in history if entry[0] == wanted), None)


@contextmanager
def running_hub() -> Generator[Hub]:
    """A hub that answers until the end of the context."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Bound", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def as_the_hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Hub]:
    """A hub that this process takes for the real one, with an empty cache and no login."""
    constants = huggingface_hub.constants
    with running_hub() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder / "cache"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(folder / "no-token"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
        yield hub


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.0"  # no connection outlives the server

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self._note()
        if self.headers.get("Authorization") != f"Bearer {self.hub.token}" and self.hub.token:
            return self._error(401, "", "Invalid credentials in Authorization header")
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            return self._json({"errors": [], "warnings": []})
        if found := re.fullmatch(r"/api/models/(.+?/.+?)/preupload/main", path):
            files = json.loads(body)["files"]
            modes = [{"path": f["path"], "uploadMode": "regular"} for f in files]
            return self._json({"files": [{**m, "shouldIgnore": False} for m in modes]})
        if found := re.fullmatch(r"/api/models/(.+?/.+?)/commit/main", path):
            return self._commit(found[1], body)
        return self._error(404, "", f"no such page: {path}")

    def do_GET(self) -> None:
        path = self._note()
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path):
            return self._info(found[1], found[2] or "main")
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/(.+)", path):
            return self._tree(found[1], found[2])
        if found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self._file(*found.groups())
        return self._error(404, "", f"no such page: {path}")

    do_HEAD = do_GET  # noqa: N815

    def _note(self) -> str:
        path = self.path.partition("?")[0]
        self.hub.requests.append(f"{self.command} {path}")
        self.hub.agents.add(self.headers.get("User-Agent", ""))
        return path

    def _create(self, asked: dict[str, Any]) -> None:
        repo = f"{asked['organization']}/{asked['name']}"
        if repo in self.hub.commits:
            body = {"error": "You already created this model repo", "url": f"{self.hub.url}/{repo}"}
            return self._answer(
                409, json.dumps(body).encode(), {"Content-Type": "application/json"}
            )
        self.hub.commits[repo] = []
        self.hub.private[repo] = asked.get("visibility") == "private" or bool(asked.get("private"))
        self.hub.commit(repo, {".gitattributes": b""})
        return self._json({"url": f"{self.hub.url}/{repo}"})

    def _commit(self, repo: str, body: bytes) -> None:
        files = dict(self.hub.commits[repo][-1][1])
        for line in body.decode().splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "file":
                assert value["encoding"] == "base64"
                files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "deletedFile":
                files.pop(value["path"])
        sha = self.hub.commit(repo, files)
        url = f"{self.hub.url}/{repo}/commit/{sha}"
        self._json({"success": True, "commitOid": sha, "commitUrl": url, "hookOutput": ""})

    def _info(self, repo: str, revision: str) -> None:
        if (entry := self._entry(repo, revision)) is not None:
            sha, files = entry
            siblings = [{"rfilename": name} for name in files]
            self._json({"_id": "1", "id": repo, "sha": sha, "private": False, "siblings": siblings})

    def _tree(self, repo: str, revision: str) -> None:
        if (entry := self._entry(repo, revision)) is not None:
            self._json(
                [
                    {"type": "file", "path": name, "size": len(value), "oid": _oid(value)}
                    for name, value in entry[1].items()
                ]
            )

    def _file(self, repo: str, revision: str, name: str) -> None:
        if (entry := self._entry(repo, revision)) is None:
            return
        sha, files = entry
        if name not in files:
            return self._error(404, "EntryNotFound", "Entry not found")
        headers = {"ETag": f'"{_oid(files[name])}"', "X-Repo-Commit": sha}
        self._answer(200, files[name], headers | {"Content-Type": "application/octet-stream"})

    def _entry(self, repo: str, revision: str) -> tuple[str, Files] | None:
        if repo not in self.hub.commits:
            self._error(404, "RepoNotFound", "Repository not found")
            return None
        entry = self.hub.find(repo, revision)
        if entry is None:
            self._error(404, "RevisionNotFound", "Revision not found")
        return entry

    def _json(self, value: Any, status: int = 200) -> None:
        self._answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _error(self, status: int, code: str, message: str) -> None:
        body = json.dumps({"error": message}).encode()
        headers = {"X-Error-Message": message, "Content-Type": "application/json"}
        self._answer(status, body, headers | ({"X-Error-Code": code} if code else {}))

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _oid(value: bytes) -> str:
    return hashlib.sha1(value, usedforsecurity=False).hexdigest()


def has_no_request(hub: Hub, pattern: str) -> bool:
    """Whether nothing was asked whose method and path are like `pattern`."""
    return not any(fnmatch(request, pattern) for request in hub.requests)
