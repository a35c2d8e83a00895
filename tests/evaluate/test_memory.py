"""Memory stays flat however many views an image has."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.conftest import RED_WNID, REPO

#: As many views as a grid of 18 crops at 18 zooms has.
_CODE = """
import resource, sys
import numpy as np, timm, torch
from core import evaluate, models
from core.benchmarks import open_benchmark
from core.images.views import known_views
from core.images.views.pixelwise import Clean

class Many(Clean):
    name = 'many'
    def rows(self):
        return [{'view': f'many-{at}'} for at in range(324)]
    def render(self, image, mask, preprocess, rng):
        pixels = preprocess(image)
        for at in range(324):
            yield np.roll(pixels, at, axis=1)

known_views()['many'] = Many()
torch.manual_seed(0)
module = timm.create_model('mobilenetv3_small_050', num_classes=1000)
transform = {'input_size': [3, 224, 224], 'interpolation': 'bilinear', 'mean': [0.5] * 3, 'std': [0.5] * 3,
             'crop_pct': 0.875, 'crop_mode': 'center'}
model = models.from_module(module, 'net', label_space='imagenet-1k', transform=transform)
run = evaluate.evaluate(model, open_benchmark('imagenet', sys.argv[1]), view='many', workers=2)
assert run.complete and run.n_views == 324
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@pytest.mark.slow
def test_324_views_an_image_by_two_workers_stay_below_two_and_a_half_gigabytes(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "photos" / RED_WNID).mkdir(parents=True)
    for number in range(12):
        pixels = Image.fromarray(rng.integers(0, 256, (375, 500, 3), np.uint8))
        pixels.save(tmp_path / "photos" / RED_WNID / f"{number}.jpg")
    line = [sys.executable, "-c", _CODE, str(tmp_path / "photos")]
    ended = subprocess.run(line, cwd=REPO, env=os.environ, capture_output=True, text=True, check=False, timeout=500)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert float(ended.stdout) < 2500
