"""The strip of failures in a browser: made picture by picture, stopped by a click, gone on with from where it was."""

import pytest

from core import store
from tests.browser import PATIENCE_MS, app_server, chromium, wait_for_text

pytestmark = pytest.mark.browser
#: Six pictures may be done before a driver has looked twice, so the page itself clicks Cancel until it says "Stopped".
CANCELS_AT_ONCE = """
window.seen = '';
setInterval(() => {
  const said = document.body?.innerText ?? '';
  if (said.includes('of 6 pictures')) window.seen = said;
  if (said.includes('Stopped: ')) sessionStorage.cancelled = 'yes';
  const button = [...document.querySelectorAll('button')].find((each) => each.innerText.includes('Cancel'));
  if (button && window.seen && !sessionStorage.cancelled) button.click();
}, 20);
"""


@pytest.mark.slow
def test_a_strip_says_how_far_it_is_and_can_be_stopped_and_gone_on_with(embedded_results):
    run = store.list_runs("diorama/settings")[0]
    with app_server() as url, chromium() as browser:
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        tab.add_init_script(CANCELS_AT_ONCE)
        tab.goto(f"{url}/uncommon_settings?benchmark=diorama/settings&models={run.model}&strip=1")
        wait_for_text(tab, "Stopped: ")
        assert "of 6 pictures" in tab.evaluate("window.seen")
        tab.get_by_role("button", name="Go on").click()
        tab.get_by_role("button", name="PNG").wait_for(timeout=PATIENCE_MS)
        # All are kept: a second look makes none anew.
        tab.reload()
        tab.get_by_role("button", name="PNG").wait_for(timeout=PATIENCE_MS)
        assert tab.get_by_text("of 6 pictures").count() == 0
        assert tab.get_by_test_id("stException").count() == 0
        tab.close()
