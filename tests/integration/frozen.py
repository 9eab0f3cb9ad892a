"""Imported last by the server that processes are forked from: none of them goes through its memory again."""

import gc

gc.collect()
gc.freeze()
