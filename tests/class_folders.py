"""Small folders of images in the layouts of ImageNet's successors."""

import json

from PIL import Image

from core.labels import label_space

#: Folder, ObjectNet's label, ImageNet's labels; the last one is of no class of ImageNet.
OBJECTNET = (
    ("alarm_clock", "Alarm clock", "analog clock; digital clock"),
    ("banana", "Banana", "banana"),
    ("air_freshener", "Air freshener", ""),
)
FRAME = (255, 0, 0)


def draw(path, colour, size=(40, 36)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def by_wnid(root):
    """Two images of tench and two of goldfish."""
    for wnid, colour in (("n01440764", (200, 10, 10)), ("n01443537", (10, 200, 10))):
        for number in range(2):
            draw(root / wnid / f"{number}.jpg", colour, (40 + number, 36))


def by_index(root):
    """One image of each of the classes 2, 10 and 999."""
    for index in (2, 10, 999):
        draw(root / str(index) / "a.jpeg", (index % 256, 10, 10))


def write_mappings(folder, *, first_line=0):
    """ObjectNet's mapping files; the development kit's lines are in an order of their own, here backwards."""
    folder.mkdir(parents=True, exist_ok=True)
    lemmas = label_space("imagenet-1k").lemmas
    files = {
        "folder_to_objectnet_label.json": {name: label for name, label, _ in OBJECTNET},
        "objectnet_to_imagenet_1k.json": {label: names for _, label, names in OBJECTNET if names},
        "pytorch_to_imagenet_2012_id.json": {str(index): (999 - index + first_line) % 1000 for index in range(1000)},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    (folder / "imagenet_to_label_2012_v2").write_text("\n".join(reversed(lemmas)) + "\n")


def objectnet(root):
    """One framed image of each folder, and the mapping files, as the archive has them."""
    for number, (folder, *_) in enumerate(OBJECTNET):
        path = root / "images" / folder / f"{number}.png"
        draw(path, FRAME, (14, 12))
        with Image.open(path) as image:
            image.paste((10 * number, 200, 10), (2, 2, 12, 10))
            image.save(path)
    write_mappings(root / "mappings")


def real_labels(folder, labels):
    """``real.json``: labels by number of the validation image, none for the others."""
    content = [[] for _ in range(50_000)]
    for number, classes in labels.items():
        content[number - 1] = classes
    (folder / "real.json").write_text(json.dumps(content))
