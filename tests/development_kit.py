"""The development kit of ImageNet's validation set, in the forms in which people have it."""

import numpy as np
from scipy.io import savemat

from core.benchmarks import imagenet_ground_truth
from core.labels import label_space

#: ILSVRC's numbers 1, 2 and 3, of the development kit.
KIT = ("n02119789", "n02100735", "n02110185")
WNIDS = label_space("imagenet-1k").wnids
ILSVRC = [*KIT, *(wnid for wnid in WNIDS if wnid not in KIT)]


def write_kit(folder, synsets, first=()):
    """A development kit whose ground truth says 1, 2, 3, 1, 2, 3, ...; with one file that says what they mean.

    ``first`` are the numbers of the first images instead.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers = [*first, *(n % 3 + 1 for n in range(len(first), 50_000))]
    (folder / imagenet_ground_truth.FILE).write_text("".join(f"{number}\n" for number in numbers))
    if synsets == "meta.mat":
        # Numbers above 1,000 stand for groups of classes.
        wnids = [*ILSVRC, "n00001740"]
        table = np.empty(1001, dtype=[("ILSVRC2012_ID", object), ("WNID", object), ("words", object)])
        table[:] = [(number, wnid, "words, of it") for number, wnid in enumerate(wnids, 1)]
        savemat(folder / "meta.mat", {"synsets": table.reshape(-1, 1)})
    elif synsets == "map_clsloc.txt":
        lines = [f"{wnid} {number} a_name" for number, wnid in enumerate(ILSVRC, 1)]
        (folder / synsets).write_text("\n".join(sorted(lines)) + "\n")
    elif synsets:
        (folder / synsets).write_text("".join(f"{wnid} a name, another\n" for wnid in ILSVRC))
