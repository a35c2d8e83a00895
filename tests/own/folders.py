"""Small folders of photos and tables of them."""

from PIL import Image

from core.benchmarks import published_benchmarks
from core.own.add import understand


def photos(root, *names):
    """Plain images of these names."""
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        kind = {".png": "PNG", ".gif": "GIF"}.get((root / name).suffix.lower(), "JPEG")
        Image.new("RGB", (12, 10), (20 * number % 256, 60, 90)).save(root / name, kind)
    return root


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return path


def understood(root, text, tmp_path, **options):
    """What is understood of a CSV."""
    return understand("mine", root, write(tmp_path / "t.csv", text), published=published_benchmarks(), **options)
