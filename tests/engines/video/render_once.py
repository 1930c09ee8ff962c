"""Renders a small video and prints what its file hashes to: `python -m tests.engines.video.render_once
FILE`."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from deployments.video.embedded.engine import EmbeddedRenderer
from serve_app.engines import VideoRequest

SIZE = (192, 192)


def main(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (9, 16, 3), np.uint8)
    picture = np.asarray(Image.fromarray(noise).resize(SIZE))
    request = VideoRequest(picture, "Pan right, rain.", "ltx23-distilled", *SIZE, 2, 24, seed=1)
    EmbeddedRenderer().render(request, path, lambda progress: None)
    print(hashlib.sha256(path.read_bytes()).hexdigest())  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
