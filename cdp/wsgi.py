"""The WSGI application that the web server runs."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
application = get_wsgi_application()

# What the program itself consists of stays, so it need not be looked through for garbage; and a batch of messages makes
# many objects that are all in use until it is stored.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
