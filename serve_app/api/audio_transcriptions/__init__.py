"""OpenAI's audio transcriptions: recordings to text."""

from serve_app.api.audio_transcriptions.routes import router as router
