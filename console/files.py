"""Files to download: JSON that a page hands out."""

import json
from typing import Any

from django.http import HttpResponse


def as_file(content: Any, *, name: str) -> HttpResponse:
    """The content as a JSON file of this name."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="application/json", headers=headers)
