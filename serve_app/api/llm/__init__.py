"""Language models for OpenAI clients."""

from serve_app.api.llm.routes import router as router
