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
    hub.put(f"/api/{kind}/{repo}", json.dumps(about).encode(), kind="application/json")
