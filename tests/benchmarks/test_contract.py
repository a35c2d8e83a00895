"""What every benchmark promises. A new benchmark needs one builder here."""

from collections import Counter

import pandas as pd
import pytest
from PIL import Image

from core import benchmarks
from core.errors import DataError
from core.labels import label_space
from core.own.add import keep, understand
from tests.benchmarks.mask_folders import hard_imagenet, rival
from tests.benchmarks.test_focus import focus
from tests.benchmarks.test_si_score import draw, row, write_lists, write_metadata
from tests.class_folders import by_index, by_wnid, objectnet, real_labels
from tests.conftest import write_csv
from tests.parquet_images import write_set
from tests.validation_images import write_annotations, write_images


def imagenet(root):
    for wnid in ("n01440764", "n01882714"):
        (root / wnid).mkdir(parents=True)
        for number in range(2):
            Image.new("RGB", (10, 8), (90 * number, 40, 40)).save(root / wnid / f"{number}.JPEG")


def imagenet_m(root):
    write_images(root, flat=False)
    write_annotations(root)


def imagenet_real(root):
    write_images(root, flat=False)
    real_labels(root, {1: [0], 4: [2, 637]})


def si_score(root):
    for image_id, label in enumerate(("kite", "kite", "zebra", "zebra")):
        draw(root, label, image_id)
    write_metadata(
        root, [row(number, number // 2, area=0.25, x_coord=0.1 * number, rotation=20 * number) for number in range(4)]
    )
    write_lists(root, {"kite": 21, "zebra": 340}, ["kite", "zebra"])


def imagenet_attributes(root):
    imagenet(root)
    write_csv(
        root / "attributes.csv",
        ["image", "time", "weather", "locations"],
        [["/imagenet-val/0.JPEG", "day", "none", "[1, 0, 0, 0, 0, 0, 0, 1, 0]"]],
    )
    (root / "n01882714" / "0.JPEG").unlink()


#: What a user has added, under this name.
OWN = "my-photos"


def own(root):
    """Four images with a mask, a cluster and a factor of each kind."""
    imagenet(root)
    for name in ("one", "two"):
        Image.new("L", (10, 8), 255).save(root / f"mask-{name}.png")
    write_csv(
        root / "table.csv",
        ["file", "label", "mask", "group", "area", "angle", "light", "tags", "indoors"],
        [
            ["n01440764/0.JPEG", "tench", "mask-one.png", "a", 0.25, 10, "day", "x|y", "yes"],
            ["n01440764/1.JPEG", "0", "", "a", 0.5, 350, "night", "", "no"],
            ["n01882714/0.JPEG", "koala|tench", "mask-two.png", "b", "", 90, "", "x", "no"],
            ["n01882714/1.JPEG", "n01882714", "", "", 1, 180, "day", "y", "yes"],
        ],
    )
    keep(understand(OWN, root, root / "table.csv", published=benchmarks.published_benchmarks()))


#: Writes a tiny data set of a benchmark into a new folder.
BUILDERS = {
    "imagenet": imagenet,
    "imagenet-attributes": imagenet_attributes,
    "focus": focus,
    "hard-imagenet": hard_imagenet,
    "imagenet-hard": write_set,
    "imagenet-a": by_wnid,
    "imagenet-r": by_wnid,
    "imagenet-sketch": by_wnid,
    "imagenet-v2": by_index,
    "imagenet-real": imagenet_real,
    "objectnet": objectnet,
    "rival10": rival,
    "rival20": rival,
    "imagenet-multilabel": imagenet_m,
    "imagenet-m": imagenet_m,
    "si-score/size": si_score,
    "si-score/location": si_score,
    "si-score/rotation": si_score,
    OWN: own,
}

#: Not what the user who runs the tests has added.
PUBLISHED = benchmarks.published_benchmarks()
KEYS = [*PUBLISHED, OWN]
SPACES = [(key, space) for key, benchmark in PUBLISHED.items() for space in benchmark.label_spaces]
SPACES.append((OWN, "imagenet-1k"))
NOT_EMBEDDED = [key for key in KEYS if key == OWN or PUBLISHED[key].embedded is None]


@pytest.fixture(autouse=True)
def _own_is_added(request, tmp_path):
    """One of a user's own is known once it was added."""
    if getattr(request.node, "callspec", None) and request.node.callspec.params.get("key") == OWN:
        own(tmp_path / "data")


@pytest.fixture
def opened(tmp_path):
    def build(key):
        if benchmarks.benchmark_class(key).embedded is not None:
            return benchmarks.open_benchmark(key)
        if key not in BUILDERS:
            pytest.fail(f"benchmark '{key}' has no builder: add one to BUILDERS in {__name__}")
        if key != OWN:
            BUILDERS[key](tmp_path / "data")
        return benchmarks.open_benchmark(key, tmp_path / "data")

    return build


def test_the_first_benchmarks_are_known():
    assert {"imagenet", "si-score/size", "si-score/location", "si-score/rotation"} <= set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_a_benchmark_says_what_it_is(key):
    benchmark = benchmarks.benchmark_class(key)
    assert benchmark.key == key
    for text in (benchmark.title, benchmark.paper, benchmark.licence, benchmark.how_to_get):
        assert text.strip()
    assert benchmark.factors
    assert benchmark.tables
    assert benchmark.label_spaces
    for names in ([factor.name for factor in benchmark.factors], [table.name for table in benchmark.tables]):
        assert Counter(names).most_common(1)[0][1] == 1
    assert all(factor.label for factor in benchmark.factors)
    assert all(table.title and table.by for table in benchmark.tables)


@pytest.mark.parametrize("key", KEYS)
def test_tables_are_by_factors(key):
    benchmark = benchmarks.benchmark_class(key)
    assert {column for table in benchmark.tables if table.compute is None for column in table.by} <= {
        f.name for f in benchmark.factors
    }


@pytest.mark.parametrize(("key", "space"), SPACES)
def test_ids_are_unique_text(opened, key, space):
    samples = opened(key).samples(space)
    assert len(samples) > 0
    assert samples["sample_id"].is_unique
    assert all(isinstance(sample_id, str) and sample_id for sample_id in samples["sample_id"])
    assert list(samples.index) == list(range(len(samples)))


@pytest.mark.parametrize(("key", "space"), SPACES)
def test_accepted_classes_lie_inside_the_label_space(opened, key, space):
    size = len(label_space(space))
    for accepted in opened(key).samples(space)["accepted"]:
        assert len(accepted) > 0
        assert all(0 <= index < size and index == int(index) for index in accepted)


@pytest.mark.parametrize(("key", "space"), SPACES)
def test_factors_are_columns_typed_as_their_kind_says(opened, key, space):
    benchmark = opened(key)
    samples = benchmark.samples(space)
    for factor in benchmark.factors:
        column = samples[factor.name]
        if factor.kind in ("numeric", "circular"):
            assert pd.api.types.is_numeric_dtype(column), factor
        elif factor.kind == "category":
            assert all(isinstance(value, str) for value in column), factor
        elif factor.kind == "boolean":
            assert pd.api.types.is_bool_dtype(column), factor
        else:
            assert factor.kind == "set"
            assert all(not isinstance(value, str) and all(isinstance(v, str) for v in value) for value in column)


@pytest.mark.parametrize("key", KEYS)
def test_clusters_are_text_and_shared_only_where_a_unit_is_named(opened, key):
    benchmark = opened(key)
    clusters = benchmark.samples(benchmark.label_spaces[0])["cluster"]
    assert all(isinstance(cluster, str) for cluster in clusters)
    if benchmark.cluster_unit is None:
        assert clusters.is_unique


@pytest.mark.parametrize("key", KEYS)
def test_images_open_and_masks_fit_them(opened, key):
    benchmark = opened(key)
    ids = benchmark.samples(benchmark.label_spaces[0])["sample_id"]
    for sample_id in ids[:: max(1, len(ids) // 20)]:
        image = benchmark.image(sample_id)
        assert image.convert("RGB").size == image.size
        path, mask = benchmark.path(sample_id), benchmark.mask(sample_id)
        assert path is None or path.is_file()
        assert mask is None or (mask.dtype == bool and mask.shape == image.size[::-1])


@pytest.mark.parametrize("key", KEYS)
def test_samples_and_digest_are_the_same_each_time(opened, key):
    first = opened(key)
    again = benchmarks.open_benchmark(key, first.root)
    assert first.pool_digest() == again.pool_digest() == first.pool_digest()
    assert len(first.pool_digest()) == 64
    space = first.label_spaces[0]
    pd.testing.assert_frame_equal(first.samples(space), again.samples(space))


@pytest.mark.parametrize("key", KEYS)
def test_notes_do_not_grow_with_reading(opened, key):
    benchmark = opened(key)
    space = benchmark.label_spaces[0]
    benchmark.samples(space)
    once = list(benchmark.notes)
    for _ in range(3):
        benchmark.samples(space)
    assert benchmark.notes == once
    assert len(set(once)) == len(once)


@pytest.mark.parametrize("key", NOT_EMBEDDED)
@pytest.mark.parametrize(
    "sample_id",
    ["/etc/hostname", "//etc/hostname", "../out.png", "a/../../out.png", "..\\out.png", "C:\\out.png", "a\0b", ""],
)
def test_no_id_leads_out_of_the_data_folder(opened, key, sample_id):
    benchmark = opened(key)
    for ask in (benchmark.path, benchmark.image):
        with pytest.raises(DataError, match=r"names no image inside the data folder"):
            ask(sample_id)


@pytest.mark.parametrize("key", [key for key in NOT_EMBEDDED if key != OWN])
def test_a_benchmark_without_data_says_how_to_get_them(key):
    benchmark = benchmarks.benchmark_class(key)
    with pytest.raises(benchmarks.UsageError) as caught:
        benchmarks.open_benchmark(key)
    assert "--data" in str(caught.value)
    assert benchmark.how_to_get in str(caught.value)
