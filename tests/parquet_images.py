"""Images in the cells of Parquet files, in ImageNet-Hard's form."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


def encoded(colour, size=(40, 36)):
    """A PNG of one colour as bytes."""
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "PNG")
    return stream.getvalue()


def row(labels, *, colour=(200, 10, 10), origin="imagenet", names=("tench",), path=None, content=None):
    """A row; its image is of one colour unless bytes are given."""
    content = encoded(colour) if content is None else content
    return {
        "image": {"bytes": content, "path": path},
        "label": labels,
        "origin": origin,
        "english_label": list(names),
    }


SCHEMA = pa.schema(
    [
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("label", pa.list_(pa.int64())),
        ("origin", pa.string()),
        ("english_label", pa.list_(pa.string())),
    ]
)


def write_shard(path, rows, *, schema=SCHEMA, group=2, **options):
    """A Parquet file of rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=group, **options)
    return path


#: Class, a second class or none, origin; by row of ``write_set``.
ROWS = (
    ([0], "imagenet"),
    ([1, 0], "imagenet_a"),
    ([2], "imagenet"),
    ([637], "objectnet"),
    ([999], "imagenet_sketch"),
)


def write_set(root):
    """Five rows in two files, three and two, as the hub names them."""
    made = [
        row(labels, colour=(40 * number, 10, 10), origin=origin, path=f"image_{number}.png")
        for number, (labels, origin) in enumerate(ROWS)
    ]
    write_shard(root / "data" / "validation-00000-of-00002.parquet", made[:3])
    write_shard(root / "data" / "validation-00001-of-00002.parquet", made[3:])
