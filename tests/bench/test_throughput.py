"""The benchmark command measures what it says; how fast this machine is, is not tested."""

import pytest

from core import paths
from core.bench.throughput import measure
from core.errors import UsageError
from tests.models.test_sources import make_folder


def test_bench_reports_the_rates_and_their_ratios(tmp_path, colour_folder):
    make_folder(tmp_path / "tiny")
    tiny = f"local-dir:{tmp_path / 'tiny'}"
    result = measure(tiny, colour_folder, others=[tiny, tiny], device="cpu", rounds=1)
    for way in ("plain", "engine", "forward_only", "engine_bf16", "engine_views", "models_together", "models_in_turn"):
        assert result[way] > 0
        assert len(result["rounds"][way]) == 1
    assert result["ratio_plain"] == pytest.approx(result["engine"] / result["plain"], rel=0.01)
    assert result["ratio_forward"] == pytest.approx(result["engine"] / result["forward_only"], rel=0.01)
    assert result["ratio_views"] == pytest.approx(5 * result["engine_views"] / result["forward_only"], rel=0.01)
    assert result["ratio_models"] == pytest.approx(result["models_in_turn"] / result["models_together"], rel=0.01)
    assert result["images"] == 24
    assert 50 < result["peak_rss_mb"] < 16_000


def test_bench_without_a_model_or_images_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "EMBEDDED", tmp_path / "nothing-embedded")
    with pytest.raises(UsageError, match="give one with --model"):
        measure(None, tmp_path)
