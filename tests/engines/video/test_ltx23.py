"""The `ltx23` engine on a tiny random pipeline that comes through the real loading code."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.ltx2.utils import DEFAULT_NEGATIVE_PROMPT, DISTILLED_SIGMA_VALUES

from deployments.serving.loader import EngineConfigError, load_engine
from deployments.serving.tracked_call import Report
from deployments.video.ltx23.canvas import Canvas, canvas_of, cut_frames, fitted
from deployments.video.ltx23.engine import EXAMPLE, Ltx23, sound_of
from deployments.video.ltx23.memory import FP8, PLANS, nf4, plan_of
from deployments.video.mp4 import SOUND_RATE
from serve_app.engines import Progress, VideoRequest
from tests.engines.offline import no_network
from tests.engines.reports import Reports, Stopped
from tests.engines.video.renderer_suite import CHECKS, Trial
from tests.engines.video.tiny_ltx23 import build

pytestmark = pytest.mark.usefixtures("one_thread")

ENGINE = "deployments.video.ltx23.engine:Ltx23"
PICTURE = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
REQUEST = VideoRequest(PICTURE, "A cat walks into the rain.", "ltx23-distilled", 64, 64, 2, 24, seed=5)
STEPS = 2
"""Of the full variant here."""
OFF = {"guidance_scale": 1, "stg_scale": 0, "modality_scale": 1, "guidance_rescale": 0}
DEFAULTS = {"guidance_scale": 3, "stg_scale": 1, "modality_scale": 3, "guidance_rescale": 0.7}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("ltx23") / "tiny")


@pytest.fixture(scope="module")
def distilled(folder: Path) -> Ltx23:
    return Ltx23(str(folder), device="cpu")


@pytest.fixture(scope="module")
def full(folder: Path) -> Ltx23:
    return Ltx23(str(folder), variant="full", steps=STEPS, device="cpu")


@pytest.fixture(scope="module")
def trials(distilled: Ltx23, full: Ltx23, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trial]:
    engines = {"distilled": distilled, "full": full}
    return {name: Trial(engine, REQUEST, tmp_path_factory.mktemp(name)) for name, engine in engines.items()}


class Calls:
    """Batch sizes of the transformer's calls in a run."""

    def __init__(self, engine: Ltx23) -> None:
        self.batches: list[int] = []
        self._hook = engine._pipe.transformer.register_forward_hook(self._count, with_kwargs=True)

    def _count(self, _: object, __: object, arguments: dict[str, Any], output: object) -> None:
        self.batches.append(len(arguments["hidden_states"]))

    def __enter__(self) -> Calls:
        return self

    def __exit__(self, *_: object) -> None:
        self._hook.remove()


def rendered(engine: Ltx23, request: VideoRequest, reports: Report | None = None) -> bytes:
    """Frames and samples to the bit, as they are before the file, which keeps less."""
    canvas = canvas_of(request, engine._pipe)
    frames, sound = engine._generate(request, canvas, reports or Reports())
    return frames.numpy().tobytes() + sound.tobytes()


@pytest.mark.parametrize("variant", ["distilled", "full"])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_keeps_what_every_engine_promises(
    check: Callable[[Trial], None], variant: str, trials: dict[str, Trial]
) -> None:
    """VID-007, VID-009, VID-010, VID-014, VID-016: both variants."""
    check(trials[variant])


def test_the_distilled_variant_is_called_as_it_was_trained(distilled: Ltx23, tmp_path: Path) -> None:
    """VID-003: its eight noise levels as they are, whatever the folder's scheduler would make of them, and
    one evaluation each: nothing guides it."""
    with Calls(distilled) as calls:
        extras = distilled.render(REQUEST, tmp_path / "video.mp4", Reports())
    assert calls.batches == [1] * 8
    np.testing.assert_allclose(distilled._pipe.scheduler.sigmas, [*DISTILLED_SIGMA_VALUES, 0], rtol=1e-6)
    assert guidance(distilled, "") == guidance(distilled, "audio_") == OFF
    assert extras == {
        "variant": "distilled", "steps": 8, "has_audio": True, "rendered_width": 64, "rendered_height": 64,
    }  # fmt: skip


def test_the_full_variant_is_guided_as_the_pipeline_says(full: Ltx23, tmp_path: Path) -> None:
    """VID-003: with and without the prompt at once, without a block's attention, without the other stream."""
    heard: list[str] = []
    tokenizer, encoder = full._pipe.tokenizer, full._pipe.text_encoder
    read = encoder.register_forward_pre_hook(
        lambda _, __, given: heard.append(
            tokenizer.decode(given["input_ids"][0], skip_special_tokens=True).replace("▁", " ")
        ),
        with_kwargs=True,
    )
    with Calls(full) as calls, read:
        full.render(REQUEST, tmp_path / "video.mp4", Reports())
    assert calls.batches == [2, 1, 1] * STEPS
    assert heard[0] == REQUEST.prompt
    assert heard[1][:500] == DEFAULT_NEGATIVE_PROMPT[:500]
    assert guidance(full, "") == DEFAULTS
    assert guidance(full, "audio_") == {**DEFAULTS, "guidance_scale": 7}
    sigmas = full._pipe.scheduler.sigmas
    assert sigmas[-2] == pytest.approx(0.1)  # where the folder's scheduler ends


def test_the_full_variant_takes_thirty_steps(folder: Path, tmp_path: Path) -> None:
    """VID-003: where the row names no number."""
    reports, engine = Reports(), Ltx23(str(folder), variant="full", device="cpu")
    assert engine.render(REQUEST, tmp_path / "video.mp4", reports)["steps"] == 30
    assert Progress("denoise", 30, 30) in reports.seen


def guidance(engine: Ltx23, stream: str) -> dict[str, float]:
    """Of the last call, for the frames or for the sound."""
    return {name: getattr(engine._pipe, stream + name) for name in OFF}


def test_reports_each_stage(distilled: Ltx23, tmp_path: Path) -> None:
    """VID-014: text and picture, eight steps, frames and sound, the file."""
    reports = Reports()
    distilled.render(REQUEST, tmp_path / "video.mp4", reports)
    assert list(dict.fromkeys(progress.stage for progress in reports.seen)) == [
        "encode", "denoise", "decode", "mux",
    ]  # fmt: skip
    steps = [progress for progress in reports.seen if progress.stage == "denoise"]
    assert list(dict.fromkeys(steps)) == [Progress("denoise", step, 8) for step in range(9)]


@pytest.mark.parametrize(
    ("stage", "step", "again", "calls"),
    [
        ("encode", 1, 0, 0), ("denoise", 0, 0, 0), ("denoise", 0, 2, 2), ("denoise", 1, 0, 3),
        ("decode", 1, 0, 6), ("mux", 7, 0, 6),
    ],
)  # fmt: skip
def test_stops_before_the_next_network(
    full: Ltx23, tmp_path: Path, stage: str, step: int, again: int, calls: int
) -> None:
    """VID-016: in every stage, within one evaluation; the next run is the same to the bit."""
    before, reports = rendered(full, REQUEST), Reports()
    full.render(REQUEST, tmp_path / "whole.mp4", reports)
    first = [(progress.stage, progress.step) for progress in reports.seen].index((stage, step))
    with Calls(full) as done, pytest.raises(Stopped):
        full.render(replace(REQUEST, seed=6), tmp_path / "stopped.mp4", Reports(stop_at=first + again + 1))
    assert len(done.batches) == calls
    assert rendered(full, REQUEST) == before


@pytest.mark.parametrize(
    "changed", [{"picture": PICTURE[::-1].copy()}, {"prompt": "A dog sleeps."}, {"seed": 6}], ids=str
)
def test_the_video_follows_the_request(distilled: Ltx23, changed: dict[str, Any]) -> None:
    """VID-004, VID-005, VID-010: each of them changes it."""
    assert rendered(distilled, replace(REQUEST, **changed)) != rendered(distilled, REQUEST)


def test_reads_the_longest_prompt(distilled: Ltx23) -> None:
    """VID-004: what 2000 characters have beyond 1024 tokens, here a byte each, is left out."""
    long = replace(REQUEST, prompt="ก" * 2000)
    assert rendered(distilled, long) == rendered(distilled, replace(long, prompt="ก" * 1000))


@pytest.mark.parametrize(
    ("promised", "rendered"),
    [
        ((1280, 720), (1280, 736)), ((720, 1280), (736, 1280)), ((720, 720), (736, 736)),
        ((854, 480), (864, 480)), ((480, 854), (480, 864)), ((480, 480), (480, 480)),
    ],
)  # fmt: skip
def test_renders_the_next_size_it_can(
    distilled: Ltx23, promised: tuple[int, int], rendered: tuple[int, int]
) -> None:
    """VID-007, VID-008, VID-009: every ratio, resolution and duration."""
    width, height = promised
    for seconds in range(2, 11):
        request = replace(REQUEST, width=width, height=height, seconds=seconds)
        assert canvas_of(request, distilled._pipe) == (*rendered, 24 * seconds + 1)


def test_the_picture_covers_the_canvas() -> None:
    """VID-008: in its own ratio, from edge to edge, its middle in the middle."""
    picture = np.full((360, 640, 3), 200, np.uint8)
    picture[160:200, 300:340] = 0
    dark = np.asarray(fitted(picture, Canvas(1280, 736, 49)))[..., 0] < 100
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert rows[0] + rows[-1] == pytest.approx(735, abs=1)
    assert columns[0] + columns[-1] == pytest.approx(1279, abs=1)
    assert len(rows) == pytest.approx(len(columns), abs=1)
    assert len(rows) == pytest.approx(40 * 736 / 360, abs=2)


def test_the_video_is_the_middle_of_the_canvas() -> None:
    """VID-007, VID-009: exactly its frames, of exactly its size, in 256 steps."""
    rendered = torch.rand(5, 3, 16, 12)
    request = replace(REQUEST, width=8, height=10, seconds=1, frame_rate=4)
    frames = np.stack(list(cut_frames(rendered, request)))
    middle = rendered[:4, :, 3:13, 2:10].permute(0, 2, 3, 1) * 255
    assert frames.dtype == np.uint8
    np.testing.assert_array_equal(frames, middle.round().numpy())


@pytest.mark.parametrize("rate", [SOUND_RATE, 24_000])
def test_sound_has_the_rate_of_the_file(rate: int) -> None:
    """VID-014: both channels of it, in time; what is louder than a sample can say is clipped."""
    time = np.arange(rate) / rate
    tone = torch.tensor(np.stack([1.5 * np.sin(2 * np.pi * 440 * time), np.zeros(rate)]))
    sound = sound_of(tone, rate)
    assert sound.shape == (2, SOUND_RATE)
    assert sound.dtype == np.float32
    crossings = np.flatnonzero(np.diff(np.sign(sound[0, 100:-100])))
    assert len(crossings) == pytest.approx(2 * 440, abs=6)
    assert not sound[1].any()


def test_large_videos_are_decoded_in_tiles(distilled: Ltx23, folder: Path, tmp_path: Path) -> None:
    """VID-009: two tiles beyond 512 pixels, each reported; one where a row wants none."""
    wide = replace(REQUEST, width=544)
    untiled = Ltx23(str(folder), vae_tiling=False, device="cpu")
    decoded = []
    for engine in (distilled, untiled):
        reports = Reports()
        engine.render(wide, tmp_path / "video.mp4", reports)
        decoded.append(sum(progress.stage == "decode" for progress in reports.seen))
    assert decoded == [4, 3]  # with the audio VAE and the vocoder


def test_eight_bits_are_held_and_computed_with_more(distilled: Ltx23, folder: Path, tmp_path: Path) -> None:
    """VID-003, VID-010, VID-016: the layers' hooks hold weights of eight bits; the video differs from that of
    whole weights, is the same each time, and stays so after a run that was stopped."""
    engine = Ltx23(str(folder), memory="fp8-offload", device="cpu")
    held = {weight.dtype for weight in engine._pipe.transformer.transformer_blocks.parameters()}
    assert FP8 in held
    first = rendered(engine, REQUEST)
    with pytest.raises(Stopped):
        engine.render(REQUEST, tmp_path / "stopped.mp4", Reports(stop_at=6))
    assert rendered(engine, REQUEST) == first
    assert first != rendered(distilled, REQUEST)


def test_four_bits_are_asked_for_as_the_libraries_want(distilled: Ltx23) -> None:
    """VID-003: for both large networks, each in its own library; a CPU cannot, and is told so."""
    config = nf4(torch.bfloat16)
    assert config.quant_kwargs["bnb_4bit_quant_type"] == "nf4"
    assert config.quant_kwargs["bnb_4bit_compute_dtype"] == torch.bfloat16
    assert set(config.components_to_quantize) <= set(distilled._pipe.components)
    assert plan_of("nf4", torch.device("cuda")).loading(torch.bfloat16)["quantization_config"].quant_backend
    with pytest.raises(EngineConfigError, match="CUDA"):
        plan_of("nf4", torch.device("cpu"))


def test_warms_up_by_itself(folder: Path) -> None:
    """ERR-005: with nothing from a caller, and nothing from a network."""
    with no_network() as tried:
        Ltx23(str(folder), device="cpu").warm_up()
    assert not tried


@pytest.mark.parametrize("missing", ["model_index.json", "connectors", "transformer/config.json"])
def test_an_incomplete_folder_does_not_start(folder: Path, tmp_path: Path, missing: str) -> None:
    """ERR-005: the operator reads which folder, and nothing is fetched."""
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / missing).rename(tmp_path / "elsewhere")
    with no_network() as tried, pytest.raises(EngineConfigError, match="copy"):
        Ltx23(str(copy), device="cpu")
    assert not tried


def test_other_folders_do_not_start(folder: Path, tmp_path: Path) -> None:
    """ERR-005: another pipeline's, an index that is none, weights that were cut off."""
    for index in (json.dumps({"_class_name": "StableDiffusionPipeline"}), "[]", "no JSON"):
        (tmp_path / "model_index.json").write_text(index)
        with pytest.raises(EngineConfigError, match=tmp_path.name):
            Ltx23(str(tmp_path), device="cpu")
    copy = Path(shutil.copytree(folder, tmp_path / "cut"))
    weights = next((copy / "transformer").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(EngineConfigError, match="cut"):
        Ltx23(str(copy), device="cpu")


@pytest.mark.parametrize(
    "wrong",
    [
        {"variant": "quick"}, {"memory": "int1"}, {"steps": 7},
        {"variant": "full", "steps": 1}, {"device": "abacus"},
        {"dtype": "int3"}, {"memory": "nf4", "device": "cpu"},
    ],
    ids=str,
)  # fmt: skip
def test_wrong_options_are_told(folder: Path, wrong: dict[str, Any]) -> None:
    """ERR-005: before anything is loaded."""
    with pytest.raises(EngineConfigError):
        load_engine(ENGINE, {"model": str(folder), **wrong})


def test_options_of_a_row(folder: Path, tmp_path: Path) -> None:
    """ERR-005: half precision renders too; the card tells what runs."""
    options = {"variant": "full", "steps": 2, "dtype": "bfloat16", "device": "cpu", "vae_tiling": False}
    engine = load_engine(ENGINE, {"model": str(folder), **options})
    assert engine.render(EXAMPLE, tmp_path / "video.mp4", Reports())["steps"] == 2
    assert (engine.card.impl, engine.card.device) == ("ltx-2.3-full:tiny", "cpu")
    assert set(PLANS) == {"bf16", "nf4", "fp8-offload"}
