"""The operator's tool `kaleido`: the store's commands, and those for weights, unknown to the product."""

from __future__ import annotations

import click

from deployments.checkpoints.commands import models
from serve_app.cli.commands import main as store

main = click.Group("kaleido", {**store.commands, "models": models}, help="Look after a Kaleido server.")

if __name__ == "__main__":
    main()
