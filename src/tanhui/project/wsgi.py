"""The web server's entry."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tanhui.project.settings")
os.environ.setdefault("TANHUI_DB_POOL", "16")

application = get_wsgi_application()
