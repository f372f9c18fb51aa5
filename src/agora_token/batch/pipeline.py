"""Work on a stream of items in several threads, in order and within bounds."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_POLL_SECONDS = 0.1


def in_order(
    function: Callable[[_Item], _Result], items: Generator[_Item, None, None], threads: int
) -> Generator[_Result, None, None]:
    """``function`` of each item, in the order of the items.

    The items are drawn in a thread of their own, the function runs in ``threads`` more; neither
    gets further ahead of the caller than a few items, so memory is bounded.  Errors come up where
    their item's result would.  Closing the iterator ends the threads without waiting for an item.
    """
    waiting: queue.Queue[Future[_Result] | None] = queue.Queue(maxsize=threads + 1)
    stopped = threading.Event()
    pool = ThreadPoolExecutor(threads, "agora-token-issue")

    def put(future: Future[_Result] | None) -> None:
        while not stopped.is_set():
            try:
                waiting.put(future, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return

    def draw() -> None:
        try:
            with closing(items):
                for item in items:
                    put(pool.submit(function, item))
                    if stopped.is_set():
                        return
            put(None)
        except BaseException as error:
            failed: Future[_Result] = Future()
            failed.set_exception(error)
            put(failed)

    reader = threading.Thread(target=draw, name="agora-token-read", daemon=True)
    reader.start()
    try:
        while (future := waiting.get()) is not None:
            yield future.result()
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)
