"""Thai live captions: `/api/thai-asr`."""

from serve_app.api.thai_asr.routes import router

__all__ = ["router"]
