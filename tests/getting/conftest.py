"""No test here talks to another machine."""

from __future__ import annotations

import socket

import huggingface_hub
import pytest

from tests.getting.server import site

_HERE = ("127.0.0.1", "localhost", "::1", "")


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch):
    """Names and addresses of other machines are refused, and every attempt is told; no proxy is used."""
    attempts = []
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self, address):
        if isinstance(address, tuple) and address[0] not in _HERE:
            attempts.append(address[0])
            raise OSError(f"a test may not connect to {address[0]}")
        return connect(self, address)

    def guarded_resolve(host, *args, **settings):
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and name not in _HERE:
            attempts.append(name)
            raise socket.gaierror(f"a test may not look for {name}")
        return resolve(host, *args, **settings)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_resolve)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield attempts
    assert attempts == [], "a test tried to reach another machine"


@pytest.fixture
def web():
    """A server on this machine; see ``server.Site``."""
    with site() as found:
        yield found


@pytest.fixture
def hub(web, monkeypatch, tmp_path):
    """A hub on this machine, with an empty cache."""
    template = web.address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", web.address)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    return web
