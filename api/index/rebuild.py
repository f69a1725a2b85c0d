"""``huxin index rebuild``: drop the index and replay it from the chain."""

from api.index.indexer import Indexer, Progress
from api.index.ports import BlockSource
from api.store.origin import Origin
from api.store.store import Store


def rebuild(store: Store, chain: BlockSource, origin: Origin, progress: Progress, *, resume: bool = False) -> int:
    """Replay everything; the number of blocks. ``progress(block, last)`` after each one.

    ``resume``: go on where a rebuild was interrupted; each block was one transaction, so there is no half of one.

    The outbox, documents, sessions and license records stay: no chain can give them back. No other
    process may index meanwhile (the relay's lease sees to that in the command).
    """
    indexer = Indexer(store.db, chain, origin)
    if not resume:
        indexer.restart()
    done = 0
    while read := indexer.follow(progress=progress):
        done += read
    return done
