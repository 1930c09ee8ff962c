"""What listeners make of the embedded voices: our own recogniser for Thai, pocketsphinx for English.

There is no recogniser for Vietnamese here, so that is a closed test: which of the sentences was it, judged by
dynamic time warping (Sakoe and Chiba 1978) against another voice. Our recogniser of Thai knows formant
synthesis and no other speech, so it is given that.

With `--listener`, a folder with a Whisper model for CTranslate2, all eight languages are judged by that
instead: `loadtests/speech/listener.py`.

python -m loadtests.speech.intelligibility [--listener whisper-base --sentences check]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import click
import numpy as np
import soxr

from deployments.asr.embedded.english import PocketsphinxRecognizer
from deployments.asr.embedded.thai import EmbeddedRecognizer
from deployments.asr.replica import Recognizer, Window
from deployments.thai_speech.features import log_mel, normalise
from deployments.tts.embedded.engine import EmbeddedSynthesizer
from loadtests import report
from loadtests.audio import SENTENCES
from loadtests.speech import listener as whisper
from loadtests.transcripts import character_errors
from serve_app.engines import SAMPLE_RATE, Audio, SpeechRequest

THAI = (("f5", ""), ("omnivoice", ""))
ENGLISH = (("f5", ""), ("cosytts", "Ryan"), ("cosytts", "Vivian"), ("omnivoice", ""))
VIETNAMESE = (("vieneu_v2", "yen_nhi"), ("vieneu_v2", "Binh"), ("qwen_viet_tts", "Ngoc"), ("omnivoice", ""))
TEMPLATE = ("qwen_viet_tts", "my_van")
ENGLISH_SENTENCES = (
    "Good morning, children.",
    "Please open your books at page ten.",
    "The dog is running in the garden.",
    "We will read a story about the sea.",
    "What is the name of your school?",
    "Thank you very much and goodbye.",
)
VIETNAMESE_SENTENCES = (
    "Xin chào các bạn.",
    "Hôm nay chúng ta học tiếng Việt.",
    "Con mèo đang ngủ trên ghế.",
    "Mẹ đi chợ mua rau và cá.",
    "Ngày mai trời sẽ mưa to.",
    "Bạn tên là gì?",
    "Cảm ơn cô giáo rất nhiều.",
    "Em thích đọc sách ở thư viện.",
)
MINIMAL_SET = ("ma", "má", "mà", "mả", "mã", "mạ")
"""Six words that differ in their tones alone."""


def heard(engine: Recognizer, audio: Audio, language: str) -> str:
    """The words as one line."""
    words = engine.recognize([Window(audio)])[0].words
    return ("" if language == "th" else " ").join(word.text for word in words)


def spoken(voices: EmbeddedSynthesizer, model: str, speaker: str, language: str, text: str) -> Audio:
    """16 kHz."""
    speech = voices.synthesize(SpeechRequest(text, language, model, 1, speaker), lambda progress: None)
    resampled: Audio = soxr.resample(speech.samples, speech.sample_rate, SAMPLE_RATE)
    return resampled


def error_rate(
    engine: Recognizer,
    voices: EmbeddedSynthesizer,
    model: str,
    speaker: str,
    language: str,
    texts: Sequence[str],
) -> float:
    """Characters wrong, in percent of all."""
    said = [(text, heard(engine, spoken(voices, model, speaker, language, text), language)) for text in texts]
    counted = [character_errors(text, caption) for text, caption in said]
    return 100 * sum(edits for edits, _ in counted) / sum(characters for _, characters in counted)


def warped(first: Audio, second: Audio) -> float:
    """Dynamic time warping: mean distance of log-mel frames along the best path."""
    one, two = (
        frames - frames.mean(axis=0) for frames in (normalise(log_mel(each)) for each in (first, second))
    )
    distances = np.linalg.norm(one[:, None] - two[None], axis=2)
    best = np.full((len(one) + 1, len(two) + 1), np.inf)
    best[0, 0] = 0.0
    for i, row in enumerate(distances):
        for j, distance in enumerate(row):
            best[i + 1, j + 1] = distance + min(best[i, j], best[i, j + 1], best[i + 1, j])
    return float(best[-1, -1]) / (len(one) + len(two))


def told_apart(voices: EmbeddedSynthesizer, model: str, speaker: str, texts: Sequence[str]) -> int:
    """How many of the texts are nearest to themselves in the voice of the template."""
    templates = [spoken(voices, *TEMPLATE, "vi", text) for text in texts]
    said = [spoken(voices, model, speaker, "vi", text) for text in texts]
    nearest = [int(np.argmin([warped(each, template) for template in templates])) for each in said]
    return sum(index == found for index, found in enumerate(nearest))


def rows() -> Iterator[tuple[report.Cell, ...]]:
    """Language, model, speaker, and how well it is understood."""
    voices, formants = EmbeddedSynthesizer(), EmbeddedSynthesizer(neural=False)
    thai, english = EmbeddedRecognizer(), PocketsphinxRecognizer()
    for model, speaker in THAI:
        yield "th", model, speaker, error_rate(thai, formants, model, speaker, "th", SENTENCES), None, None
    for model, speaker in ENGLISH:
        rate = error_rate(english, voices, model, speaker, "en", ENGLISH_SENTENCES)
        yield "en", model, speaker, rate, None, None
    for model, speaker in VIETNAMESE:
        found = (told_apart(voices, model, speaker, texts) for texts in (VIETNAMESE_SENTENCES, MINIMAL_SET))
        shares = (
            f"{right} of {len(texts)}"
            for right, texts in zip(found, (VIETNAMESE_SENTENCES, MINIMAL_SET), strict=True)
        )
        yield "vi", model, speaker, None, *shares
    english.close()


HEAD = ("language", "model", "speaker", "CER %", "sentences told apart", "tones told apart")


@click.command()
@click.option("--listener", help="A folder with a Whisper model, or a name that faster-whisper knows.")
@click.option("--sentences", default="development", type=click.Choice(["development", "check"]))
@click.option("--count", default=40, show_default=True, type=click.IntRange(1), help="Sentences a language.")
@click.option("--neural/--formant", default=True, help="Which of the two kinds of voices the listener hears.")
def main(listener: str | None, sentences: str, count: int, neural: bool) -> None:
    """Print how well the embedded voices are understood."""
    if listener is None:
        report.show_tables({"understood": (HEAD, list(rows()))})
        return
    speak = partial(spoken, EmbeddedSynthesizer(neural))
    found = list(whisper.rows(listener, sentences, count, speak))
    report.show_tables({f"understood by Whisper, {sentences} sentences": (whisper.HEAD, found)})


if __name__ == "__main__":
    main()
