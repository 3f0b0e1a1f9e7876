"""`caa-tui CORPUS --serve`: the program in a browser on this machine, one process per window.

textual-serve does the work. What is added: only pages of this server may talk to it (any web page can open a WebSocket
to 127.0.0.1), and no process outlives its window or the server.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.server import Server, to_int

from caa_tui.errors import UserError

HOST = "127.0.0.1"
"""The only one: whoever can connect can edit the corpus."""
GRACE_SECONDS = 10.0
"""How long a program may take to end its training and leave."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def listen(port: int) -> socket.socket:
    """A socket on this machine only; port 0 takes any that is free.

    Raises:
        UserError: the port cannot be had.
    """
    try:
        return socket.create_server((HOST, port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "it is no port number"
        raise UserError(f"Port {port} cannot be used ({reason.lower()}); choose another with --port.") from error


class Window(AppService):
    """One window of a browser and the process behind it."""

    ending = False

    def __init__(self, websocket: web.WebSocketResponse, server: BrowserServer) -> None:
        super().__init__(
            server.command,
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=self._close_page,
            download_manager=server.download_manager,
        )
        self._arguments = server.arguments
        self._websocket = websocket
        self.ended = asyncio.Event()
        self._stopping = asyncio.Lock()

    async def _close_page(self) -> None:
        await self._websocket.close()

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """The program without a shell around it, and where Ctrl+C for the server does not reach it."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "caa_tui.launch", *self._arguments),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width=width, height=height),
            start_new_session=True,
        )
        self._stdin = self._process.stdin
        return self._process

    async def run(self) -> None:
        """Until the process ends, which closes the page even if it never drew anything."""
        try:
            await super().run()
        finally:
            await self.remote_close()

    async def stop(self) -> None:
        """Ask the program to end; kill the one that does not."""
        self.ending = True
        async with self._stopping:
            process = self._process
            if process is not None and process.returncode is None:
                try:
                    async with asyncio.timeout(GRACE_SECONDS):
                        await super().stop()
                        await process.communicate()
                except TimeoutError:
                    process.kill()
                    await process.wait()
        self.ended.set()


class BrowserServer(Server):
    """Serves the program on a socket that listens already."""

    def __init__(self, arguments: Sequence[str], listener: socket.socket, title: str) -> None:
        """`arguments`: what each window starts the program with."""
        self.arguments = tuple(arguments)
        self._listener = listener
        port = listener.getsockname()[1]
        super().__init__(title, host=HOST, port=port, title=title)
        self._hosts = [f"{HOST}:{port}", f"localhost:{port}"]
        self._windows: set[Window] = set()

    def serve(self, debug: bool = False) -> None:
        """Until Ctrl+C or SIGTERM."""
        web.run_app(self._make_app(), sock=self._listener, print=None, access_log=None, shutdown_timeout=GRACE_SECONDS)

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._only_own_pages)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """textual-serve prints a logo here."""

    async def on_shutdown(self, app: web.Application) -> None:
        await asyncio.gather(*(window.stop() for window in self._windows))

    @web.middleware
    async def _only_own_pages(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse requests under a foreign name (DNS rebinding), and let the page load nothing from elsewhere."""
        if request.host not in self._hosts:
            raise web.HTTPForbidden(text=f"Open {self.public_url} in the browser; through ssh, forward the same port.")
        response = await handler(request)
        if not response.prepared:
            own = " ".join(f"http://{host} ws://{host}" for host in self._hosts)
            response.headers["Content-Security-Policy"] = (
                f"default-src {own} data: blob: 'unsafe-inline'; frame-ancestors 'none'"
            )
        return response

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A window opened: start its process, and end it with the window."""
        if request.headers.get("Origin") not in [f"http://{host}" for host in self._hosts]:
            raise web.HTTPForbidden(text="Only pages of this server may use it.")
        websocket = web.WebSocketResponse(heartbeat=15, timeout=2)
        await websocket.prepare(request)
        # A page that is loaded again would find the corpus held by its own last process.
        for window in [window for window in self._windows if window.ending]:
            await window.ended.wait()
        window = Window(websocket, self)
        self._windows.add(window)
        try:
            await window.start(to_int(request.query.get("width", ""), 80), to_int(request.query.get("height", ""), 24))
            await self._process_messages(websocket, window)
        finally:
            await window.stop()
            self._windows.discard(window)
        return websocket
