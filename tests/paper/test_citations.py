"""What is cited: entries that exist, are well formed, and say where their fields are from."""

import json

from core.benchmarks import known_benchmarks
from core.models.presets import PRESETS
from core.paper import citations
from core.store import specs
from core.types import Card

DATA = json.loads(citations.FILE.read_text(encoding="utf-8"))
FIELDS = {
    *("author", "title", "year", "month", "journal", "booktitle", "volume", "pages", "publisher", "eprint"),
    *("archiveprefix", "doi", "url", "howpublished", "note"),
}


def test_every_benchmark_with_a_paper_has_an_entry():
    for key, benchmark in known_benchmarks().items():
        card = benchmark.card()
        found = citations.of_benchmark(card) + citations.after(card)
        assert found, key
        # The year that the card names is that of an entry.
        years = {dict(each.fields)["year"] for each in found}
        assert not card.paper[:1].isalpha() or key.startswith("diorama/") or any(year in card.paper for year in years)


def test_every_key_that_is_cited_has_an_entry():
    groups = [DATA[name] for name in ("benchmarks", "after", "models", "views", "presets")]
    cited = {key for group in groups for keys in group.values() for key in keys}
    assert cited == set(DATA["entries"])


def test_entries_have_fields_that_bibtex_knows_and_a_source():
    for key, entry in DATA["entries"].items():
        assert set(entry) == {"short", "type", "fields", "source"}, key
        assert set(entry["fields"]) <= FIELDS, key
        assert entry["source"] and entry["fields"]["year"] in entry["short"], key


def test_entries_are_balanced_and_keep_their_capitals():
    for each in citations.known().values():
        assert each.bibtex.count("{") == each.bibtex.count("}")
        assert each.bibtex.startswith(f"@{each.kind}{{{each.key},\n")
    assert "  title = {{SI-Score}}," in citations.known()["yung2021siscore"].bibtex


def test_entries_of_one_text_have_different_short_names():
    shorts = [entry["short"] for entry in DATA["entries"].values()]
    assert len(shorts) == len(set(shorts))


def test_libraries_views_and_presets_are_cited():
    assert [each.key for each in citations.of_model(specs.OPEN_CLIP)] == ["ilharco2021openclip", "radford2021learning"]
    assert [each.key for each in citations.of_views("zoom-324")] == ["taesiri2023zoom"]
    assert [each.key for each in citations.of_views("ablations-as-published")] == ["moayeri2022hard"]
    assert citations.of_views("clean") == ()
    assert all(citations.of_preset(name) for name in PRESETS)


def test_an_own_benchmark_is_cited_by_what_its_card_says():
    card = Card("shop", "My {shop} & more", paper="Me 2026, 100 % mine}")
    (found,) = citations.of_benchmark(card)
    assert found.bibtex.count("{") == found.bibtex.count("}")
    assert r"title = {{My (shop) \& more}}" in found.bibtex
    assert r"note = {Me 2026, 100 \% mine)}" in found.bibtex
    assert citations.of_benchmark(Card("shop", "x")) == ()
    others = [citations.of_benchmark(Card(key, "x", paper="p"))[0].key for key in ("犬", "猫")]
    assert len(set(others)) == 2 and all(key.isascii() for key in others)


def test_a_bibliography_has_each_entry_once():
    entry = citations.known()["rw2019timm"]
    assert citations.bibliography([entry, entry]).count("@misc") == 1
