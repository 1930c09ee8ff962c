"""Pictures that callers send: VID-005, VID-006, VID-019..021, OUT-002."""

from __future__ import annotations

import struct
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFilter

from serve_app.core.data_url import Content, data_url
from serve_app.core.video.crop import LONGEST_SIDE, Size, centre_cut, shrunk, size_of
from serve_app.engines import Picture
from serve_app.errors import InvalidRequest
from serve_app.media.picture_colours import LARGEST_PROFILE
from serve_app.media.pictures import TURNS, png, read_picture, read_png
from tests.media.colour_profiles import (
    PRIMARIES,
    SRGB_CURVE,
    Curve,
    cmyk_profile,
    grey_profile,
    icc_profile,
    rgb_profile,
)
from tests.photos import (
    FORMATS,
    as_data_url,
    comment,
    corners,
    encoded,
    grey_row,
    jpeg_of,
    padded,
    png_of,
    png_row,
    quarters,
    webp_of,
)

WIDE, TALL, SQUARE = (1280, 720), (720, 1280), (720, 720)
UNDONE = {
    Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
    Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
}
"""What leads back; all others do so themselves."""
PHOTO = Image.fromarray(np.random.default_rng(5).integers(0, 256, (90, 160, 3), np.uint8)).filter(
    ImageFilter.GaussianBlur(2)
)
"""No two places alike, as in a photo."""
UPRIGHT = ["red", "green", "blue", "yellow"]
MOST = 64_000_000


def read(content: bytes, ratio: Size = WIDE, media_type: str = "", max_pixels: int = MOST) -> Picture:
    return read_picture(Content(content, media_type), ratio, max_pixels=max_pixels)


def refused(content: bytes, media_type: str = "", max_pixels: int = MOST) -> str:
    with pytest.raises(InvalidRequest) as refusal:
        read(content, media_type=media_type, max_pixels=max_pixels)
    return refusal.value.message


@pytest.mark.parametrize("kind", FORMATS)
def test_formats(kind: str) -> None:
    """VID-005: JPEG, PNG and WebP, with their declared type, another spelling of it, or none."""
    content = encoded(quarters(320, 180), kind)
    for media_type in (FORMATS[kind], "", "application/octet-stream"):
        picture = read(content, media_type=media_type)
        assert (picture.shape, picture.dtype, corners(picture)) == ((180, 320, 3), np.uint8, UPRIGHT)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("JPEG", ["image/jpg", "image/pjpeg", "image/jfif", "image/x-citrix-jpeg", "binary/octet-stream"]),
        ("PNG", ["image/x-png", "image/x-citrix-png", "image/apng", "image/vnd.mozilla.apng", "image/*"]),
        ("WEBP", ["image/x-webp"]),
    ],
)
def test_other_names_of_the_types(kind: str, names: list[str]) -> None:
    """VID-020: what old browsers, gateways and storages call them; under each only its own content."""
    for media_type in names:
        assert corners(read(encoded(quarters(16, 9), kind), media_type=media_type)) == UPRIGHT
    other = encoded(quarters(16, 9), "PNG" if kind == "JPEG" else "JPEG")
    assert refused(other, names[0]).startswith(f"It is declared as {names[0]}, but is ")


@pytest.mark.parametrize(
    "head", ["image/PJPEG", "IMAGE/JPEG;charset=binary", 'image/jpeg; name="a.jpg"', "image/jpeg; q=1; a=b"]
)
def test_a_type_in_a_data_url(head: str) -> None:
    """VID-020: in any case, with parameters."""
    url = as_data_url(encoded(quarters(16, 9), "JPEG"), head)
    content = data_url(url, limit_bytes=100_000)
    assert corners(read(content.data, media_type=content.media_type)) == UPRIGHT


@pytest.mark.parametrize("kind", FORMATS)
def test_a_type_that_contradicts_the_content(kind: str) -> None:
    """VID-006: the content tells what it is, and a declaration that says otherwise is a mistake."""
    content = encoded(quarters(16, 9), kind)
    for media_type in {*FORMATS.values(), "image/gif", "text/plain"} - {FORMATS[kind]}:
        told = refused(content, media_type)
        assert told == f"It is declared as {media_type}, but is {FORMATS[kind]}."


NO_PICTURES = {
    "nothing": b"",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://169.254.169.254/"/></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file\n",
    "playlist": b"#EXTM3U\nhttp://169.254.169.254/\n",
    "only a signature": b"\x89PNG\r\n\x1a\n",
    **{
        kind: encoded(quarters(16, 9), kind)
        for kind in ("GIF", "BMP", "TIFF", "ICO", "PPM", "TGA", "JPEG2000")
    },
}


@pytest.mark.parametrize("what", NO_PICTURES)
def test_other_formats(what: str) -> None:
    """VID-005, VID-006: whatever they are declared as."""
    for media_type in ("", "image/png", "image/svg+xml"):
        assert refused(NO_PICTURES[what], media_type) == "It is not a JPEG, PNG or WebP picture."


@pytest.mark.parametrize("kind", FORMATS)
def test_truncated_pictures(kind: str) -> None:
    """VID-006: none is half a picture with the rest in grey."""
    content = encoded(quarters(320, 180), kind)
    for part in (len(content) // 3, len(content) // 2, len(content) - 30):
        assert refused(content[:part])


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_without_its_end_marker(missing: int, *, progressive: bool) -> None:
    """VID-021: as frames of cameras come; nothing of the picture is missing, and it is read as with it."""
    content = encoded(PHOTO, "JPEG", progressive=progressive)
    for behind in (b"", bytes(100)):
        assert np.array_equal(read(content[:-missing] + behind), read(content))


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_without_its_last_bytes(*, progressive: bool) -> None:
    """VID-006, VID-021: where a part of the picture is missing too it is broken, be it ever so small."""
    content = encoded(PHOTO, "JPEG", progressive=progressive)
    for missing in (*range(4, 40), len(content) // 4, len(content) // 2):
        assert refused(content[:-missing]) == "The picture is broken."


def test_a_jpeg_with_the_usual_tables_left_out() -> None:
    """VID-021: the other omission of such frames, Huffman tables that every decoder knows."""
    content = encoded(PHOTO, "JPEG", quality=80)
    begin, end = content.index(b"\xff\xc4"), content.index(b"\xff\xda")
    assert np.array_equal(read(content[:begin] + content[end:-2]), read(content))


def test_a_png_without_its_end() -> None:
    """VID-021: the chunk that says so carries nothing."""
    assert corners(read(encoded(quarters(160, 90))[:-12])) == UPRIGHT


@pytest.mark.parametrize(("bomb", "size"), [(png_of, 10**6), (jpeg_of, 65_535), (webp_of, 16_384)])
def test_bombs(bomb: object, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """VID-006: refused by what the header announces, before a pixel is decoded, and without a warning."""
    assert callable(bomb)
    monkeypatch.setattr("serve_app.media.pictures._read", None)
    for width, height in ((size, size), (9000, 7112)):
        with warnings.catch_warnings(action="error"):
            told = refused(bomb(width, height))
        assert told == f"The picture has {width} x {height} pixels; it may have 64000000 in all."


def test_the_bound_itself() -> None:
    """VID-006: as many pixels as are allowed, and one more."""
    assert read(encoded(quarters(100, 100)), SQUARE, max_pixels=10_000).shape == (100, 100, 3)
    assert "10000 in all" in refused(encoded(quarters(73, 137)), max_pixels=10_000)


def test_a_small_file_that_unpacks_to_much() -> None:
    """VID-006: more pixels than announced, and a comment that grows a thousandfold."""
    assert read(png_of(4, 4, bytes(10**7)), SQUARE).shape == (4, 4, 3)
    told = refused(png_of(4, 4, after=comment(2**23)))
    assert told == "The picture is broken."


def test_a_jpeg_of_endless_scans(monkeypatch: pytest.MonkeyPatch) -> None:
    """VID-006: a few bytes each, and each as slow as a whole picture: not decoded at all."""
    honest = encoded(quarters(160, 90), "JPEG", progressive=True)
    assert corners(read(honest)) == UPRIGHT
    last = honest[honest.rindex(b"\xff\xda") : -2]
    monkeypatch.setattr("serve_app.media.pictures._read", None)
    assert refused(honest[:-2] + last * 100 + honest[-2:]) == "The picture has more than 100 scans."


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientations(kind: str, orientation: int) -> None:
    """VID-005: upright, as the telephone that took it shows it, and cut in that direction."""
    turned = quarters(640, 360)
    if turn := TURNS.get(orientation):
        turned = turned.transpose(UNDONE.get(turn.method, turn.method))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = read(encoded(turned, kind, exif=exif))
    assert (picture.shape, corners(picture)) == ((360, 640, 3), UPRIGHT)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
def test_broken_exif() -> None:
    """VID-005: is passed over, as browsers do."""
    for exif in (b"Exif\x00\x00", b"Exif\x00\x00nonsense", b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff"):
        for kind in FORMATS:
            assert corners(read(encoded(quarters(64, 36), kind, exif=exif))) == UPRIGHT


@pytest.mark.parametrize(
    ("ratio", "shape"), [(WIDE, (225, 400, 3)), (TALL, (300, 168, 3)), (SQUARE, (300, 300, 3))]
)
def test_the_centre_is_kept(ratio: Size, shape: tuple[int, int, int]) -> None:
    """VID-008: cut to the ratio of the video, never distorted; its middle stays in the middle."""
    picture = read(encoded(quarters(400, 300)), ratio)
    assert (picture.shape, corners(picture)) == (shape, UPRIGHT)
    middle = picture[shape[0] // 2 - 2 : shape[0] // 2 + 2, shape[1] // 2 - 2 : shape[1] // 2 + 2]
    assert len({tuple(pixel) for pixel in middle.reshape(-1, 3)}) == 4


@pytest.mark.parametrize("kind", FORMATS)
def test_large_pictures_are_shrunk(kind: str) -> None:
    """VID-005: no side above 2560."""
    picture = read(encoded(quarters(5120, 600), kind), (16, 1))
    assert (picture.shape, corners(picture)) == ((160, 2560, 3), UPRIGHT)


def test_small_pictures_are_kept_as_they_are() -> None:
    """VID-005: to the pixel; the engine makes them larger."""
    pixels = np.random.default_rng(5).integers(0, 256, (9, 16, 3), dtype=np.uint8)
    assert np.array_equal(read(encoded(Image.fromarray(pixels))), pixels)
    assert read(encoded(quarters(1, 1))).shape == (1, 1, 3)
    assert read(encoded(quarters(1, 3000))).shape == (1, 1, 3)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("JPEG", mode) for mode in ("L", "1", "CMYK")),
        *(("PNG", mode) for mode in ("L", "1", "P", "LA", "RGBA")),
        *(("WEBP", mode) for mode in ("L", "RGBA")),
    ],
)
def test_modes(kind: str, mode: str) -> None:
    """VID-005: palette, grey, CMYK and an opaque alpha channel become RGB."""
    image = quarters(160, 90).convert(mode, dither=Image.Dither.NONE)
    expected = np.asarray(image.convert("RGB")).astype(int)
    picture = read(encoded(image, kind)).astype(int)
    assert picture.shape == (90, 160, 3)
    assert np.abs(picture - expected)[10:40, 10:70].max() < 8


def test_16_bits() -> None:
    """VID-005: the upper eight are kept."""
    grey = np.arange(144, dtype=np.uint16).reshape(9, 16) * 450
    picture = read(encoded(Image.fromarray(grey)))
    assert np.array_equal(picture[..., 0], grey >> 8)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_white(mode: str) -> None:
    """VID-005: not black, and not what somebody hid under it; half of it is half white."""
    opaque = quarters(160, 90).convert("L" if mode == "LA" else "RGB")
    image = opaque.convert("RGBA")
    image.paste((1, 2, 3, 0), (0, 0, 80, 90))
    picture = read(encoded(image.quantize() if mode == "P" else image.convert(mode)))
    assert set(picture[:, :80].ravel()) == {255}
    assert np.abs(picture[:, 80:].astype(int) - np.asarray(opaque.convert("RGB"))[:, 80:]).max() < 3
    faint = read(encoded(Image.new("RGBA", (16, 9), (0, 0, 0, 128))))
    assert set(faint.ravel()) == {127}


def test_a_colour_that_is_transparent() -> None:
    """VID-005: PNG's other way, of a colour and of a grey."""
    red = encoded(quarters(160, 90), transparency=(250, 10, 10))
    assert corners(read(red)) == ["white", "green", "blue", "yellow"]
    grey = Image.new("L", (16, 9), 7)
    assert set(read(encoded(grey, transparency=7)).ravel()) == {255}


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_a_grey_that_is_transparent(depth: int) -> None:
    """VID-005: in every depth; its neighbours are not, down to the last of 16 bits."""
    samples = 16 if depth > 1 else 2
    values = np.arange(samples) if depth == 16 else np.arange(samples) % 2**depth
    content = grey_row(values, depth, tRNS=b"\0\1")
    expected = values >> 8 if depth == 16 else values * 255 // (2**depth - 1)
    expected[values == 1] = 255
    assert np.array_equal(read(content, (samples, 1))[0, :, 0], expected)


def test_a_colour_of_16_bits_that_is_transparent() -> None:
    """VID-005: told by its upper eight bits, which are all that is read of it."""
    pixels = np.array([[0x1234, 0x5678, 0x9ABC], [0x1134, 0x5678, 0x9ABC]], ">u2").tobytes()
    picture = read(png_row(pixels, 2, depth=16, tRNS=pixels[:6]), (2, 1))
    assert picture.tolist() == [[[255] * 3, [0x11, 0x56, 0x9A]]]


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "MPO"])
def test_the_first_frame(kind: str) -> None:
    """VID-005: of an animation, and of the two pictures in one file of some telephones."""
    second = Image.new("RGB", (160, 90), (0, 0, 0))
    content = encoded(quarters(160, 90), kind, save_all=True, append_images=[second])
    assert corners(read(content)) == UPRIGHT


SWAPPED = rgb_profile([PRIMARIES["sRGB"][n] for n in (1, 0, 2)], SRGB_CURVE)
"""Red means green, and green red."""


@pytest.mark.parametrize("kind", [*FORMATS, "MPO"])
def test_a_colour_profile(kind: str) -> None:
    """VID-019: applied before it is dropped, turned pictures, small ones and large ones alike."""
    exif = Image.Exif()
    exif[0x0112] = 3
    for size in ((160, 90), (5120, 2880)):
        picture = read(encoded(quarters(*size), kind, icc_profile=SWAPPED))
        assert corners(picture) == ["green", "red", "blue", "yellow"]
    turned = read(encoded(quarters(160, 90), kind, icc_profile=SWAPPED, exif=exif))
    assert corners(turned) == ["yellow", "blue", "red", "green"]


@pytest.mark.parametrize(
    ("space", "curve", "expected"),
    [
        ("Display P3", SRGB_CURVE, (83, 152, 95)),
        ("Adobe RGB", 2.2, (66, 151, 97)),
        ("sRGB", 1.0, (168, 202, 168)),
    ],
)
def test_known_spaces(space: str, curve: Curve, expected: tuple[int, int, int]) -> None:
    """VID-019: of telephones and cameras; values as of CSS Color 4's matrices."""
    profile = rgb_profile(PRIMARIES[space], curve)
    colour = Image.new("RGB", (16, 9), (100, 150, 100))
    for image in (colour, colour.quantize(), colour.convert("RGBA")):
        assert np.abs(read(encoded(image, icc_profile=profile))[0, 0] - np.array(expected)).max() <= 1


@pytest.mark.parametrize(
    "profile",
    [
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        rgb_profile(PRIMARIES["sRGB"], SRGB_CURVE),
    ],
)
def test_srgb_changes_no_pixel(profile: bytes) -> None:
    """VID-019: in whose words ever it is said."""
    assert np.array_equal(read(encoded(PHOTO, icc_profile=profile)), read(encoded(PHOTO)))


@pytest.mark.parametrize("mode", ["L", "LA", "1", "I;16"])
def test_a_profile_of_grey(mode: str) -> None:
    """VID-019: light itself, half of what is there or all of it; and a profile of colours, as some write."""
    values = np.full((9, 16), 255 if mode == "1" else 100, np.uint8)
    image = Image.fromarray(values.astype(np.uint16) * 256 if mode == "I;16" else values)
    if mode in ("LA", "1"):
        image = image.convert(mode)
    for profile in (grey_profile(1.0), rgb_profile(PRIMARIES["sRGB"], 1.0)):
        picture = read(encoded(image, icc_profile=profile))
        assert set(picture.ravel()) == ({255} if mode == "1" else {168})


def test_a_profile_of_ink() -> None:
    """VID-019: paper is white, and ink has the colour that the press gives it."""
    profile = cmyk_profile(ink=(128, 128, 200))
    inks = {(0, 0, 0, 0): (255, 255, 255), (0, 0, 0, 255): (0, 0, 0), (255, 0, 0, 0): (140, 117, 0)}
    for ink, expected in inks.items():
        content = encoded(Image.new("CMYK", (16, 9), ink), "JPEG", icc_profile=profile)
        assert np.abs(read(content)[0, 0] - np.array(expected)).max() <= 3


def test_transparency_under_a_profile() -> None:
    """VID-019, VID-005: what is transparent is white, not the profile's white; half of it is half white."""
    image = Image.new("RGBA", (16, 9), (255, 0, 0, 128))
    image.paste((0, 255, 0, 0), (0, 0, 8, 9))
    picture = read(encoded(image, icc_profile=SWAPPED))
    assert (picture[0, 0].tolist(), picture[0, 15].tolist()) == ([255, 255, 255], [128, 255, 127])


PASSED_OVER = {
    "nonsense": b"nonsense",
    "cut": SWAPPED[:200],
    "without red": SWAPPED.replace(b"rXYZ", b"xxxx"),
    "grey": grey_profile(1.0),
    "ink": cmyk_profile((128, 128, 200)),
    "Lab": icc_profile(b"Lab ", {}),
    "a chain of steps": SWAPPED + b"mpet",
}


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("what", PASSED_OVER)
def test_a_profile_that_is_passed_over(kind: str, what: str) -> None:
    """VID-019: a broken one, one for other pictures, one that could take minutes; pixels are sRGB then."""
    assert corners(read(encoded(quarters(160, 90), kind, icc_profile=PASSED_OVER[what]))) == UPRIGHT


@pytest.mark.parametrize("kind", FORMATS)
def test_the_size_of_a_profile(kind: str) -> None:
    """VID-019, VID-006: four MiB are applied; more are passed over, and never unpacked from a PNG."""
    for over in (0, 1):
        profile = SWAPPED.ljust(LARGEST_PROFILE + over, b"\0")
        content = encoded(quarters(160, 90), kind, icc_profile=profile)
        if not over:
            assert corners(read(content))[0] == "green"
        elif kind == "PNG":
            assert refused(content) == "The picture is broken."
        else:
            assert corners(read(content)) == UPRIGHT


@pytest.mark.parametrize(("gamma", "expected"), [(100_000, 168), (55_556, 119), (45_455, 100), (0, 100)])
def test_the_gamma_of_a_png(gamma: int, expected: int) -> None:
    """VID-019: of light itself, of an old Mac; near sRGB's, and where sRGB is named, it changes nothing."""
    told = {"gAMA": struct.pack(">I", gamma)}
    for colour, pixel in ((0, [100]), (2, [100] * 3), (6, [100] * 3 + [255])):
        for chunks, value in ((told, expected), ({"sRGB": b"\0", **told}, 100)):
            assert set(read(png_row(bytes(pixel), 1, colour=colour, **chunks)).ravel()) == {value}


def test_nothing_but_pixels_is_kept(tmp_path: Path) -> None:
    """VID-005, OUT-002: where and with what it was taken is gone from the file that waits for its job."""
    exif = Image.Exif()
    exif[0x010F] = "A telephone"
    exif.get_ifd(0x8825)[1] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encoded(quarters(160, 90), "JPEG", exif=exif, icc_profile=profile, comment=b"at home")
    kept = png(read(content))
    with Image.open(BytesIO(kept)) as image:
        image.load()
        assert (image.format, image.info, dict(image.getexif())) == ("PNG", {}, {})
    for told in (b"telephone", b"home", b"iCCP", b"eXIf", b"tEXt"):
        assert told not in kept
    (tmp_path / "kept.png").write_bytes(kept)
    assert np.array_equal(read_png(tmp_path / "kept.png"), read(content))


def test_a_file_of_any_size() -> None:
    """VID-006: what `padded` makes is a picture of exactly so many bytes."""
    content = padded(encoded(quarters(16, 9)), 100_000)
    assert (len(content), corners(read(content))) == (100_000, UPRIGHT)


SEEDS = [
    *(
        encoded(quarters(32, 18), kind, exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00")
        for kind in FORMATS
    ),
    encoded(quarters(32, 18).convert("P"), transparency=1),
    *(encoded(quarters(32, 18), kind, icc_profile=SWAPPED) for kind in FORMATS),
    grey_row(np.arange(32), 16, tRNS=b"\0\1", gAMA=bytes(4)),
    encoded(quarters(32, 18), save_all=True, append_images=[quarters(32, 18).rotate(90)]),
    encoded(quarters(32, 18), "WEBP", save_all=True, append_images=[quarters(32, 18).rotate(90)]),
    encoded(quarters(32, 18), "MPO", save_all=True, append_images=[quarters(32, 18)]),
]
changes = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow complains of what it can mend
@settings(deadline=None)
@given(seed=st.sampled_from(SEEDS), changed=changes, kept=st.floats(0.5, 1))
def test_any_bytes(seed: bytes, changed: list[tuple[float, int]], kept: float) -> None:
    """VID-006, OUT-002: a picture or a refusal, whatever was broken."""
    content = bytearray(seed)
    for where, value in changed:
        content[int(where * len(content))] = value
    try:
        picture = read(bytes(content[: int(kept * len(content))]), max_pixels=100_000)
    except InvalidRequest:
        return
    assert (picture.dtype, picture.shape[2]) == (np.uint8, 3)


sides = st.integers(1, 100_000)


@given(size=st.tuples(sides, sides), ratio=st.sampled_from([WIDE, TALL, SQUARE]))
def test_any_cut(size: Size, ratio: Size) -> None:
    """VID-008: inside, in the middle, as large as can be, and in the ratio to the pixel."""
    left, top, right, bottom = centre_cut(size, ratio)
    width, height = size_of((left, top, right, bottom))
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert abs(left - (size[0] - right)) <= 1
    assert abs(top - (size[1] - bottom)) <= 1
    assert width == size[0] or height == size[1]
    assert abs(width * ratio[1] - height * ratio[0]) <= max(ratio) or 1 in (width, height)
    small = shrunk((width, height), (width, height))
    assert max(small) <= LONGEST_SIDE
    assert small == (width, height) or max(small) == LONGEST_SIDE
