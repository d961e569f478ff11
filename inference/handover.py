"""How the pieces of a reply get from the thread that computes them to the event loop that waits for them."""

import asyncio
import threading
from collections.abc import AsyncGenerator

from inference.engine import Piece
from inference.errors import InferenceError


class Handover:
    """Made in the event loop, for one reply. `abandoned` is set when nobody waits any more."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[Piece | InferenceError] = asyncio.Queue()
        self.abandoned = threading.Event()

    def deliver(self, piece: Piece | InferenceError) -> None:
        """From any thread. A loop that is closed waits for nothing any more."""
        try:
            self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)
        except RuntimeError:
            self.abandoned.set()

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """Until the one with a reason to stop. Raises: the InferenceError that was delivered."""
        try:
            while True:
                piece = await self._pieces.get()
                if isinstance(piece, InferenceError):
                    raise piece
                yield piece
                if piece.stop_reason is not None:
                    return
        finally:
            self.abandoned.set()
