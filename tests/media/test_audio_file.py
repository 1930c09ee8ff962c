"""Recordings in every promised container, and files that are none: VP-001, OUT-002."""

from __future__ import annotations

import io
import resource
import struct
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from serve_app.core.audio.pcm import Pcm16
from serve_app.engines import SAMPLE_RATE
from serve_app.errors import AudioTooLong, InvalidAudio, InvalidRequest
from serve_app.media.audio_file import AudioFile
from serve_app.media.container_start import FORMATS
from tests.recordings import CONTAINERS, encode, encode_into, holed, tone


def opened(content: bytes, max_seconds: float = 60.0) -> AudioFile:
    return AudioFile(io.BytesIO(content), max_seconds=max_seconds)


def decoded(content: bytes) -> Pcm16:
    return np.concatenate(list(opened(content).blocks()))


def loudest(samples: Pcm16) -> float:
    """Hz of the strongest partial."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * SAMPLE_RATE / len(samples))


def level(samples: Pcm16) -> float:
    """Root mean square of the middle half: encoders need a moment at both ends."""
    middle = samples[len(samples) // 4 : -len(samples) // 4].astype(np.float64)
    return float(np.sqrt(np.mean(middle**2)))


@pytest.mark.parametrize("kind", CONTAINERS)
def test_every_promised_format_is_decoded(kind: str) -> None:
    """VP-001: 16 kHz mono, the same sound as was encoded, announced at its true length."""
    content = encode(kind, tone(2.5))
    samples = decoded(content)
    assert samples.dtype == np.int16
    assert len(samples) / SAMPLE_RATE == pytest.approx(2.5, abs=0.06)
    assert loudest(samples) == pytest.approx(440, abs=2)
    assert level(samples) == pytest.approx(level(tone(2.5)), rel=0.1)
    assert opened(content).duration == pytest.approx(2.5, abs=0.06)
    assert any(kind.startswith(known) for known in FORMATS)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 96000, 192000])
def test_any_sample_rate_becomes_16_khz(rate: int) -> None:
    """VP-001."""
    samples = decoded(encode("wav", tone(1.5, rate=rate), rate))
    assert len(samples) == pytest.approx(1.5 * SAMPLE_RATE, abs=32)
    assert loudest(samples) == pytest.approx(440, abs=2)


def test_audio_at_16_khz_is_passed_through_untouched() -> None:
    """VP-001."""
    original = tone(2.25, rate=SAMPLE_RATE)
    assert np.array_equal(decoded(encode("wav", original, SAMPLE_RATE)), original)


def test_channels_are_mixed() -> None:
    """VP-001: nobody on one channel of a call is lost."""
    both = np.stack([tone(2.0, 440), tone(2.0, 1000, level=0.2)], axis=1)
    spectrum = np.abs(np.fft.rfft(decoded(encode("flac", both))[:SAMPLE_RATE]))
    assert {int(at) for at in np.argsort(spectrum)[-2:]} == {440, 1000}


@pytest.mark.parametrize("kind", ["m4a", "webm"])
def test_video_is_skipped(kind: str) -> None:
    """VP-001: browsers and phones record pictures into the same containers."""
    assert loudest(decoded(encode(kind, tone(1.0), video=True))) == pytest.approx(440, abs=2)


def test_a_recording_without_an_announced_length_is_read() -> None:
    """VP-001: what a browser streams into a WebM has no length in its head."""
    content = encode("webm", tone(1.0))
    head, value = content.index(b"\x44\x89\x88"), struct.pack(">d", 0.0)
    unknown = content[: head + 3] + value + content[head + 11 :]
    assert opened(unknown).duration is None
    assert len(decoded(unknown)) == pytest.approx(SAMPLE_RATE, abs=400)


def test_blocks_are_about_a_second() -> None:
    """OUT-002: a long recording is never in memory as a whole."""
    sizes = [len(block) for block in opened(encode("mp3", tone(5.0))).blocks()]
    assert all(SAMPLE_RATE <= size < 1.1 * SAMPLE_RATE for size in sizes[:-1])
    assert len(sizes) == 5


def test_memory_does_not_grow_with_the_recording() -> None:
    """OUT-002: 600 s of silence, 19 MB as PCM, are a few kB of FLAC."""
    recording = opened(encode("flac", np.zeros(600 * SAMPLE_RATE, np.int16), SAMPLE_RATE), 700.0)
    tracemalloc.start()
    try:
        total = sum(len(block) for block in recording.blocks())
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert total == 600 * SAMPLE_RATE


def wav(channels: int, rate: int, samples: int) -> bytes:
    size = 2 * channels * samples
    head = struct.pack("<HHIIHH", 1, channels, rate, 2 * channels * rate, 2 * channels, 16)
    return (
        b"RIFF"
        + struct.pack("<I", size + 36)
        + b"WAVEfmt \x10\0\0\0"
        + head
        + b"data"
        + bytes(4)
        + bytes(size)
    )


HOSTILE = {
    "nothing": b"",
    "text": b"Dear listener, this is not audio.",
    "SDP": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    "playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:3,\nhttp://127.0.0.1:1/a.mp3\n#EXT-X-ENDLIST\n",
    "list of files": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(200),
    "MPEG transport stream": (b"G" + bytes(187)) * 20,
    "ADTS without a container": b"\xff\xf1P\x80\x02\x1f\xfc" * 40,
    "UTF-16": "เสียง".encode("utf-16") * 40,
    **{f"only the head of {kind}": encode(kind, tone(0.1))[:12] for kind in CONTAINERS},
    "WAV of no audio": wav(1, 16_000, 0),
    "WAV at 1 Hz": wav(1, 1, 4000),
    "WAV at 4 GHz": wav(1, 2**31 - 1, 4000),
    "WAV of 65 channels": wav(65, 16_000, 100),
    "WAV of a thousand channels": wav(1000, 16_000, 100),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_anything_else_is_refused(name: str) -> None:
    """VP-001, ERR-010: 400 `invalid_audio`, and no other file is opened on the way."""
    with pytest.raises(InvalidAudio) as refusal:
        decoded(HOSTILE[name])
    assert (refusal.value.status, refusal.value.code) == (400, "invalid_audio")


def test_the_refusal_names_what_is_taken() -> None:
    """VP-001, ERR-010."""
    with pytest.raises(InvalidAudio, match="flac, m4a, mp3, ogg, wav, webm"):
        opened(b"Dear listener, this is not audio.")


def test_a_file_of_pictures_alone_is_refused() -> None:
    """VP-001: a container without an audio stream."""
    with pytest.raises(InvalidAudio):
        opened(pictures())


@pytest.mark.parametrize("encoder", ["ac3", "eac3"])
def test_a_codec_that_is_not_on_the_list_is_refused(encoder: str) -> None:
    """OUT-002: a known container is no way to the hundreds of other decoders."""
    with pytest.raises(InvalidAudio):
        opened(matroska_with(encoder))


def test_nothing_of_a_broken_file_reaches_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    """ERR-020: ffmpeg would write to stderr by itself."""
    for name in HOSTILE:
        with pytest.raises(InvalidAudio):
            decoded(HOSTILE[name])
    decoded(broken("m4a"))
    assert capfd.readouterr() == ("", "")


def broken(kind: str) -> bytes:
    """A second of noise bytes after the first half of ten seconds."""
    return holed(encode(kind, tone(10.0)), 0.1)


def until_refused(recording: AudioFile) -> tuple[float, InvalidRequest]:
    """Seconds that were decoded before the error."""
    samples = 0
    try:
        for block in recording.blocks():
            samples += len(block)
    except InvalidRequest as refusal:
        return samples / SAMPLE_RATE, refusal
    pytest.fail("it was read to its end")


@pytest.mark.parametrize("kind", ["mp3", "m4a"])
def test_a_recording_broken_in_the_middle_is_read_on(kind: str) -> None:
    """VP-001, VP-006: what comes after the hole too, and it tells where the hole is."""
    recording = opened(broken(kind))
    samples = np.concatenate(list(recording.blocks()))
    assert recording.damage is not None
    assert 4.0 < recording.damage.at < 6.5
    assert loudest(samples[-2 * SAMPLE_RATE :]) == pytest.approx(440, abs=2)


def test_a_recording_that_stops_early_is_read_to_there() -> None:
    """VP-001: the recorder that was switched off is not the caller's fault."""
    for kind in ("wav", "mp3", "webm"):
        content = encode(kind, tone(4.0))
        assert 1.5 < len(decoded(content[: len(content) // 2])) / SAMPLE_RATE < 2.1


def test_a_recording_over_the_limit() -> None:
    """OUT-002: a few kB may hold days of silence."""
    content = encode("flac", np.zeros(100 * SAMPLE_RATE, np.int16), SAMPLE_RATE)
    seconds, refusal = until_refused(opened(content, 30.0))
    assert isinstance(refusal, AudioTooLong)
    assert (seconds, refusal.status, refusal.code) == (30.0, 400, "audio_too_long")
    assert sum(map(len, opened(content, 100.0).blocks())) == 100 * SAMPLE_RATE


def test_a_table_of_millions_of_frames_is_refused() -> None:
    """OUT-002: 10 kB that would fill gigabytes with an index."""
    content = bytearray(encode("m4a", tone(1.0)))
    many = 150_000_000
    for name, fields in (
        (b"stsz", (0, 1, many)),
        (b"stsc", (0, 1, 1, many, 1)),
        (b"stts", (0, 1, many, 1024)),
    ):
        struct.pack_into(f">{len(fields)}I", content, content.index(name) + 4, *fields)
    before = resident()
    with pytest.raises(InvalidAudio):
        decoded(bytes(content))
    assert resident() - before < 100 * 1024 * 1024


def resident() -> int:
    """Most bytes this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_a_name_is_never_a_path(tmp_path: Path) -> None:
    """OUT-002: neither opened, nor a hint at the format, nor shown."""

    class Named(io.BytesIO):
        name = str(tmp_path / "secret.sdp")

    assert (
        len(np.concatenate(list(AudioFile(Named(encode("mp3", tone(1.0))), max_seconds=60).blocks())))
        > 15_000
    )
    with pytest.raises(InvalidAudio) as refusal:
        AudioFile(Named(b"ID3 and no more"), max_seconds=60)
    assert "secret" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_read_from_its_start_and_left_open() -> None:
    """OUT-002: it belongs to the upload."""
    file = io.BytesIO(encode("wav", tone(1.0)))
    file.seek(100)
    recording = AudioFile(file, max_seconds=60)
    assert sum(map(len, recording.blocks())) == SAMPLE_RATE
    recording.close()
    recording.close()
    assert not file.closed


def test_close_while_another_thread_reads() -> None:
    """OUT-002: a caller who leaves ends the work; the reading thread meets an error and no crash."""
    recording = opened(encode("flac", np.zeros(3000 * SAMPLE_RATE, np.int16), SAMPLE_RATE), 3000.0)
    begun = threading.Event()

    def read() -> int:
        blocks = 0
        for _ in recording.blocks():
            begun.set()
            blocks += 1
        return blocks

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        begun.wait()
        recording.close()
        with pytest.raises(ValueError, match="closed"):
            reading.result()


def pictures() -> bytes:
    """A WebM without sound."""
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for picture in [av.VideoFrame(64, 64, "yuv420p"), None]:
            container.mux(stream.encode(picture))
    return file.getvalue()


def matroska_with(encoder: str) -> bytes:
    """A second of any codec."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream: Any = container.add_stream(encoder, rate=48_000, options={"strict": "-2"})
        stream.layout = "stereo"
        encode_into(container, stream, np.zeros((48_000, 2), np.int16), "stereo")
    return file.getvalue()
