"""What the converter reads and what it refuses; nothing is written when it refuses."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from transformers import ParakeetForRNNT, ParakeetProcessor

from deployments.asr.nemo.archive import ConversionError, read_archive
from deployments.asr.nemo.config import network_fields
from deployments.asr.nemo.convert_typhoon import convert, main
from deployments.asr.nemo.weights import parakeet_name
from tests.engines.asr.tiny_archive import sentencepiece, write_archive, write_tar
from tests.engines.asr.tiny_parakeet import PIECES, Weights, config, random_weights

Edit = Callable[[Weights], object]


@pytest.fixture(scope="module")
def weights() -> Weights:
    return random_weights()


def refusal(archive: Path) -> str:
    """What the converter says; it must leave no half a checkpoint."""
    folder = archive.parent / "out"
    with pytest.raises(ConversionError) as refused:
        convert(archive, folder)
    assert not folder.exists()
    return str(refused.value)


def test_every_tensor_is_carried_over(tmp_path: Path, weights: Weights) -> None:
    """ASR-002: a compressed archive becomes a folder that transformers loads, tensor by tensor."""
    archive = write_archive(tmp_path / "tiny.nemo", weights, config(4), PIECES, mode="w:gz")
    answer = CliRunner().invoke(main, [str(archive), str(tmp_path / "out"), "--name", "mine"])
    assert answer.exit_code == 0, answer.output
    model = ParakeetForRNNT.from_pretrained(tmp_path / "out", local_files_only=True)
    loaded = model.state_dict()
    names = {name: parakeet_name(name) for name in weights if not name.startswith("preprocessor.")}
    assert set(names.values()) == set(loaded)
    assert all(torch.equal(weights[name], loaded[ours]) for name, ours in names.items() if ours)
    assert (model.config.impl, model.config.max_symbols_per_step) == ("mine", 4)


@pytest.mark.parametrize(
    ("greedy", "bound"),
    [
        ({"max_symbols": None, "max_symbols_per_step": 3}, 3),
        ({"max_symbols": 4, "max_symbols_per_step": 3}, 4),
        ({"max_symbols": None}, 10),
    ],
)
def test_the_bound_of_symbols_is_read_as_nemo_reads_it(greedy: dict[str, Any], bound: int) -> None:
    """ASR-046: NeMo knows two names of the bound, and the first that is set counts."""
    settings = {**config(), "decoding": {"greedy": greedy}}
    assert network_fields(settings, len(PIECES), "mine")["max_symbols_per_step"] == bound


def test_pieces_keep_their_ids(tmp_path: Path, weights: Weights) -> None:
    """ASR-045: an id of the network is the same piece after conversion, and the blank comes last."""
    convert(write_archive(tmp_path / "tiny.nemo", weights, config(), PIECES), tmp_path)
    tokenizer = ParakeetProcessor.from_pretrained(tmp_path, local_files_only=True).tokenizer
    assert tokenizer.convert_ids_to_tokens(range(len(PIECES) + 1)) == [*PIECES, "<blank>"]


def test_a_joint_network_without_dropout_is_known(tmp_path: Path) -> None:
    """ASR-002: NeMo numbers the joint network's modules, of which dropout may be missing."""
    weights = random_weights()
    for kind in ("weight", "bias"):
        weights[f"joint.joint_net.1.{kind}"] = weights.pop(f"joint.joint_net.2.{kind}")
    convert(write_archive(tmp_path / "tiny.nemo", weights, config(), PIECES), tmp_path / "out")
    assert (tmp_path / "out" / "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda w: w.pop("joint.enc.bias"), "missing tensors: encoder_projector.bias (ours)"),
        (lambda w: w.update({"ctc.head.weight": torch.zeros(1)}), "unknown tensors: ctc.head.weight"),
        (
            lambda w: w.update({"joint.enc.bias": torch.zeros(3)}),
            "tensors of another shape: joint.enc.bias (3,) (expected (48,))",
        ),
        (lambda w: w["preprocessor.featurizer.fb"].mul_(2), "fb is not the filter bank of the config"),
    ],
)
def test_tensors_that_do_not_fit_are_named(tmp_path: Path, edit: Edit, says: str) -> None:
    """An archive of another network is refused by the names of its tensors."""
    weights = random_weights()
    edit(weights)
    assert says in refusal(write_archive(tmp_path / "tiny.nemo", weights, config(), PIECES))


def test_another_vocabulary_is_refused(tmp_path: Path, weights: Weights) -> None:
    """A tokenizer with one piece too many would shift every id behind it."""
    said = refusal(write_archive(tmp_path / "tiny.nemo", weights, config(), [*PIECES, "ง"]))
    assert "joint.joint_net.2.bias (19,) (expected (20,))" in said


@pytest.mark.parametrize(
    ("part", "key", "value", "says"),
    [
        ("encoder", "causal_downsampling", True, "encoder.causal_downsampling is True"),
        ("encoder", "att_context_size", [[70, 13], [70, 0]], "att_context_size is [[70, 13], [70, 0]]"),
        ("encoder", "att_context_style", "chunked_limited_with_rc", "only 'regular' can be converted"),
        ("encoder", "conv_norm_type", "layer_norm", "only 'batch_norm' can be converted for a full-context"),
        ("encoder", "conv_context_size", "causal", "encoder.conv_context_size is 'causal'"),
        ("preprocessor", "normalize", "NA", "preprocessor.normalize is 'NA'"),
        ("preprocessor", "mag_power", 1.0, "preprocessor.mag_power is 1.0"),
        ("preprocessor", "log_zero_guard_type", "clamp", "log_zero_guard_type is 'clamp'"),
        ("preprocessor", "log_zero_guard_value", 1e-5, "log_zero_guard_value is 1e-05"),
        ("preprocessor", "exact_pad", True, "preprocessor.exact_pad is True"),
    ],
)
def test_other_variants_are_refused(
    tmp_path: Path, weights: Weights, part: str, key: str, value: Any, says: str
) -> None:
    """A half cache-aware checkpoint or one of other features would load and mishear; the setting is named."""
    settings = config()
    settings[part][key] = value
    assert says in refusal(write_archive(tmp_path / "tiny.nemo", weights, settings, PIECES))


def test_a_missing_setting_is_named(tmp_path: Path, weights: Weights) -> None:
    """The operator reads which key the config lacks, or leaves empty for NeMo to work out."""
    without, empty = config(), config()
    del without["encoder"]["d_model"]
    empty["preprocessor"]["n_fft"] = None
    assert "no d_model" in refusal(write_archive(tmp_path / "tiny.nemo", weights, without, PIECES))
    assert "no n_fft" in refusal(write_archive(tmp_path / "tiny.nemo", weights, empty, PIECES))


class _Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('it ran')",))


@pytest.mark.parametrize(
    ("member", "data", "says"),
    [
        (
            "model_weights.ckpt",
            pickle.dumps(_Hostile(), protocol=2),
            "model_weights.ckpt is not a state dict",
        ),
        ("model_weights.ckpt", b"", "model_weights.ckpt is not a state dict"),
        ("model_config.yaml", b"a: [", "model_config.yaml is not YAML"),
        ("model_config.yaml", b"- 1", "model_config.yaml is not a mapping"),
        ("x_tokenizer.model", b"\xff\xff", "tokenizer.model is not a SentencePiece model"),
    ],
    ids=["code", "empty", "no YAML", "no mapping", "no vocabulary"],
)
def test_a_broken_member_is_named(
    tmp_path: Path, weights: Weights, member: str, data: bytes, says: str
) -> None:
    """ERR-020: a member that is not what its name says is named; code inside it never runs."""
    state = tmp_path / "state"
    torch.save(weights, state)
    members = {
        "model_config.yaml": b"{}",
        "model_weights.ckpt": state.read_bytes(),
        "x_tokenizer.model": sentencepiece(PIECES),
        member: data,
    }
    assert says in refusal(write_tar(tmp_path / "tiny.nemo", members.items()))


def test_a_torn_archive_is_refused(tmp_path: Path, weights: Weights) -> None:
    """A download that stopped half-way is told from a whole one, at every cut, compressed or not."""
    for mode in ("w", "w:gz"):
        archive = write_archive(tmp_path / "tiny.nemo", weights, config(), PIECES, mode=mode)
        whole = archive.read_bytes()
        for share in (0.0, 0.1, 0.5, 0.9):
            archive.write_bytes(whole[: int(share * len(whole))])
            with pytest.raises(ConversionError):
                read_archive(archive)


def test_members_are_counted(tmp_path: Path) -> None:
    """One of each, wherever a member claims to lie: none is written to the disk."""
    twice = [("../../model_config.yaml", b"{}"), ("/model_config.yaml", b"{}")]
    assert "2 files named *model_config.yaml" in refusal(write_tar(tmp_path / "two.nemo", twice))
    assert "0 files named *model_config.yaml" in refusal(write_tar(tmp_path / "none.nemo", []))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["none.nemo", "two.nemo"]


def test_the_command_tells_in_one_line(tmp_path: Path) -> None:
    """ERR-020: an operator reads what is wrong, not a stack trace."""
    answer = CliRunner().invoke(main, [str(write_tar(tmp_path / "a.nemo", [])), str(tmp_path / "out")])
    assert answer.exit_code == 1
    assert answer.output == "convert_typhoon: the archive holds 0 files named *model_config.yaml, not one\n"
