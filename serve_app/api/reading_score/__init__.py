"""Reading Score: a pupil's recording and a text in, a scored comparison out."""

from serve_app.api.reading_score.routes import router as router
