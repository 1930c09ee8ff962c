"""LTX 2.3 image to video: jobs that set a picture in motion, with sound."""

from serve_app.api.ltx23.routes import router as router
