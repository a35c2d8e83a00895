"""The app under other addresses: IPv6, a name of one's own, a path behind a proxy."""

import http.client
import socket
from urllib.parse import urlsplit

import pytest

from tests.browser import PATIENCE_MS, app_server, chromium, wait_for_text


def handshake(url, host):
    """Status of a WebSocket's handshake under a Host header: 101 if it is accepted, 403 if not."""
    at = urlsplit(url)
    connection = http.client.HTTPConnection(at.hostname, at.port, timeout=30)
    headers = {
        "Host": host,
        "Origin": f"http://{host}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol": "streamlit",
    }
    connection.request("GET", f"{at.path.rstrip('/')}/_stcore/stream", headers=headers)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def test_only_names_that_are_listed_reach_the_socket():
    with app_server() as url:
        port = urlsplit(url).port
        for host in ("localhost", "127.0.0.1", "[::1]"):
            assert handshake(url, f"{host}:{port}") == 101, host
        for host in ("demo.example.org", "localhost.evil.example", "[::2]", "0.0.0.0"):
            assert handshake(url, f"{host}:{port}") == 403, host


def test_a_name_of_ones_own_is_listed_by_the_option_that_the_readme_names():
    with app_server({}, "--server.allowedHosts", "demo.example.org") as url:
        assert handshake(url, "demo.example.org") == 101
        assert handshake(url, "other.example.org") == 403


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
@pytest.mark.slow
def test_the_page_opens_on_ipv6():
    with app_server({}, "--server.address=::1", host="[::1]") as url, chromium() as browser:
        page = browser.new_page()
        page.goto(url)
        wait_for_text(page, "Where does it break?")


@pytest.mark.slow
def test_links_stay_below_a_path_of_a_proxy():
    with app_server({}, "--server.baseUrlPath=offcenter") as url, chromium() as browser:
        for start in ("/offcenter", "/offcenter/", "/offcenter/overview"):
            page = browser.new_page()
            page.goto(url + start)
            page.get_by_test_id("stSidebar").get_by_text("Offcenter", exact=True).first.wait_for(timeout=PATIENCE_MS)
            page.get_by_test_id("stPageLink-NavLink").first.wait_for(timeout=PATIENCE_MS)
            hrefs = page.evaluate("[...document.querySelectorAll('[data-testid=stPageLink] a')].map(a => a.href)")
            assert hrefs
            assert all(href.startswith(f"{url}/offcenter") for href in hrefs), start
            page.close()
