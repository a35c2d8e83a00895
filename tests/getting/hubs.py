"""A repository of the hub, served by a server on this machine; the fixture ``hub`` is that server."""

from __future__ import annotations

import hashlib
import json

REVISION = "0123456789abcdef0123456789abcdef01234567"


def publish(hub, repo, files, kind="datasets", *, lie=False, licence="mit"):
    """A repository; with a lie, its list gives another digest than its files have."""
    siblings = []
    for name, content in files.items():
        digest = hashlib.sha256(content).hexdigest()
        said = "0" * 64 if lie else digest
        lfs = {"sha256": said, "size": len(content), "pointerSize": 130}
        siblings.append({"rfilename": name, "size": len(content), "lfs": lfs, "blobId": "b"})
        for revision in (REVISION, "main"):
            prefix = "" if kind == "models" else f"/{kind}"
            headers = {"X-Repo-Commit": REVISION, "X-Linked-Size": str(len(content)), "X-Linked-Etag": f'"{digest}"'}
            hub.put(f"{prefix}/{repo}/resolve/{revision}/{name}", content, etag=f'"{digest}"', headers=headers)
    about = {"id": repo, "sha": REVISION, "siblings": siblings, "tags": [f"license:{licence}"], "downloads": 1}
    for path in (repo, f"{repo}/revision/{REVISION}"):
        hub.put(f"/api/{kind}/{path}", json.dumps(about).encode(), kind="application/json")


def refuse(hub, repo, name, status, code, revision="main", **headers):
    """A file of a repository that the hub refuses, with the code that says why."""
    headers = {"X-Error-Code": code, "X-Repo-Commit": REVISION, **headers}
    hub.put(f"/{repo}/resolve/{revision}/{name}", status=status, headers=headers)


def publish_transformers(hub, repo, folder, **settings):
    """A folder of transformers as a repository, which has no file that transformers may ask for besides."""
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    publish(hub, repo, files, "models", **settings)
    for name in ("processor_config.json", "model.safetensors", "open_clip_config.json"):
        for revision in (REVISION, "main"):
            if name not in files:
                refuse(hub, repo, name, 404, "EntryNotFound", revision)
    return files
