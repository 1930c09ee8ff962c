"""Sounds that are no speech, and how often they become text (VP-001)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from loadtests.people.hallucinations import HEAD, main, row
from loadtests.people.non_speech import CUT_S, KINDS, LONGEST_S, SHORTEST_S, clips
from loadtests.people.recogniser import Heard
from serve_app.engines import SAMPLE_RATE
from tests.loadtests.people.recorded import config, manifest, recording
from tests.recordings import babble

VOICES = [babble()[SAMPLE_RATE:-SAMPLE_RATE]]


@pytest.mark.parametrize("kind", KINDS)
def test_sounds_are_sounds(kind: str) -> None:
    """VP-001: of the promised length, audible but for silence, never too loud, each another, and the same
    again."""
    made, again = (clips([kind], 4, VOICES)[kind] for _ in range(2))
    shortest, longest = CUT_S if kind == "speech cuts" else (SHORTEST_S, LONGEST_S)
    for sound, same in zip(made, again, strict=True):
        assert shortest - 0.01 < len(sound) / SAMPLE_RATE < longest + 0.01
        assert np.array_equal(sound, same)
        assert np.isfinite(sound).all()
        assert (np.abs(sound).max() > 0.001) == (kind != "silence")
        assert np.abs(sound).max() <= 1
    assert len({len(sound) for sound in made}) == 4


def test_music_is_in_tune() -> None:
    """VP-001: a peak of its spectrum is a note of the piano, to a twentieth of a semitone."""
    (song,) = clips(["music"], 1, VOICES)["music"]
    spectrum = np.abs(np.fft.rfft(song))
    hertz = np.argmax(spectrum) * SAMPLE_RATE / len(song)
    note = 12 * np.log2(hertz / 440)
    assert abs(note - round(note)) < 0.05


def test_a_row_by_hand() -> None:
    """VP-001: refused sounds are no silence."""
    heard = [Heard(text, "en", 1.0, 0.1) for text in ("", "Thank you.", "", "Thank you.", "Bye.")]
    refused = Heard("", "", 0.0, 0.1, "HTTP 400")
    assert row([*heard, refused]) == (5, 3, 0.6, "0.231-0.882", "Thank you.", 1)
    assert row([refused]) == (0, None, None, None, None, 1)
    assert len(row(heard)) == len(HEAD[3:])


def test_sounds_of_all_kinds_are_counted(tmp_path: Path) -> None:
    """VP-001, RT-48: silence is not decoded, and a folder of one's own is a kind; one with syllables in it
    gets text."""
    (tmp_path / "sounds" / "syllables").mkdir(parents=True)
    recording(tmp_path / "sounds" / "syllables" / "a.wav")
    speech = manifest(tmp_path, [{"file": "said.wav", "text": "w0 w1"}])
    out = tmp_path / "out.json"
    command = ["--config", config(tmp_path), "--engine", "tiny", "--speech", speech, "--json", out]
    command += ["--kind", "silence", "--kind", "claps", "--clips", "3", "--folder", tmp_path / "sounds"]
    done = CliRunner().invoke(main, list(map(str, command)))
    assert done.exit_code == 0, done.output
    rows = {each["kind"]: each for each in json.loads(out.read_text("utf-8"))["text where nobody spoke"]}
    assert {kind: each["clips"] for kind, each in rows.items()} == {"silence": 3, "claps": 3, "syllables": 1}
    assert rows["silence"]["with text"] == 0
    assert (rows["syllables"]["with text"], rows["syllables"]["most often"]) == (1, "w0 w1")
