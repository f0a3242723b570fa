"""A picture of the reader's own: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from laboratory import chosen_network, own_picture, weights
from laboratory.own_picture import PictureError, read_picture

ROTATION = 274
"""The tag of EXIF that says how a telephone was held."""


@pytest.fixture
def corner() -> Image.Image:
    """A picture of 100 rows and 200 columns, white with a red quarter at its upper left."""
    pixels = np.full((100, 200, 3), 255, np.uint8)
    pixels[:50, :100] = (255, 0, 0)
    return Image.fromarray(pixels)


def is_corner(picture: np.ndarray) -> bool:
    """Return whether it is that picture, up to what JPEG loses."""
    pixels = picture.astype(int)
    red = (pixels[..., 0] > 230) & (pixels[..., 1:] < 40).all(-1)
    inside = np.zeros((100, 200), bool)
    inside[4:46, 4:96] = True
    outside = np.ones((100, 200), bool)
    outside[:54, :104] = False
    return picture.dtype == np.uint8 and bool(red[inside].all() and (pixels[outside] > 230).all())


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.png", "RGB"), ("a.gif", "P"), ("a.png", "P"), ("a.jpg", "CMYK"), ("a.png", "RGBA")],
)
def test_kinds_of_files(tmp_path: Path, corner: Image.Image, name: str, mode: str) -> None:
    image = corner.quantize(16) if mode == "P" else corner.convert(mode)
    image.save(tmp_path / name)
    assert is_corner(read_picture(tmp_path / name))


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_telephone_held_otherwise(tmp_path: Path, corner: Image.Image, turn: int) -> None:
    """Each of the eight ways to hold it: the picture is stored turned, and comes out upright."""
    stored = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }[turn]
    for how in stored:
        corner = corner.transpose(how)
    exif = Image.Exif()
    exif[ROTATION] = turn
    corner.save(tmp_path / "a.jpg", exif=exif, quality=95, subsampling=0)
    assert is_corner(read_picture(tmp_path / "a.jpg"))


def test_what_is_transparent_becomes_white(tmp_path: Path) -> None:
    Image.new("RGBA", (80, 80), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert (read_picture(tmp_path / "a.png") == 255).all()


def test_sixteen_bits_of_gray(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 100 * 100).reshape(100, 100).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    expected = ramp[..., None] / 257
    assert np.abs(read_picture(tmp_path / "a.png") - expected).max() <= 1


def test_a_large_picture_is_scaled_down(tmp_path: Path) -> None:
    Image.new("RGB", (4000, 2000), "green").save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").shape == (1024, 2048, 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no picture", "is no picture that can be read. Save it as JPEG or PNG."),
        (b"", "is no picture"),
        ("cut off", r"cannot be read: .*truncated"),
        ("tiny", "has 64 x 63 pixels; each side needs at least 64"),
        ("floats", "no known white"),
    ],
)
def test_what_is_refused(tmp_path: Path, content: bytes | str, message: str) -> None:
    file = tmp_path / "a.tif"
    random = np.random.default_rng(0)
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content == "cut off":
        Image.fromarray(random.integers(0, 256, (80, 80, 3), np.uint8)).save(file, format="png")
        file.write_bytes(file.read_bytes()[:2000])
    elif content == "tiny":
        Image.new("RGB", (64, 63)).save(file)
    else:
        Image.fromarray(random.random((80, 80), np.float32)).save(file)
    with pytest.raises(PictureError, match=message):
        read_picture(file)


@pytest.mark.usefixtures("no_weights")
def test_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, corner: Image.Image) -> None:
    monkeypatch.delenv(own_picture.VARIABLE, raising=False)
    assert own_picture.path() is None
    assert own_picture.own_picture() is None
    assert own_picture.fingerprint() == ""
    file = tmp_path / "me.png"
    monkeypatch.setenv(own_picture.VARIABLE, str(file))
    with pytest.raises(PictureError, match=r"me\.png, which does not exist"):
        own_picture.own_picture()
    corner.save(file)
    marks = {own_picture.fingerprint()}
    with pytest.raises(PictureError, match="add NETWORK=vgg16, or leave PICTURE out"):
        own_picture.own_picture()
    (tmp_path / "vgg16.pth").write_bytes(b"weights")
    monkeypatch.setenv(weights.VARIABLES["vgg16"], str(tmp_path / "vgg16.pth"))
    monkeypatch.setenv(weights.UNCHECKED, "1")
    picture = own_picture.own_picture()
    assert picture is not None
    assert is_corner(picture)
    corner.rotate(90).save(file)
    marks.add(own_picture.fingerprint())
    assert len(marks) == 2
    monkeypatch.setenv(chosen_network.VARIABLE, "small")
    with pytest.raises(PictureError, match="leave PICTURE out"):
        own_picture.own_picture()
