"""/metrics: what Prometheus scrapes."""

from .routes import routes

__all__ = ["routes"]
