"""Recordings for tests, encoded here: no file of the project is a sound."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np

from serve_app.core.audio.pcm import Pcm16
from serve_app.engines import SAMPLE_RATE, Audio

CONTAINERS = {
    "wav": ("wav", "pcm_s16le"),
    "wav of bytes": ("wav", "pcm_u8"),
    "wav of floats": ("wav", "pcm_f32le"),
    "mp3": ("mp3", "libmp3lame"),
    "flac": ("flac", "flac"),
    "ogg with opus": ("ogg", "libopus"),
    "ogg with vorbis": ("ogg", "vorbis"),
    "m4a": ("ipod", "aac"),
    "m4a with alac": ("ipod", "alac"),
    "webm": ("webm", "libopus"),
}
"""Muxer and encoder of each kind."""
VOWELS = (
    ((730, 90), (1090, 110), (2440, 170)),  # a
    ((270, 60), (2290, 200), (3010, 300)),  # i
    ((300, 60), (870, 100), (2240, 170)),  # u
)
"""(formant, bandwidth) in Hz, after Peterson and Barney (1952)."""


def tone(seconds: float, hertz: float = 440.0, rate: int = 48_000, level: float = 0.3) -> Pcm16:
    """A sine."""
    time = np.arange(round(seconds * rate)) / rate
    return (level * 32767 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def vowel(pitch: float, formants: tuple[tuple[int, int], ...], seconds: float) -> Audio:
    """A voiced vowel: harmonics of a trembling pitch, shaped by formants."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.03 * np.sin(10 * np.pi * time))) / SAMPLE_RATE
    wave = np.zeros(len(time))
    for harmonic in range(1, int(5000 / pitch)):
        gain = sum(1 / (1 + ((harmonic * pitch - at) / width) ** 2) for at, width in formants)
        wave += gain / harmonic**0.5 * np.sin(harmonic * phase)
    envelope = np.minimum(1.0, np.minimum(time / 0.02, (seconds - time) / 0.03))
    return (wave * envelope).astype(np.float32)


def babble() -> Audio:
    """One second of silence, two of syllables, one of silence."""
    noise = np.random.default_rng(1)
    syllables = []
    for index in range(8):
        consonant = noise.normal(0, 0.3, 800) * np.hanning(800)
        syllables += [consonant, vowel(110 + 10 * (index % 3), VOWELS[index % 3], 0.2), np.zeros(640)]
    spoken = np.concatenate([np.zeros(SAMPLE_RATE), *syllables, np.zeros(SAMPLE_RATE)])
    return (0.3 * spoken / np.abs(spoken).max()).astype(np.float32)


def encode(kind: str, samples: Pcm16, rate: int = 48_000, *, video: bool = False) -> bytes:
    """A file of one kind: samples of shape (n,) or (n, 2), with moving pictures in it if asked."""
    muxer, encoder = CONTAINERS[kind]
    if samples.ndim == 1 and encoder == "vorbis":  # ffmpeg's own encoder knows stereo only
        samples = np.stack([samples, samples], axis=1)
    layout = "mono" if samples.ndim == 1 else "stereo"
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as container:
        # All streams must be known before the first packet.
        pictures: Any = (
            container.add_stream("libvpx" if muxer == "webm" else "mpeg4", rate=25) if video else None
        )
        stream: Any = container.add_stream(encoder, rate=rate, options={"strict": "-2"})
        stream.layout = layout
        if pictures:
            pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
            for picture in [av.VideoFrame(64, 64, "yuv420p") for _ in range(10)] + [None]:
                container.mux(pictures.encode(picture))
        encode_into(container, stream, samples, layout)
    return file.getvalue()


def encode_into(container: Any, stream: Any, samples: Pcm16, layout: str) -> None:
    """Encode in frames of the encoder's own format and size."""
    if not stream.codec_context.is_open:
        stream.codec_context.open()  # from now on it knows its frame size
    fitting = av.AudioResampler(stream.format, layout, stream.rate, stream.codec_context.frame_size or 1024)
    for second in range(0, len(samples), stream.rate):
        part = samples[second : second + stream.rate].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout=layout)
        frame.sample_rate, frame.pts = stream.rate, second
        for fitted in fitting.resample(frame):
            container.mux(stream.encode(fitted))
    for last in [*fitting.resample(None), None]:
        container.mux(stream.encode(last))


def holed(content: bytes, share: float = 0.05) -> bytes:
    """A file whose middle is noise bytes."""
    at, count = len(content) // 2, round(len(content) * share)
    noise = np.random.default_rng(1).integers(0, 256, count, np.uint8).tobytes()
    return content[:at] + noise + content[at + count :]
