"""Text to speech: jobs that speak, and the voices that a team has them clone."""

from serve_app.api.tts import voices
from serve_app.api.tts.routes import router as router

router.add(voices.router)
