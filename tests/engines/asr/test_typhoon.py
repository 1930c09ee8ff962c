"""The `typhoon` engine on tiny models that came through a real archive, conversion, load and decode."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from deployments.asr.nemo.convert_typhoon import convert
from deployments.asr.replica import RecognizerReplica, Window
from deployments.asr.typhoon.engine import PADDED_SECONDS, TyphoonRecognizer, _groups
from deployments.asr.typhoon.transducer import greedy
from deployments.serving.loader import EngineConfigError, load_engine
from serve_app.engines import SAMPLE_RATE, Audio, Hints, Word
from serve_app.errors import DecodeFailed, InvalidRequest
from tests.engines.asr.tiny_archive import write_archive
from tests.engines.asr.tiny_parakeet import PIECES, Weights, config, random_weights, scripted_weights

pytestmark = pytest.mark.usefixtures("one_thread")

SCRIPT = ("สวัส", "ดีครับ", "▁วัน", "นี้เรา", "เรียน", "ภาษา", "ไทย", "▁hel", "lo")
Convert = Callable[..., str]


@pytest.fixture(scope="module", params=[False, True], ids=["full context", "cache-aware"])
def cache_aware(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory, cache_aware: bool) -> Convert:
    def converted(weights: Weights, max_symbols: int = 10, name: str = "tiny") -> str:
        folder = tmp_path_factory.mktemp("typhoon")
        settings = config(max_symbols, cache_aware=cache_aware)
        convert(write_archive(folder / "tiny.nemo", weights, settings, PIECES), folder, name)
        return str(folder)

    return converted


@pytest.fixture(scope="module")
def scripted(folder_of: Convert, cache_aware: bool) -> TyphoonRecognizer:
    """Emits SCRIPT, one token a frame, whatever it hears."""
    weights = scripted_weights(SCRIPT, cache_aware=cache_aware)
    return TyphoonRecognizer(folder_of(weights, max_symbols=1), device="cpu")


@pytest.fixture(scope="module")
def listening_folder(folder_of: Convert, cache_aware: bool) -> str:
    """A random model, whose tokens depend on the audio."""
    return folder_of(random_weights(cache_aware=cache_aware), max_symbols=2)


def speech(seconds: float, seed: int = 0) -> Audio:
    """Noise whose loudness and colour move."""
    noise = np.random.default_rng(seed).normal(0, 0.05, int(seconds * SAMPLE_RATE))
    wave = 1 + np.sin(np.arange(len(noise)) / (300 + 200 * seed))
    return (noise * np.hanning(len(noise)) * wave).astype(np.float32)


def words(recognizer: TyphoonRecognizer, audio: Audio, *, final: bool = True) -> tuple[Word, ...]:
    return recognizer.recognize([Window(audio, final)])[0].words


def spans(found: Sequence[Word]) -> list[tuple[str, float, float]]:
    return [(word.text, word.start, word.end) for word in found]


def test_hears_what_the_model_emits(scripted: TyphoonRecognizer) -> None:
    """ASR-045: tokens become Thai words and Latin words, timed to the frames of their tokens."""
    (heard,) = scripted.recognize([Window(speech(2.0))])
    assert spans(heard.words) == [
        ("สวัสดี", 0.0, 0.107),  # `ดีครับ` belongs to two words: two of its six characters to this one
        ("ครับ", 0.107, 0.16),
        ("วันนี้", 0.16, 0.28),
        ("เรา", 0.28, 0.32),
        ("เรียน", 0.32, 0.4),
        ("ภาษาไทย", 0.4, 0.56),
        ("hello", 0.56, 0.72),
    ]
    assert heard.tokens == tuple(PIECES.index(piece) for piece in SCRIPT)
    assert heard.language == "th"
    assert heard.avg_logprob == pytest.approx(0.0, abs=1e-6)


def test_a_frame_emits_a_bounded_number_of_tokens(folder_of: Convert, cache_aware: bool) -> None:
    """ASR-046: a decoder that never stops emitting still comes to the end of the audio."""
    weights = scripted_weights(["ก"] * 20, cache_aware=cache_aware)
    endless = TyphoonRecognizer(folder_of(weights, max_symbols=3), device="cpu")
    (heard,) = endless.recognize([Window(speech(0.17))])
    assert len(heard.tokens) == 3 * 3
    assert all(word.end <= 0.17 for word in heard.words)


def test_short_audio_clamps_the_times(scripted: TyphoonRecognizer) -> None:
    """ASR-048: no word ends after the audio, though the last frame does."""
    for seconds in (0.08, 0.1, 0.35):
        found = words(scripted, speech(seconds))
        assert found
        assert found[-1].end <= seconds


def test_a_partial_is_a_prefix_of_the_final(scripted: TyphoonRecognizer) -> None:
    """ASR-043: an unfinished window tells what was heard so far and invents nothing."""
    final = words(scripted, speech(2.0))
    partial = words(scripted, speech(0.33), final=False)
    assert [word.text for word in partial] == [word.text for word in final[: len(partial)]]
    assert len(partial) == 5


def test_a_batch_is_decoded_as_its_members_alone(listening_folder: str) -> None:
    """ASR-005: streams that are decoded together do not touch one another, whatever their lengths."""
    recognizer = TyphoonRecognizer(listening_folder, device="cpu")
    windows = [Window(speech(seconds, seed)) for seed, seconds in enumerate((1.0, 0.3, 1.9, 0.56, 0.08))]
    together = recognizer.recognize(windows)
    assert len({heard.tokens for heard in together}) == len(windows)
    for window, heard in zip(windows, together, strict=True):
        (alone,) = recognizer.recognize([window])
        assert heard.tokens == alone.tokens
        assert spans(heard.words) == spans(alone.words)
        assert heard.avg_logprob == pytest.approx(alone.avg_logprob, abs=1e-4)


def test_greedy_is_the_same_as_the_reference(listening_folder: str) -> None:
    """ASR-045: tokens and frames of our search are those of transformers' `generate`."""
    recognizer = TyphoonRecognizer(listening_folder, device="cpu")
    model, blank = recognizer._model, len(PIECES)
    for seed, seconds in enumerate((1.0, 0.56, 1.9)):
        features = recognizer._processor([speech(seconds, seed)], sampling_rate=SAMPLE_RATE)
        with torch.inference_mode():
            encoded = model.get_audio_features(**features)
            (ours,) = greedy(model, encoded.pooler_output, encoded.attention_mask.sum(-1))
            theirs = model.generate(**features, max_new_tokens=100)
        frames = (theirs.durations.cumsum(-1) - theirs.durations)[0].tolist()
        emitted = zip(theirs.sequences[0].tolist(), frames, strict=True)
        assert [(token.id, token.frame) for token in ours] == [pair for pair in emitted if pair[0] != blank]
        assert len({token.id for token in ours}) > 3


def test_silence_has_no_words(scripted: TyphoonRecognizer) -> None:
    """ASR-050: nothing, zeros, a whisper below the converter's noise and a blip are not decoded."""
    quiet = [np.zeros(0, np.float32), np.zeros(32_000, np.float32), speech(1.0) * 1e-5, speech(0.07)]
    said = speech(1.0)
    heard = scripted.recognize([Window(audio) for audio in (*quiet, said)])
    assert [len(each.words) for each in heard] == [0, 0, 0, 0, 7]
    assert scripted.recognize([]) == []


def test_only_thai_is_understood(scripted: TyphoonRecognizer) -> None:
    """VP-001: a language that the engine does not know is refused, not heard as Thai."""
    assert scripted.recognize([Window(speech(1.0), hints=Hints("th"))])[0].words
    with pytest.raises(InvalidRequest):
        scripted.recognize([Window(speech(1.0)), Window(speech(1.0), hints=Hints("en"))])


def test_the_card_names_the_checkpoint(scripted: TyphoonRecognizer) -> None:
    """ASR-002: the public name stays, the converted checkpoint is named."""
    card = scripted.card
    assert (card.engine, card.impl, card.embedded, card.languages) == ("typhoon", "tiny", False, ("th",))
    assert card.device == "cpu"


async def test_a_replica_serves_it(scripted: TyphoonRecognizer) -> None:
    """ASR-045: the engine does what a replica asks of it, the warm-up too."""
    replica = RecognizerReplica(scripted, ["typhoon"])
    heard = await replica.transcribe(speech(1.0), final=True)
    assert "".join(word.text for word in heard.words) == "สวัสดีครับวันนี้เราเรียนภาษาไทยhello"


def test_a_model_that_overflows_fails(folder_of: Convert, cache_aware: bool) -> None:
    """ASR-046: no words are made from numbers that overflowed; the decode fails."""
    weights = random_weights(cache_aware=cache_aware)
    weights["joint.enc.bias"][0] = math.nan
    with pytest.raises(DecodeFailed):
        TyphoonRecognizer(folder_of(weights), device="cpu").recognize([Window(speech(1.0))])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_padding_does_not_overflow_in_half_precision(listening_folder: str, dtype: str) -> None:
    """ASR-046: the mask of padded frames, the lowest number of the type, stays out of the other frames."""
    recognizer = TyphoonRecognizer(listening_folder, device="cpu", dtype=dtype)
    heard = recognizer.recognize([Window(speech(1.9)), Window(speech(0.2, 1))])
    assert all(each.tokens and math.isfinite(each.avg_logprob) for each in heard)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"checkpoint": "nowhere"}, "'nowhere': not a folder that convert_typhoon wrote"),
        ({"device": "tpu"}, "'tpu': one of auto, cpu, cuda"),
        ({"dtype": "int3"}, "'int3': one of auto, float32"),
        ({"beams": 3}, "its options: checkpoint, device, dtype"),
    ],
)
def test_a_wrong_row_is_told_plainly(listening_folder: str, options: dict[str, object], says: str) -> None:
    """A configuration row that cannot work stops the replica with a sentence for the operator."""
    row = {"checkpoint": listening_folder, "device": "cpu", **options}
    with pytest.raises(EngineConfigError, match=says):
        load_engine("deployments.asr.typhoon.engine:TyphoonRecognizer", row)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    """A folder that other software wrote is told from ours before anything is loaded."""
    (tmp_path / "config.json").write_text('{"model_type": "whisper"}')
    with pytest.raises(EngineConfigError, match="model_type 'whisper': one of parakeet_rnnt, nemotron"):
        TyphoonRecognizer(str(tmp_path), device="cpu")


def test_a_checkpoint_with_a_missing_tensor_is_refused(folder_of: Convert, cache_aware: bool) -> None:
    """A tensor that is not there must not be replaced by noise."""
    path = Path(folder_of(random_weights(cache_aware=cache_aware))) / "model.safetensors"
    tensors = load_file(path)
    del tensors["joint.head.bias"]
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(EngineConfigError, match=r"lacks tensors: joint\.head\.bias"):
        TyphoonRecognizer(str(path.parent), device="cpu")


def test_long_windows_are_padded_among_themselves() -> None:
    """ASR-005: one long file beside many short windows does not multiply the memory of a batch."""
    lengths = [1.0, 60.0, 1.5, *[0.8] * 10, 0.0]
    audio = [np.ones(int(seconds * SAMPLE_RATE), np.float32) for seconds in lengths]
    groups = list(_groups(audio))
    assert sorted(index for group in groups for index in group) == list(range(len(lengths) - 1))
    assert all(len(group) * max(lengths[i] for i in group) <= PADDED_SECONDS for group in groups)
    assert len(groups) == 2
