import json
import math

import pytest

from core.errors import DataError
from core.own.tables import read_table

COCO = {
    "images": [
        {"id": 1, "file_name": "a.jpg", "width": 100, "height": 50, "license": 3, "scene": "street"},
        {"id": 2, "file_name": "b.jpg", "width": 10, "height": 10, "scene": "sea"},
        {"id": 3, "file_name": "c.jpg"},
    ],
    "annotations": [
        {"image_id": 1, "category_id": 7, "bbox": [0, 0, 10, 50]},
        {"image_id": 1, "category_id": 7, "bbox": [50, 0, 5, 100]},
        {"image_id": 1, "category_id": 9, "bbox": [0, 0, 0, 0]},
        {"image_id": 2, "category_id": 9, "bbox": [0, 0, 20, 20]},
        {"image_id": 99, "category_id": 9},
    ],
    "categories": [{"id": 7, "name": "cat"}, {"id": 9, "name": "dog"}],
}


def read(tmp_path, content):
    path = tmp_path / "data.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return read_table(path)


def test_coco_gives_labels_of_annotations_and_the_share_of_boxes(tmp_path):
    table = read(tmp_path, COCO)
    frame = table.frame
    assert table.form == "COCO JSON"
    assert frame["file"].tolist() == ["a.jpg", "b.jpg", "c.jpg"]
    assert frame["label"].tolist() == [["cat", "dog"], ["dog"], []]
    # 10 x 50 and 5 x 100 of 100 x 50; a box of four times its image counts as all of it; no size, no share.
    assert frame["object_share"].tolist()[:2] == [0.2, 1.0]
    assert math.isnan(frame["object_share"][2])
    assert frame["n_objects"].tolist() == [3, 1, 0]
    assert frame["scene"].tolist() == ["street", "sea", None]
    assert "license" not in frame
    assert "1 image_ids of annotations" in table.notes[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"categories": []}, "category_id 7, which 'categories' does not name"),
        ({"images": [{"id": 1}]}, "one of 'images' has no 'file_name'"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 2]}]}, "is not four numbers"),
        ({"annotations": [{"category_id": 7}]}, "one of 'annotations' has no 'image_id'"),
        ({"images": ["a.jpg"]}, "'images' is not there, or no list of objects"),
    ],
)
def test_damaged_coco_is_refused(tmp_path, change, said):
    with pytest.raises(DataError, match=said):
        read(tmp_path, {**COCO, **change})


def test_fiftyone_gives_ground_truth_and_plain_fields(tmp_path):
    box = {"label": "cat", "bounding_box": [0.1, 0.1, 0.5, 0.5]}
    samples = [
        {
            "filepath": "data/a.jpg",
            "ground_truth": {"_cls": "Detections", "detections": [box, {**box, "label": "dog"}]},
            "prediction": {"_cls": "Classification", "label": "cat"},
            "tags": ["val", "night"],
            "uniqueness": 0.25,
            "taken": {"_cls": "datetime", "$date": "2021-03-28T10:00:00Z"},
            "metadata": {"width": 640, "height": 480, "mime_type": "image/jpeg"},
        },
        {"filepath": "data/b.jpg", "ground_truth": None, "uniqueness": 0.5, "tags": []},
    ]
    table = read(tmp_path, {"samples": samples})
    first = table.frame.iloc[0].to_dict()
    assert first == {
        "file": "data/a.jpg",
        "label": ["cat", "dog"],
        "object_share": 0.5,
        "n_objects": 2,
        "uniqueness": 0.25,
        "taken": "2021-03-28T10:00:00Z",
        "tags": ["val", "night"],
        "width": 640,
        "height": 480,
    }
    assert table.frame["label"].tolist()[1] == []
    assert "prediction" in " ".join(table.notes)


def test_fiftyone_classifications(tmp_path):
    several = {"classifications": [{"label": "cat"}, {"label": "dog"}]}
    samples = [{"filepath": "a.jpg", "label": {"label": "cat"}}, {"filepath": "b.jpg", "label": several}]
    assert read(tmp_path, {"samples": samples}).frame["label"].tolist() == [["cat"], ["cat", "dog"]]
    with pytest.raises(DataError, match="has no 'filepath'"):
        read(tmp_path, {"samples": [{"label": {"label": "cat"}}]})


def test_an_id_of_two_images_or_categories_is_refused(tmp_path):
    with pytest.raises(DataError, match="two images have the id 1"):
        read(tmp_path, COCO | {"images": [*COCO["images"], {"id": 1, "file_name": "d.jpg"}]})
    with pytest.raises(DataError, match="the category 7 is 'cat' and 'cow'"):
        read(tmp_path, COCO | {"categories": [*COCO["categories"], {"id": 7, "name": "cow"}]})


def test_what_a_model_said_is_no_label(tmp_path):
    samples = [{"filepath": "a.jpg", "predictions": {"label": "cat"}}]
    assert list(read(tmp_path, {"samples": samples}).frame.columns) == ["file"]
    samples[0]["annotator"] = {"label": "dog"}
    assert read(tmp_path, {"samples": samples}).frame["label"].tolist() == [["dog"]]


def test_a_date_in_milliseconds_is_a_date(tmp_path):
    samples = [{"filepath": "a.jpg", "taken": {"$date": 1616925600000}}]
    assert read(tmp_path, {"samples": samples}).frame["taken"].tolist() == ["2021-03-28T10:00:00"]
