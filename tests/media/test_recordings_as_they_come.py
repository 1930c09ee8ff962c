"""Damaged recordings, many channels, and files that do not begin at their first frame: VP-005..008."""

from __future__ import annotations

import io
import struct
from typing import Any

import av
import numpy as np
import pytest

from serve_app.core.audio.losses import Damage
from serve_app.core.audio.pcm import Pcm16
from serve_app.engines import SAMPLE_RATE
from serve_app.errors import AudioTooLong, InvalidAudio
from serve_app.media import audio_file
from serve_app.media.audio_file import AudioFile
from tests.recordings import CONTAINERS, encode, holed, tone


def read(content: bytes, max_seconds: float = 60.0) -> tuple[Pcm16, Damage | None]:
    recording = AudioFile(io.BytesIO(content), max_seconds=max_seconds)
    return np.concatenate(list(recording.blocks())), recording.damage


def level(samples: Pcm16) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def noise(count: int) -> bytes:
    return np.random.default_rng(1).integers(0, 256, count, np.uint8).tobytes()


def fragmented() -> bytes:
    """Four seconds as Safari records them: an m4a in fragments."""
    file = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "1000000"}
    with av.open(file, "w", format="mp4", options=options) as container:
        stream: Any = container.add_stream("aac", rate=48_000)
        stream.layout = "mono"
        samples = tone(4.0)
        for at in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, at : at + 1024], "s16", "mono")
            frame.sample_rate, frame.pts = 48_000, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


@pytest.mark.parametrize("kind", ["mp3", "flac", "ogg with opus", "ogg with vorbis", "m4a", "m4a with alac"])
def test_what_follows_a_hole_keeps_its_time(kind: str) -> None:
    """VP-006: silence stands for what is lost, where timestamps tell it; those of an mp3 are counted."""
    samples, damage = read(holed(encode(kind, tone(10.0))))
    assert damage is not None
    assert 3.9 < damage.at < 6.0
    assert damage.seconds > 0
    assert len(samples) / SAMPLE_RATE == pytest.approx(10.0, abs=0.6 if kind == "mp3" else 0.05)
    assert level(samples[-SAMPLE_RATE * 2 : -SAMPLE_RATE]) == pytest.approx(level(tone(1.0)), rel=0.1)


@pytest.mark.parametrize("content", [encode("flac", tone(4.0)), fragmented()], ids=["flac", "m4a"])
def test_what_is_cut_off_is_told(content: bytes) -> None:
    """VP-006: where the head announced more."""
    samples, damage = read(content[: len(content) * 6 // 10])
    assert damage is not None
    assert damage.at == pytest.approx(len(samples) / SAMPLE_RATE, abs=0.01)
    assert 1.0 < len(samples) / SAMPLE_RATE < 2.6


@pytest.mark.parametrize("kind", CONTAINERS)
def test_a_whole_recording_is_not_called_damaged(kind: str) -> None:
    """VP-006."""
    assert read(encode(kind, tone(3.0)))[1] is None


def test_a_recording_of_which_nothing_can_be_decoded_is_refused() -> None:
    """VP-006, ERR-010."""
    content = bytearray(encode("flac", tone(2.0)))
    first = content.index(b"\xff\xf8")
    content[first:] = noise(len(content) - first)
    with pytest.raises(InvalidAudio, match="no audio"):
        read(bytes(content))


def test_errors_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """VP-006, OUT-002: after so many the rest is left alone, and told as lost."""
    monkeypatch.setattr(audio_file, "MOST_ERRORS", 5)
    samples, damage = read(holed(encode("m4a", tone(10.0))))
    assert damage is not None
    assert len(samples) / SAMPLE_RATE == pytest.approx(damage.at, abs=0.01)
    assert damage.at + damage.seconds == pytest.approx(10.0, abs=0.1)


def test_silence_for_what_is_lost_counts_for_the_limit() -> None:
    """VP-006, OUT-002."""
    content = holed(encode("ogg with opus", tone(10.0)))
    assert read(content, 10.1)[1] is not None
    with pytest.raises(AudioTooLong):
        read(content, 9.5)


SAMPLE_FORMATS = {
    "u8": (1, 1, lambda sound: (sound * 127 + 128).astype("<u1")),
    "s16": (1, 2, lambda sound: (sound * 32767).astype("<i2")),
    "s32": (1, 4, lambda sound: (sound * 2147483000).astype("<i4")),
    "flt": (3, 4, lambda sound: sound.astype("<f4")),
    "dbl": (3, 8, lambda sound: sound.astype("<f8")),
}


def wav_of(channels: int, place: int, kind: str = "s16", rate: int = 16_000) -> bytes:
    """Half a second of a tone on one channel, the others silent, without a mask that names them."""
    tag, size, made = SAMPLE_FORMATS[kind]
    sound = np.zeros((rate // 2, channels))
    sound[:, place] = tone(0.5, rate=rate) / 32768
    data = made(sound).tobytes()
    block = channels * size
    head = struct.pack("<HHIIHH", tag, channels, rate, block * rate, block, 8 * size)
    riff = b"WAVEfmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(riff)) + riff


@pytest.mark.parametrize("channels", range(2, 65))
def test_any_number_of_channels(channels: int) -> None:
    """VP-007: whichever of them it is on, speech has half its level at least."""
    for place in {0, channels // 2, min(3, channels - 1), channels - 1}:
        samples, _ = read(wav_of(channels, place))
        assert level(samples) == pytest.approx(level(tone(0.5)) / 2, rel=0.02)


@pytest.mark.parametrize("kind", SAMPLE_FORMATS)
@pytest.mark.parametrize("channels", [1, 2, 6, 9])
def test_any_format_of_samples(kind: str, channels: int) -> None:
    """VP-007."""
    samples, _ = read(wav_of(channels, channels - 1, kind, 44_100))
    share = 1 if channels == 1 else 2
    assert level(samples) == pytest.approx(level(tone(0.5)) / share, rel=0.05)


@pytest.mark.parametrize("channels", [9, 12, 33, 64])
def test_a_plane_for_each_of_many_channels(channels: int) -> None:
    """VP-007: Opus decodes into planes, of which PyAV reads eight."""
    layout, file = f"{channels} channels", io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream: Any = container.add_stream("libopus", rate=48_000, options={"mapping_family": "255"})
        stream.layout = layout
        sound = np.zeros((48_000, channels), np.int16)
        sound[:, -1] = tone(1.0)
        for at in range(0, len(sound), 960):
            part = np.ascontiguousarray(sound[at : at + 960]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(part, "s16", layout)
            frame.sample_rate, frame.pts = 48_000, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    samples, _ = read(file.getvalue())
    assert level(samples[4000:12_000]) == pytest.approx(level(tone(0.5)) / 2, rel=0.05)


@pytest.mark.parametrize("channels", [65, 256, 1000])
def test_an_absurd_number_of_channels_is_refused_in_words(channels: int) -> None:
    """VP-007, ERR-010."""
    with pytest.raises(InvalidAudio, match="too many channels; 64"):
        read(wav_of(channels, 0))


def test_floats_that_are_no_numbers() -> None:
    """VP-007, OUT-002: what a broken recorder writes is silence, and what is too loud is cut."""
    content = bytearray(wav_of(2, 0, "flt"))
    content[-32:] = struct.pack("<8f", *[float("nan"), float("inf"), 1e38, -1e38] * 2)
    samples, _ = read(bytes(content))
    assert level(samples) == pytest.approx(level(tone(0.5)) / 2, rel=0.05)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg with vorbis"])
def test_stereo_turned_around_is_no_silence(kind: str) -> None:
    """VP-005: what a balanced cable into a stereo jack makes."""
    samples, _ = read(encode(kind, np.stack([tone(2.0), -tone(2.0)], axis=1)))
    assert level(samples) == pytest.approx(level(tone(2.0)), rel=0.1)


def tag(size: int, flags: int = 0) -> bytes:
    """An ID3v2 tag of so many bytes behind its head: a picture with things in it that look like frames."""
    seven_bits = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    picture = (b"APIC\xff\xfb\x90\x64\xff\xd8" * (size // 10 + 1))[:size]
    return b"ID3\4\0" + bytes([flags]) + seven_bits + picture + (b"3DI" + bytes(7) if flags & 0x10 else b"")


MP3 = encode("mp3", tone(2.0))
BEFORE_MP3 = {
    "zeros": bytes(417),
    "many zeros": bytes(60_000),
    "the rest of a frame": MP3[-300:],
    "the headers of a stream": b"ICY 200 OK\r\nicy-name: Radio\r\nicy-metaint:16000\r\n\r\n",
    "a page": b"<html><body>Warning: \xff\xfb is deprecated</body></html>\n" * 20,
    "a tag": tag(2000),
    "a tag with a picture": tag(700_000),
    "a tag with a foot": tag(500, 0x10),
    "two tags": tag(100) + tag(3000),
    "a tag, then zeros": tag(200) + bytes(4000),
}


@pytest.mark.parametrize("name", BEFORE_MP3)
def test_an_mp3_that_does_not_begin_at_a_frame(name: str) -> None:
    """VP-008: players look for the next frame too."""
    samples, _ = read(BEFORE_MP3[name] + MP3)
    assert len(samples) / SAMPLE_RATE == pytest.approx(2.0, abs=0.1)
    assert level(samples[8000:-8000]) == pytest.approx(level(tone(1.0)), rel=0.1)


@pytest.mark.parametrize("tail", [b"TAG" + bytes(125), b"\0" * 1000], ids=["ID3v1", "zeros"])
def test_what_follows_an_mp3(tail: bytes) -> None:
    """VP-008."""
    samples, damage = read(MP3 + tail)
    assert len(samples) / SAMPLE_RATE == pytest.approx(2.0, abs=0.1)
    assert damage is None


@pytest.mark.parametrize("before", [tag(2000), bytes(100), b"\xef\xbb\xbf", b"\r\n\r\n"])
@pytest.mark.parametrize("kind", ["wav", "flac", "ogg with opus", "webm"])
def test_tags_and_slips_of_scripts_before_other_containers(kind: str, before: bytes) -> None:
    """VP-008: FLAC with an ID3 tag is common; a blank line or a BOM is what a script sent by mistake."""
    samples, _ = read(before + encode(kind, tone(2.0)))
    assert len(samples) / SAMPLE_RATE == pytest.approx(2.0, abs=0.06)


@pytest.mark.parametrize(
    "content",
    [
        noise(100_000),
        b"\xff\xfb\x90\x64" * 20_000,
        tag(1000) + b"no audio",
        tag(100_000)[:500],
        bytes(100_000) + MP3,
        b"\n" * 20 + b"#EXTM3U\n#EXTINF:3,\nhttp://127.0.0.1:1/a.mp3\n",
        tag(200) + b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n" + MP3[:300],
    ],
    ids=["noise", "headers", "a tag", "half a tag", "too far", "playlist", "SDP", "list of files"],
)
def test_what_only_looks_like_an_mp3(content: bytes) -> None:
    """VP-008, OUT-002: one header is none; three have to follow each other."""
    with pytest.raises(InvalidAudio):
        read(content)
