"""``evaluate --adapt memo`` as a person types it."""

import json

from tests.cli.test_cli import zoo  # noqa: F401


def test_adapting_is_asked_for_by_name_and_has_views_of_its_own(run, zoo, colour_folder):  # noqa: F811
    arguments = ("evaluate", "--model", "tiny", "--benchmark", "imagenet", "--data", colour_folder, "--limit", 1)
    code, out, _ = run(*arguments, "--adapt", "memo", "--json")
    assert code == 0
    assert "memo" in json.dumps(json.loads(out))
    code, _, err = run(*arguments, "--adapt", "memmo")
    assert code == 2
    assert "--adapt 'memmo' is unknown. Did you mean 'memo'? Known: memo." in " ".join(err.split())
    code, _, err = run(*arguments, "--adapt", "memo", "--view", "mirror")
    assert code == 2
    assert "--adapt memo shows images as they are: leave out --view mirror." in " ".join(err.split())
