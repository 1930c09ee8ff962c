"""The embedded engine behind the name `whisper`: Thai, and English when speech does not read as Thai."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deployments.asr.embedded.english import PocketsphinxRecognizer
from deployments.asr.embedded.thai import EmbeddedRecognizer
from deployments.asr.replica import Window, faint_noise
from serve_app.engines import SAMPLE_RATE, EngineCard, Transcription
from serve_app.errors import InvalidRequest

LANGUAGES = ("th", "en")
DETECTION_SECONDS = 10
"""Enough words to judge by, without decoding a long recording twice."""
THAI_LOGPROB = -0.6
"""Speech is Thai when its Thai reading is as likely as this, per phoneme;
`training/thai_speech/calibrate_languages.py` says how well that tells it from English."""


class EmbeddedMultilingualRecognizer:
    """Thai windows go through one batch; English ones through a child process, one after the other."""

    card = EngineCard(
        engine="whisper",
        impl="kaleido-embedded-th-ctc+pocketsphinx-en",
        embedded=True,
        languages=LANGUAGES,
        note="Thai trained on synthetic speech, English by pocketsphinx; tells only these two apart: "
        "for development, not for human transcription.",
    )

    def __init__(self) -> None:
        """Raises EngineNotInstalled without the extra `embedded`."""
        self._thai, self._english = EmbeddedRecognizer(), PocketsphinxRecognizer()

    def recognize(self, windows: Sequence[Window]) -> list[Transcription]:
        """Words of each window of any length, in the language of its hint or in the one detected.

        Raises InvalidRequest for a language other than Thai and English, and DecodeFailed.
        """
        for window in windows:
            if window.hints.language not in (None, *LANGUAGES):
                raise InvalidRequest("language: this engine understands Thai (th) and English (en) only.")
        languages = self._languages(windows)
        return self._each(
            [
                window._replace(hints=replace(window.hints, language=language))
                for window, language in zip(windows, languages, strict=True)
            ]
        )

    example = staticmethod(faint_noise)

    def close(self) -> None:
        """End the child process; not while another thread is in `recognize`."""
        self._english.close()

    def _languages(self, windows: Sequence[Window]) -> list[str]:
        """The hinted language of each window, or the one its beginning sounds like."""
        unknown = [window for window in windows if window.hints.language is None]
        heads = [Window(window.audio[: DETECTION_SECONDS * SAMPLE_RATE]) for window in unknown]
        detected = ("th" if is_thai(heard) else "en" for heard in self._thai.recognize(heads))
        return [window.hints.language or next(detected) for window in windows]

    def _each(self, windows: Sequence[Window]) -> list[Transcription]:
        """Each by the engine of its hint, in order."""
        engines = {"th": self._thai, "en": self._english}
        heard = {
            language: iter(engine.recognize([each for each in windows if each.hints.language == language]))
            for language, engine in engines.items()
        }
        return [next(heard[window.hints.language or "th"]) for window in windows]


def is_thai(heard: Transcription) -> bool:
    """Whether to believe what the Thai engine makes of speech; silence is in no language."""
    return bool(heard.words) and heard.avg_logprob >= THAI_LOGPROB
