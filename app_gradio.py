"""The demo page: an HTTP client of the service. It loads no model; its rooms are in `page/`.

Start it with `python app_gradio.py`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from sentiment.config import Settings, apply_tool_environment, read_settings
from sentiment.errors import ConfigError

if TYPE_CHECKING:
    import gradio as gr

_UPLOAD_BYTES = 20_000_000  # above what the page accepts, so that the page says the limit in its own words
_UPLOADS = {"/gradio_api/upload": _UPLOAD_BYTES + 10_000}  # its form's own words are some hundred bytes
_REQUEST_BYTES = 2_000_000  # of any other request
_SLOWEST_UPLOAD = 50_000.0  # bytes a second
# Screen readers and hyphenation follow the language of the page.
_SET_LANGUAGE = "() => { document.documentElement.lang = navigator.language.startsWith('fr') ? 'fr' : 'en'; }"


def build(settings: Settings) -> gr.Blocks:
    """Return the page, not yet served."""
    from page.layout import lay_out

    return lay_out(settings)


def launch(page: gr.Blocks, settings: Settings) -> str:
    """Serve the page in the background, without anything from elsewhere; return its address."""
    from starlette.middleware import Middleware

    from page.host import listening_host
    from page.texts import I18N
    from page.theme import CSS, make_theme
    from sentiment.body_limit import BodyLimit
    from sentiment.loopback import LoopbackGuard
    from sentiment.serving.connection_limit import limit_connections

    limit_connections()
    host = listening_host()
    guard = Middleware(LoopbackGuard, host=host, allows_links=True)
    bodies = Middleware(
        BodyLimit, most_bytes=_REQUEST_BYTES, larger=_UPLOADS, bytes_per_second=_SLOWEST_UPLOAD
    )
    address: str = page.launch(
        server_name=host,
        server_port=settings.port_app,
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        run_history=False,
        enable_monitoring=False,
        footer_links=[],
        max_file_size=_UPLOAD_BYTES,
        i18n=I18N,
        theme=make_theme(),
        css_paths=[CSS],
        js=_SET_LANGUAGE,
        app_kwargs={"middleware": [guard, bodies]},
    )[1]
    return address


def main() -> int:
    """Serve the page until SIGINT or SIGTERM; return the exit code."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = read_settings()
        apply_tool_environment(settings)
        from page.upload_folder import upload_folder

        with upload_folder(settings.home) as folder:
            os.environ.setdefault("GRADIO_TEMP_DIR", str(folder))
            page = build(settings)
            print(
                f"Sentiloop's page: {launch(page, settings)} (service: {settings.service_address})",
                flush=True,
            )
            stop.wait()
            page.close(verbose=False)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"error: the page cannot start on port {settings.port_app} ({error}): set SENTIMENT_PORT_APP",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
