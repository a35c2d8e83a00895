"""Five ImageNet validation images with annotations, in the published format."""

import json

from PIL import Image

from core.labels import label_space

TENCH, GOLDFISH, SHARK, MAILBOX = 0, 1, 2, 637


def name(number):
    return f"ILSVRC2012_val_{number:08}.JPEG"


def wnid(index):
    return label_space("imagenet-1k").wnids[index]


#: By number: original class, then correct, unclear and wrong classes.
IMAGES = {
    1: (TENCH, [TENCH], [], [GOLDFISH]),
    2: (TENCH, [TENCH], [GOLDFISH], []),
    3: (TENCH, [TENCH], [], []),
    4: (SHARK, [SHARK, MAILBOX], [], [TENCH]),
    5: (SHARK, [SHARK], [], []),
}
PROBLEMATIC = [5]
IMAGENET_M = [1, 4]


def write_annotations(folder):
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "initial_annots": {
            name(number): {
                "correct": [wnid(i) for i in correct],
                "unclear": [wnid(i) for i in unclear],
                "wrong": [wnid(i) for i in wrong],
            }
            for number, (_, correct, unclear, wrong) in IMAGES.items()
        },
        "problematic_images": [name(number) for number in PROBLEMATIC],
        "imagenet_m": [name(number) for number in IMAGENET_M],
    }
    path = folder / "human_accuracy_v3.0.0.json"
    path.write_text(json.dumps(content))
    return path


def write_images(folder, *, flat):
    for number, (original, *_) in IMAGES.items():
        place = folder if flat else folder / wnid(original)
        place.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 36), (40 * number, 10, 10)).save(place / name(number))
