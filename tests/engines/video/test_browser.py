"""A browser plays what the embedded renderer writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deployments.video.embedded.engine import EmbeddedRenderer
from serve_app.engines import VideoRequest
from tests.clients.chromium import browser

PLAYED = """new Promise(tell => {
  const video = document.querySelector("video");
  const seen = how => tell({how, size: [video.videoWidth, video.videoHeight], seconds: video.duration,
    heard: video.webkitAudioDecodedByteCount > 0,
    shown: video.getVideoPlaybackQuality().totalVideoFrames > 0});
  video.onended = () => seen("ended");
  video.onerror = () => seen(video.error.message);
  video.playbackRate = 4;
  video.play().catch(failure => seen(String(failure)));
})"""


def test_a_browser_plays_it(tmp_path: Path) -> None:
    """VID-001, VID-014: to the end, with sound, of the right size and length."""
    picture = np.random.default_rng(1).integers(0, 255, (48, 84, 3), np.uint8)
    request = VideoRequest(picture, "Zoom in.", "ltx23-distilled", 84, 48, 2, 24, seed=1)
    EmbeddedRenderer().render(request, tmp_path / "video.mp4", lambda progress: None)
    page = tmp_path / "page.html"
    page.write_text('<video src="video.mp4"></video>')
    with browser(tmp_path / "profile", page.as_uri()) as opened:
        seen = opened.evaluate(PLAYED)
    assert seen == {"how": "ended", "size": [84, 48], "seconds": 2, "heard": True, "shown": True}
