"""What callers send to set a picture in motion (VID-002..010)."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, StrictInt, StrictStr

from serve_app.core.video.rules import VideoFields
from serve_app.http.json_body import JsonBody


class ImageBody(JsonBody):
    """The picture."""

    url: StrictStr
    """A base64 `data:` URL, an `/uploads/...` path, or a public `http(s)://` URL."""


class VideoBody(JsonBody):
    """A picture and how it is to move. A field that is blank is one that is not given."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "ltx23-standard",
                    "prompt": "A cinematic product shot with gentle camera motion.",
                    "image": {"url": "https://example.com/input.png"},
                    "duration": 5,
                    "aspect_ratio": "16:9",
                    "resolution": "720p",
                    "seed": -1,
                }
            ]
        }
    )

    prompt: StrictStr
    """2000 characters at most."""
    image: ImageBody
    model: StrictStr | None = None
    duration: StrictInt | None = None
    """Seconds, 2 to 10."""
    aspect_ratio: StrictStr | None = None
    aspectRatio: StrictStr | None = None
    resolution: StrictStr | None = None
    seed: StrictInt | None = None

    def fields(self) -> VideoFields:
        """The fields as the rules take them."""
        given: dict[str, Any] = self.model_dump(exclude_none=True, exclude={"image"})
        trimmed = {name: value.strip() for name, value in given.items() if isinstance(value, str)}
        return VideoFields(**{**given, **trimmed})
