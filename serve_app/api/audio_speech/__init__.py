"""OpenAI's audio speech: text to speech in one answer."""

from serve_app.api.audio_speech.routes import router as router
