"""The only place that imports TensorFlow: it costs seconds, so only who trains or predicts does."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@cache
def tensorflow() -> Any:
    """Import TensorFlow, once, quiet and deterministic: same seed, same machine, same result."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _quiet():
        import tensorflow

    tensorflow.config.experimental.enable_op_determinism()
    return tensorflow


@cache
def keras() -> Any:
    """Return Keras on the TensorFlow backend."""
    tensorflow()
    import keras

    return keras


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what native code writes to the error stream; shown if the import fails.

    TensorFlow greets on it before its own log level is read.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
