"""What prompts say about the camera."""

from __future__ import annotations

import pytest

from deployments.video.embedded.camera import Move
from deployments.video.embedded.camera_words import MOST, phases_of


@pytest.mark.parametrize(
    ("prompt", "camera"),
    [
        ("A dog in the grass", [["dolly in", "drift"]]),
        ("The camera slowly pans to the left", [["pan left"]]),
        ("Pan from left to right across the sea", [["pan right"]]),
        ("Pan left, then zoom in fast", [["pan left"], ["zoom in"]]),
        ("Slow push-in while tilting up", [["dolly in", "tilt up"]]),
        ("Handheld shot of a market", [["handheld"]]),
        ("Static camera, waves roll in", [["static"]]),
        ("Aerial drone shot of a forest", [["fly over"]]),
        ("Fly over the bay, followed by a crane shot", [["fly over"], ["crane up"]]),
        ("The camera orbits around the temple", [["orbit right"]]),
        ("The camera glides up over the roofs", [["crane up"]]),
        ("Pull back to reveal the city", [["dolly out"]]),
        ("Truck right, roll counter-clockwise", [["truck right", "roll left"]]),
        ("dolly zoom on her face", [["dolly zoom"]]),
        ("A truck on the left, cranes fly up, the ball rolls to the right", [["dolly in", "drift"]]),
        ("The camera rolls slowly to the left", [["roll left"]]),
        ("She turns right and walks away over rolling hills", [["dolly in", "drift"]]),
        ("แพนกล้องไปทางซ้ายช้าๆ", [["pan left"]]),
        ("แพนจากซ้ายไปขวา", [["pan right"]]),
        ("ซูมเข้าแล้วค่อยแพนขวา", [["zoom in"], ["pan right"]]),
        ("กล้องเคลื่อนเข้าหาวัด", [["dolly in"]]),
        ("กล้องถอยออกช้า ๆ", [["dolly out"]]),
        ("โคจรรอบเจดีย์", [["orbit right"]]),
        ("ถือกล้องเดินในตลาด", [["handheld"]]),
        ("กล้องนิ่ง", [["static"]]),
        ("Lia máy sang trái chậm rãi", [["pan left"]]),
        ("Phóng to rồi lia sang phải", [["zoom in"], ["pan right"]]),
        ("Máy quay lùi ra xa", [["dolly out"]]),
        ("Quay quanh ngôi chùa", [["orbit right"]]),
        ("Cầm tay trong chợ", [["handheld"]]),
    ],
)  # fmt: skip
def test_prompts_direct_the_camera(prompt: str, camera: list[list[str]]) -> None:
    """VID-004: in three languages; what is said together is done together, what follows follows."""
    assert [[move.name for move in phase] for phase in phases_of(prompt)] == camera


def test_a_prompt_that_wants_too_much_is_cut() -> None:
    """VID-004: two thousand characters of directions end soon, and in time."""
    assert len(phases_of("zoom in then pan left then " * 74)) == MOST


@pytest.mark.parametrize("prompt", ["slowly pan left", "แพนซ้ายช้าๆ", "lia trái từ từ"])
def test_words_change_the_pace(prompt: str) -> None:
    """VID-004: of the motions in their sentence, not of others."""
    ((move,),) = phases_of(f"{prompt}. Birds fly fast")
    assert move == Move("pan left", 0.6)
    ((fast,),) = phases_of("quickly pan left")
    assert fast.speed > 1
